"""A producer that says one line after another, each until it is answered."""

from __future__ import annotations

import time

import requests

from tests.live.server import Caller, LiveServer, line

# A silence of a second, an election, a promotion; and half a minute in which sentinels do
# nothing when they see by their clock that they stood still (TILT).
GOES_ON_S = 60.0


class Said:
    """Segments said until each is answered, and how long the longest took."""

    def __init__(self, server: LiveServer, call_id: str) -> None:
        self._caller = Caller(server.url, server.token("producer-1", "producer"))
        self.call_id = call_id
        self.answered: dict[str, int] = {}
        self.longest_s = 0.0

    def say(self, count: int) -> int:
        for _ in range(count):
            self._say_next()
        return count

    def _say_next(self) -> None:
        began = time.monotonic()
        segment = line(f"s{len(self.answered)}", "hello", speaker="agent")
        while segment["segment_id"] not in self.answered:
            assert time.monotonic() - began < GOES_ON_S, "the node does not go on"
            try:
                [result] = self._caller.say(self.call_id, segment)
            except (AssertionError, requests.RequestException):
                time.sleep(0.05)
            else:
                self.answered[result["segment_id"]] = result["seq"]
        self.longest_s = max(self.longest_s, time.monotonic() - began)

    def close(self) -> None:
        self._caller.close()

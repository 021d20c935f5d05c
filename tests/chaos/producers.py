"""Producers: each speaks in one call over HTTP and asks again until it is answered.

Owns the record of what was answered, and when. The same ids are sent again whatever happened,
so what a producer was told is in the log must be there once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import requests

ANSWER_S = 8.0  # over the server's own patience
AGAIN_S = 0.1


@dataclass
class Spoken:
    """One call's record. `answered`: segment_id -> seq; `at`: seq -> when it was answered."""

    call_id: str
    answered: dict[str, int] = field(default_factory=dict)
    at: dict[int, float] = field(default_factory=dict)
    again: int = 0


class Producer:
    """`urls`: the ways in; the next is tried when one fails."""

    def __init__(
        self, spoken: Spoken, urls: Sequence[str], first: int, token: str, pause_s: float
    ) -> None:
        self.spoken = spoken
        self._urls, self._turn, self._pause_s = urls, first, pause_s
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """After what it says now is answered."""
        self._stop.set()

    def join(self, bound_s: float) -> bool:
        self._thread.join(bound_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            self._say(number)
            self._stop.wait(self._pause_s)
        self._session.close()

    def _say(self, number: int) -> None:
        call_id = self.spoken.call_id
        segment = {
            "segment_id": f"s{number}",
            "speaker": ("agent", "customer")[number % 5 == 0],
            "text": f"sentence {number} of {call_id}",
        }
        given_up_at = time.monotonic() + 60
        while time.monotonic() < given_up_at:
            url = self._urls[self._turn % len(self._urls)]
            try:
                response = self._session.post(
                    f"{url}/v1/calls/{call_id}/segments",
                    json={"segments": [segment]},
                    timeout=ANSWER_S,
                )
                if response.status_code == 200:
                    seq = response.json()["results"][0]["seq"]
                    self.spoken.answered[segment["segment_id"]] = seq
                    self.spoken.at[seq] = time.monotonic()
                    return
            except (requests.RequestException, ValueError):
                pass
            self.spoken.again += 1
            self._turn += 1
            time.sleep(AGAIN_S)

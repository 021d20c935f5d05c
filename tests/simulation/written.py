"""What was ever in a call's log, kept by somebody who forgets nothing.

Owns the truth that browsers and receipts are judged by, one list per call and epoch, and
judges every append when it happens: its number, its key and who wrote it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, NamedTuple

import msgspec

from engine.log import Append, CallKey

_decode = msgspec.json.Decoder().decode


class Broken(AssertionError):
    """An invariant does not hold."""


class Event(NamedTuple):
    seq: int
    name: str
    fields: Any
    body: bytes
    key: str


class Written:
    """One call's log in one epoch; `events[i]` has seq `first + i`."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.events: list[Event] = []
        self.times: list[float] = []  # of each event, virtual
        self.keys: dict[str, int] = {}
        self.ids: set[tuple[str, ...]] = set()
        self.finals: list[int] = []
        self.suggestions: list[int] = []

    @property
    def top(self) -> int:
        return self.first + len(self.events) - 1

    def at(self, seq: int) -> Event | None:
        place = seq - self.first
        return self.events[place] if 0 <= place < len(self.events) else None

    def top_at(self, time: float) -> int:
        """Where the log ended at `time`."""
        return self.first + bisect_right(self.times, time) - 1

    def finals_until(self, seq: int, limit: int = 200) -> list[Event]:
        end = bisect_right(self.finals, seq)
        return [self._event(one) for one in self.finals[max(0, end - limit) : end]]

    def suggestion_at(self, seq: int) -> Event | None:
        end = bisect_right(self.suggestions, seq)
        return self._event(self.suggestions[end - 1]) if end else None

    def _event(self, seq: int) -> Event:
        return self.events[seq - self.first]

    def add(self, time: float, epoch: str, seq: int, name: str, body: bytes, key: str) -> None:
        fields = _decode(body)
        if seq != self.top + 1:
            raise Broken(f"seq {seq} was appended behind {self.top}")
        if (fields["epoch"], fields["seq"]) != (epoch, seq):
            raise Broken(f"the event at {seq} calls itself {fields['seq']} of {fields['epoch']}")
        identity = identity_of(name, fields)
        if identity is not None and identity in self.ids:
            raise Broken(f"{' '.join(identity)} took effect twice, again at {seq}")
        if identity is not None:
            self.ids.add(identity)
        self.events.append(Event(seq, name, fields, body, key))
        self.times.append(time)
        self.keys[key] = seq
        if name == "transcription:update":
            self.finals.append(seq)
        elif name == "ai:suggestion":
            self.suggestions.append(seq)


def identity_of(name: str, fields: Any) -> tuple[str, ...] | None:
    """What may be in a log once only, by what it says and not by its key."""
    if name == "transcription:update":
        return ("segment", fields["segment_id"])
    if name == "ai:suggestion":
        return ("suggestion because of", fields["because"])
    if name == "feedback:update" and "feedback_id" in fields:
        return ("verdict", fields["agent_id"], fields["feedback_id"])
    return None


class Fences:
    """Fences as the store gave them out, and as fenced events were written."""

    def __init__(self) -> None:
        self._granted: dict[tuple[CallKey, str], int] = {}
        self._highest: dict[CallKey, int] = {}
        self._written: dict[CallKey, int] = {}

    def granted(self, call: CallKey, node: str, fence: int) -> None:
        if fence < self._highest.get(call, 0):
            raise Broken(f"the fence of {call} fell to {fence}")
        self._highest[call] = fence
        self._granted[(call, node)] = fence

    def wrote(self, request: Append, node: str) -> None:
        """An accepted append. One of a leader carries the fence its node holds or held."""
        if request.entries[0].event != "ai:suggestion":
            return
        held = self._granted.get((request.call, node), 0)
        fence = held if request.fence is None else request.fence
        if fence < self._written.get(request.call, 0):
            raise Broken(f"{node} wrote a suggestion with fence {fence} after a higher one")
        if fence < self._highest.get(request.call, 0):
            raise Broken(f"{node} wrote a suggestion with fence {fence} and leads no more")
        self._written[request.call] = fence

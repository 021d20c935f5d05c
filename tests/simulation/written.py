"""What was ever in a call's log, kept by somebody who forgets nothing.

Owns the truth that browsers and receipts are judged by, one list per call and epoch, and
judges every append when it happens: its number, its key and who wrote it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, NamedTuple

import msgspec

from engine.log import Append, CallKey, StoredEvent
from engine.refill import state_of

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Broken(AssertionError):
    """An invariant does not hold."""


class Event(NamedTuple):
    seq: int
    name: str
    fields: Any
    body: bytes
    key: str


class Written:
    """One call's log in one epoch, with what survived of older ones; `events[i]` has seq
    `begins + i`, those from `first` on are of this epoch. `base`: what it begins from."""

    def __init__(self, epoch: str, first: int, begins: int = 1, base: bytes | None = None) -> None:
        self.epoch = epoch
        self.first = first
        self.begins = begins
        self.base = base
        self._before = state_of(base) if base is not None else None
        self.events: list[Event] = []
        self.times: list[float] = []  # of each event, virtual
        self.keys: dict[str, int] = {}
        self.ids: set[tuple[str, ...]] = set()
        self.finals: list[int] = []
        self.suggestions: list[int] = []

    @property
    def top(self) -> int:
        return self.begins + len(self.events) - 1

    def at(self, seq: int) -> Event | None:
        place = seq - self.begins
        return self.events[place] if 0 <= place < len(self.events) else None

    def top_at(self, time: float) -> int:
        """Where the log ended at `time`."""
        return self.begins + bisect_right(self.times, time) - 1

    def knows_from_before(self, key: str) -> bool:
        """It is part of what the log begins from: a segment, or something older that nobody
        can tell any more."""
        if self._before is None:
            return False
        return not key.startswith("segment:") or key.removeprefix("segment:") in self._before.finals

    def finals_until(self, seq: int, limit: int = 200) -> list[Event]:
        end = bisect_right(self.finals, seq)
        found = [self._event(one) for one in self.finals[:end]]
        if self._before is not None:
            found = [_shown(line) for line in self._before.segments] + found
        return found[-limit:]

    def suggestion_at(self, seq: int) -> Event | None:
        end = bisect_right(self.suggestions, seq)
        if end:
            return self._event(self.suggestions[end - 1])
        before = self._before.suggestion if self._before is not None else None
        return _shown(before) if before is not None else None

    def _event(self, seq: int) -> Event:
        return self.events[seq - self.begins]

    def survived(self, time: float, stored: StoredEvent) -> None:
        """It was in the log already when this epoch began."""
        self._take(time, stored.seq, stored.event, _decode(stored.body), stored.body, stored.key)

    def add(self, time: float, epoch: str, seq: int, name: str, body: bytes, key: str) -> None:
        fields = _decode(body)
        if (fields["epoch"], fields["seq"]) != (epoch, seq):
            raise Broken(f"the event at {seq} calls itself {fields['seq']} of {fields['epoch']}")
        self._take(time, seq, name, fields, body, key)

    def _take(self, time: float, seq: int, name: str, fields: Any, body: bytes, key: str) -> None:
        if seq != self.top + 1:
            raise Broken(f"seq {seq} was appended behind {self.top}")
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


def _shown(line: Any) -> Event:
    """What a log begins from, in the form of an event."""
    return Event(line.seq, "", _decode(_encode(line)), b"", "")


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
        if request.create and not request.refill:
            self._highest.pop(request.call, None)  # another log: fences of old are of its epoch
            self._written.pop(request.call, None)
        if request.entries[0].event != "ai:suggestion" or request.refill:
            return  # what is brought back was written under the fence of its time
        held = self._granted.get((request.call, node), 0)
        fence = held if request.fence is None else request.fence
        if fence < self._written.get(request.call, 0):
            raise Broken(f"{node} wrote a suggestion with fence {fence} after a higher one")
        if fence < self._highest.get(request.call, 0):
            raise Broken(f"{node} wrote a suggestion with fence {fence} and leads no more")
        self._written[request.call] = fence

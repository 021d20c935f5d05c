"""The reference log: what engine/log.py promises, in plain Python.

Owns the calls' logs in memory, for tests and for the simulation. Pure and deterministic:
no thread, no lock, no clock of its own. It never fails and never loses a hint; faults are
for whoever wraps it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from engine.log import (
    MOVED_LIMIT,
    PAGE_BYTES,
    Answer,
    Append,
    Appended,
    CallKey,
    Entry,
    Fenced,
    Full,
    Hint,
    Known,
    Lease,
    Missing,
    Moved,
    Page,
    Reopened,
    StoredEvent,
    Top,
    check,
)


class _Life:
    """One log from its creation to its end. Its first seq is 1, so top is a length."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.first = 1
        self.events: list[StoredEvent] = []
        self.keys: dict[str, tuple[int, str]] = {}  # key -> (seq, digest)
        self.fence = 0
        self.leader = ""
        self.lease_until_ms = 0
        self.ends_at_s: float | None = None

    @property
    def top(self) -> int:
        return len(self.events)

    def add(self, entry: Entry) -> None:
        seq = self.top + 1
        self.events.append(StoredEvent(seq, entry.event, entry.body, entry.key, entry.digest))
        self.keys[entry.key] = (seq, entry.digest)


class MemoryLog:
    """A CallLog. `clock` gives seconds: logs and leases end by it. `node` is the origin
    that its hints carry."""

    def __init__(
        self, clock: Callable[[], float], max_events: int = 50_000, node: str = "memory"
    ) -> None:
        self._clock = clock
        self._max_events = max_events
        self._node = node
        self._lives: dict[CallKey, _Life] = {}
        self._subscribers: list[Callable[[Hint], None]] = []

    def seen_from(self, node: str) -> MemoryLog:
        """The same logs, written to by another node: its hints carry its name."""
        other = copy.copy(self)
        other._node = node
        return other

    def subscribe(self, callback: Callable[[Hint], None]) -> None:
        """Be told of every append to any call, from within that append."""
        self._subscribers.append(callback)

    def append(self, requests: Sequence[Append]) -> list[Answer]:
        check(requests)
        return [self._append(request) for request in requests]

    def read(self, call: CallKey, after: int, limit: int) -> Page | None:
        life = self._life(call)
        if limit < 1:
            raise ValueError("limit must be 1 or more")
        if life is None:
            return None
        wanted = life.events[max(after, 0) :][:limit]
        return Page(life.epoch, life.first, life.top, tuple(_bounded(wanted)))

    def last(self, call: CallKey, limit: int) -> Page | None:
        life = self._life(call)
        if limit < 1:
            raise ValueError("limit must be 1 or more")
        if life is None:
            return None
        newest_first = _bounded(life.events[-limit:][::-1])
        return Page(life.epoch, life.first, life.top, tuple(newest_first[::-1]))

    def tops(self, calls: Sequence[CallKey]) -> list[Top | None]:
        lives = [self._life(call) for call in calls]
        return [None if life is None else Top(life.epoch, life.top) for life in lives]

    def lead(self, call: CallKey, node: str, ttl_ms: int) -> Lease | None:
        if ttl_ms < 1:
            raise ValueError("ttl_ms must be 1 or more")
        life = self._life(call)
        if life is None:
            return None
        now_ms = self._now_ms()
        running = life.leader != "" and life.lease_until_ms > now_ms
        if running and life.leader != node:
            return Lease(False, life.fence, life.lease_until_ms - now_ms)
        if not running:
            life.fence += 1
        life.leader = node
        life.lease_until_ms = now_ms + ttl_ms
        return Lease(True, life.fence, ttl_ms)

    def resign(self, call: CallKey, node: str) -> None:
        life = self._life(call)
        if life is not None and life.leader == node:
            life.leader = ""
            life.lease_until_ms = 0

    def delete(self, call: CallKey) -> bool:
        existed = self._life(call) is not None
        self._lives.pop(call, None)
        return existed

    def _append(self, request: Append) -> Answer:
        life = self._life(request.call)
        if life is None and not request.create:
            return Missing()
        exists = life is not None
        life = life if life is not None else _Life(request.epoch)
        refusal = self._refusal(life, request, exists)
        if refusal is not None:
            return refusal
        self._lives[request.call] = life
        for entry in request.entries:
            life.add(entry)
        if request.expire_s is not None:
            life.ends_at_s = self._clock() + request.expire_s
        self._publish(request)
        return Appended(request.expected_seq + len(request.entries))

    def _refusal(self, life: _Life, request: Append, exists: bool) -> Answer | None:
        """The judgement, in the order that the protocol promises."""
        if request.epoch != life.epoch:
            return Reopened(life.epoch, life.top)
        known = {
            entry.key: (life.keys[entry.key][0], life.keys[entry.key][1] == entry.digest)
            for entry in request.entries
            if entry.key in life.keys
        }
        if known:
            return Known(known)
        if exists and request.create:
            return Reopened(life.epoch, life.top)
        if request.fence is not None and request.fence < life.fence:
            return Fenced(life.fence)
        if request.expected_seq != life.top:
            behind = life.events[request.expected_seq :]
            return Moved(life.top, tuple(behind[:MOVED_LIMIT]))
        if life.top + len(request.entries) > self._max_events:
            return Full(life.top)
        return None

    def _publish(self, request: Append) -> None:
        events = tuple((entry.event, entry.body) for entry in request.entries)
        hint = Hint(request.call, request.epoch, request.expected_seq + 1, self._node, events)
        for callback in list(self._subscribers):
            callback(hint)

    def _life(self, call: CallKey) -> _Life | None:
        life = self._lives.get(call)
        if life is not None and life.ends_at_s is not None and self._clock() >= life.ends_at_s:
            del self._lives[call]
            return None
        return life

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _bounded(events: list[StoredEvent]) -> list[StoredEvent]:
    """As many from the beginning as PAGE_BYTES holds, and at least one."""
    room = PAGE_BYTES
    for place, event in enumerate(events):
        room -= len(event.body)
        if room < 0 and place > 0:
            return events[:place]
    return events

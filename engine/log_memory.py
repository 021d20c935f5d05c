"""The reference log: what engine/log.py promises, in plain Python.

Owns the calls' logs in memory, for tests and for the simulation. Pure and deterministic:
no thread, no lock, no clock of its own. It never fails and never loses a hint; faults are
for whoever wraps it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from engine.log import (
    FENCE_LEAP,
    MOVED_LIMIT,
    PAGE_BYTES,
    TOMBSTONE_S,
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
    Refilling,
    Reopened,
    StoredEvent,
    Top,
    check,
)


class _Life:
    """One log from its creation to its end, through its epochs. `begins` is the seq of its
    first event: 1, unless it was lost and made anew from `base`."""

    def __init__(self, epoch: str, run_id: str, begins: int = 1, base: bytes | None = None) -> None:
        self.epoch = epoch
        self.run_id = run_id
        self.first = self.begins = begins
        self.base = base
        self.events: list[StoredEvent] = []
        self.keys: dict[str, tuple[int, str]] = {}  # key -> (seq, digest)
        self.fence = 0
        self.leader = ""
        self.lease_until_ms = 0
        self.refill_until_ms = 0
        self.ends_at_s: float | None = None

    @property
    def top(self) -> int:
        return self.begins - 1 + len(self.events)

    def after(self, seq: int) -> list[StoredEvent]:
        return self.events[max(seq + 1 - self.begins, 0) :]

    def add(self, entry: Entry) -> StoredEvent:
        stored = StoredEvent(self.top + 1, entry.event, entry.body, entry.key, entry.digest)
        self.events.append(stored)
        self.keys[entry.key] = (stored.seq, entry.digest)
        return stored

    def reopen(self, run_id: str, now_s: float, refill_ms: int) -> None:
        """A new epoch: another run of the store may have lost the end of this log."""
        named = f"{int(now_s * 1_000_000):016x}{run_id[:8]}"
        self.epoch = named if named > self.epoch else self.epoch + "0"
        self.run_id = run_id
        self.first = self.top + 1
        self.fence += FENCE_LEAP
        self.leader = ""
        self.lease_until_ms = 0
        self.refill_until_ms = int(now_s * 1000) + refill_ms


class MemoryLog:
    """A CallLog. `clock` gives seconds: logs and leases end by it. `node` is the origin
    that its hints carry, `run_id` the run of the server that it believes to talk to."""

    def __init__(
        self,
        clock: Callable[[], float],
        max_events: int = 50_000,
        node: str = "memory",
        *,
        run_id: str = "run-1",
        refill_ms: int = 1000,
    ) -> None:
        self._clock = clock
        self._max_events = max_events
        self._node = node
        self._run_id = run_id
        self._refill_ms = refill_ms
        self._lives: dict[CallKey, _Life] = {}
        self._erased: dict[CallKey, float] = {}  # until when that is remembered, in seconds
        self._subscribers: list[Callable[[Hint], None]] = []

    def seen_from(self, node: str, run_id: str | None = None) -> MemoryLog:
        """The same logs, written to by another node: its hints carry its name. `run_id`: on
        a connection to this run of the server."""
        other = copy.copy(self)
        other._node = node
        other._run_id = self._run_id if run_id is None else run_id
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
        wanted = life.after(max(after, 0))[:limit]
        base = life.base if after <= 0 else None
        return Page(life.epoch, life.first, life.top, tuple(_bounded(wanted)), life.fence, base)

    def last(self, call: CallKey, limit: int) -> Page | None:
        life = self._life(call)
        if limit < 1:
            raise ValueError("limit must be 1 or more")
        if life is None:
            return None
        newest_first = _bounded(life.events[-limit:][::-1])
        return Page(life.epoch, life.first, life.top, tuple(newest_first[::-1]), life.fence)

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
        existed = self._lives.pop(call, None) is not None
        self._erased[call] = self._clock() + TOMBSTONE_S
        return existed

    def _append(self, request: Append) -> Answer:
        life = self._life(request.call)
        if life is None and not self._may_create(request):
            return Missing()
        exists = life is not None
        life = life if life is not None else self._begin(request)
        refusal = self._refusal(life, request, exists)
        if refusal is not None:
            return refusal
        self._lives[request.call] = life
        self._erased.pop(request.call, None)
        added = tuple([life.add(entry) for entry in request.entries])
        if request.expire_s is not None:
            life.ends_at_s = self._clock() + request.expire_s
        self._publish(Hint(request.call, request.epoch, added[0].seq, self._node, added))
        return Appended(life.top)

    def _may_create(self, request: Append) -> bool:
        """What was erased is not brought back; a new call of that name may begin."""
        erased = self._erased.get(request.call, 0.0) > self._clock()
        return request.create and not (request.refill and erased)

    def _begin(self, request: Append) -> _Life:
        if not request.refill:
            return _Life(request.epoch, self._run_id)
        life = _Life(request.epoch, self._run_id, request.expected_seq + 1, request.base)
        life.fence = max((request.fence or 0) + FENCE_LEAP, int(self._clock() * 1_000_000))
        life.refill_until_ms = self._now_ms() + self._refill_ms
        return life

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
        left_ms = life.refill_until_ms - self._now_ms()
        if exists and left_ms > 0 and not request.refill:
            return Refilling(left_ms)
        if exists and request.fence is not None and request.fence < life.fence:
            return Fenced(life.fence)
        if request.expected_seq != life.top:
            return Moved(life.top, tuple(life.after(request.expected_seq)[:MOVED_LIMIT]))
        if life.top + len(request.entries) > self._max_events:
            return Full(life.top)
        return None

    def _publish(self, hint: Hint) -> None:
        for callback in list(self._subscribers):
            callback(hint)

    def _life(self, call: CallKey) -> _Life | None:
        """The log as the run of the server that we talk to has it: see CallLog."""
        life = self._lives.get(call)
        if life is None:
            return None
        if life.ends_at_s is not None and self._clock() >= life.ends_at_s:
            del self._lives[call]
            return None
        if life.run_id != self._run_id:
            life.reopen(self._run_id, self._clock(), self._refill_ms)
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

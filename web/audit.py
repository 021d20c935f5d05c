"""Writes the audit: takes entries at once from anybody, and puts them on the store in batches.

Owns the queue between those who note, which never wait, and the store; refused sign-ins, which
anybody can cause at any rate, are counted and written as one entry a kind. What finds the queue
full is lost, counted and logged: the bound is some minutes of a store that is away.
"""

from __future__ import annotations

import json
import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Any

import gevent
import msgspec
import redis
from gevent.event import Event

from engine.audit import OPERATOR, AuditStore, Entry, Kind, Noted
from engine.config import Settings
from engine.identity import Identity
from engine.log import LogUnavailable
from engine.times import instant_at

log = logging.getLogger("earshot.audit")

WAITING = 10_000  # entries
AT_ONCE = 500
PAUSE_S = 0.1  # so that a burst is one write
AWAY_S = 1.0
REFUSED_EVERY_S = 10.0
REFUSED_KINDS = 256  # told apart within that time; the rest is one entry
READ_AGAIN_S = 60.0  # the same call read again by the same person within it is no new entry
READS_KNOWN = 4096
IDS_AN_ENTRY = 100
_SETTINGS = "earshot:settings"
_NOT_COMPARED = (
    *("jwt_secret", "store.url", "server.port", "server.host", "sign_in_secret"),
    *("embedding.key", "chat.key"),
)


class AuditTrail:
    """Implements actors.ports.Audit. `wall` gives seconds since 1970."""

    def __init__(
        self,
        store: AuditStore,
        node: str,
        wall: Callable[[], float],
        counts: Counter[str] | None = None,
    ) -> None:
        self._store, self._node, self._wall = store, node, wall
        self.counts = counts if counts is not None else Counter()
        self._waiting: deque[Noted] = deque()
        self._mail = Event()
        self._refused: Counter[tuple[str, str, str]] = Counter()
        self._reads: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._greenlets = [gevent.spawn(self._write), gevent.spawn(self._tell_refused)]

    def note(self, who: Identity, kind: Kind, **about: Any) -> None:
        """May be called in the hub. `doc_ids` of any length become several entries."""
        if kind == "call.read" and self._was_read(who, about["call_id"]):
            return
        ids: list[str] = about.pop("doc_ids", [])
        for at in range(0, len(ids) or 1, IDS_AN_ENTRY):
            some = ids[at : at + IDS_AN_ENTRY]
            self._put(who.tenant, kind, by=who.agent_id, role=who.role, doc_ids=some, **about)

    def refused(self, code: str, source: str) -> None:
        """A sign-in by a token that says nothing we may believe."""
        self.counts[f"sign_ins_refused:{code}"] += 1
        key = (OPERATOR, code, source)
        if key not in self._refused and len(self._refused) >= REFUSED_KINDS:
            key = (OPERATOR, code, "others")
        self._refused[key] += 1

    def compare_settings(self, settings: Settings, client: redis.Redis) -> None:
        """Which settings differ from those of the last start, by name. Without secrets."""
        now = {name: json.dumps(value) for name, value in _flat(settings)}
        try:
            raw: Any = client.hgetall(_SETTINGS)
            client.hset(_SETTINGS, mapping=now)  # type: ignore[arg-type] # keys are invariant
        except redis.RedisError as problem:
            log.warning("audit.settings_not_compared reason=%s", problem)
            return
        before = {name.decode(): value.decode() for name, value in raw.items()}
        changed = sorted(name for name, value in now.items() if before.get(name, value) != value)
        if changed:
            self._put(OPERATOR, "settings.changed", settings=changed)

    def close(self) -> None:
        """What waits is still written, if the store takes it."""
        gevent.killall(self._greenlets)
        self._flush_refused()
        try:
            while self._waiting:
                self._append()
        except LogUnavailable as problem:
            self.counts["audit_lost"] += len(self._waiting)
            log.warning("audit.lost count=%d reason=%s", len(self._waiting), problem.reason)

    def _put(self, tenant: str, kind: Kind, **about: Any) -> None:
        if len(self._waiting) >= WAITING:
            self.counts["audit_lost"] += 1
            return
        entry = Entry(instant_at(self._wall()), kind, node=self._node, **about)
        self._waiting.append(Noted(tenant, entry))
        self._mail.set()

    def _was_read(self, who: Identity, call_id: str) -> bool:
        key, now = (who.tenant, who.agent_id, call_id), self._wall()
        if now - self._reads.get(key, 0.0) < READ_AGAIN_S:
            return True
        self._reads[key] = now
        self._reads.move_to_end(key)
        if len(self._reads) > READS_KNOWN:
            self._reads.popitem(last=False)
        return False

    def _write(self) -> None:
        lost = 0
        while True:
            self._mail.wait()
            gevent.sleep(PAUSE_S)
            self._mail.clear()
            try:
                while self._waiting:
                    self._append()
            except LogUnavailable:
                self._mail.set()
                gevent.sleep(AWAY_S)
            if self.counts["audit_lost"] > lost:
                log.error("audit.lost count=%d", self.counts["audit_lost"] - lost)
                lost = self.counts["audit_lost"]

    def _append(self) -> None:
        """An uncertain write is repeated: an entry may then be there twice, never not at all."""
        some = [self._waiting[at] for at in range(min(AT_ONCE, len(self._waiting)))]
        self._store.append(some)
        for _ in some:
            self._waiting.popleft()

    def _tell_refused(self) -> None:
        while True:
            gevent.sleep(REFUSED_EVERY_S)
            self._flush_refused()

    def _flush_refused(self) -> None:
        refused, self._refused = self._refused, Counter()
        for (tenant, code, source), count in refused.items():
            self._put(tenant, "sign_in.refused", code=code, source=source, count=count)


def _flat(settings: Settings) -> list[tuple[str, Any]]:
    found = []
    for section, values in msgspec.to_builtins(settings).items():
        pairs = values.items() if isinstance(values, dict) else [("", values)]
        found += [(f"{section}.{key}".rstrip("."), value) for key, value in pairs]
    return [(name, value) for name, value in found if name not in _NOT_COMPARED]

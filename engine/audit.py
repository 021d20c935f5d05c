"""The audit: who watched which call, and who changed what. Append-only, one trail a tenant.

Owns the entries' shape and their keeping: nothing here changes or removes one, except time and
the bound. An entry names people, calls and documents by id and never holds what was said. What
concerns the whole installation (its settings, tokens of nobody) is in the trail of OPERATOR.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec
import redis
from msgspec import Struct

from engine.redis_pipe import Command, RedisPipe

OPERATOR = "default"  # the tenant that those who run the installation belong to
TRIM_EVERY_S = 60.0  # by age; by count it is trimmed with every entry
PAGE_LIMIT = 1_000

Kind = Literal[
    "watch.began",
    "watch.ended",
    "call.read",
    "wall.began",
    "wall.ended",
    "call.erased",
    "agent.revoked",
    "documents.put",
    "document.deleted",
    "settings.changed",
    "sign_in.accepted",
    "sign_in.refused",
    "sign_out",
]

_encode = msgspec.json.Encoder().encode


class Entry(Struct, omit_defaults=True, frozen=True):
    """`by` did it, in `role`; the rest says what it was done to. `count`: refused sign-ins of
    one kind are one entry."""

    at: str
    kind: Kind
    by: str = ""
    role: str = ""
    call_id: str = ""
    agent_id: str = ""
    doc_ids: list[str] = []
    settings: list[str] = []
    code: str = ""
    source: str = ""
    count: int = 1
    node: str = ""


class Kept(Entry, omit_defaults=True, frozen=True, kw_only=True):
    """An entry with its place in the trail: `after` of the next page."""

    id: str


_decode = msgspec.json.Decoder(Entry).decode


class Noted(NamedTuple):
    tenant: str
    entry: Entry


class AuditStore:
    """On the store: `max_entries` of a tenant, and none older than `retention_s`. Everything
    raises LogUnavailable."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        max_entries: int,
        retention_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pipe = RedisPipe(client, ())
        self._max, self._retention_s, self._clock = max_entries, retention_s, clock
        self._trimmed_at: dict[str, float] = {}

    def append(self, noted: Sequence[Noted]) -> None:
        """In that order, in one round trip."""
        commands: list[Command] = []
        now = self._clock()
        for tenant, entry in noted:
            body = ("MAXLEN", "~", self._max, "*", "e", _encode(entry))
            commands.append(("XADD", _key(tenant), *body))
        for tenant in {one.tenant for one in noted}:
            if now - self._trimmed_at.get(tenant, 0.0) >= TRIM_EVERY_S:
                self._trimmed_at[tenant] = now
                oldest = int((now - self._retention_s) * 1000)
                commands.append(("XTRIM", _key(tenant), "MINID", "~", max(0, oldest)))
        self._pipe.run(commands, changes=True)

    def read(self, tenant: str, after: str, limit: int) -> list[Kept]:
        """Oldest first, from behind the entry with the id `after` ('' from the beginning)."""
        start = f"({after}" if after else "-"
        command: Command = ("XRANGE", _key(tenant), start, "+", "COUNT", limit)
        [found] = self._pipe.run([command], changes=False)
        return [_kept(place.decode(), fields[1]) for place, fields in found]


def _kept(place: str, raw: bytes) -> Kept:
    entry = _decode(raw)
    return Kept(id=place, **{name: getattr(entry, name) for name in entry.__struct_fields__})


def _key(tenant: str) -> str:
    return f"earshot:audit:{{{tenant}}}"

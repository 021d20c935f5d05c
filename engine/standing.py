"""An agent's standing: one small versioned value that changes whenever their rights do.

Owns the value (a version that only rises, and since when tokens of before are void) and the
channel it is announced on. A call given, a call taken and a revocation each make the next
version, so whoever knows a version can see that it missed something, whatever became of the
announcement. Which calls they are is in engine/call_index.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import redis
from msgspec import Struct

from engine.identity import Identity
from engine.redis_pipe import RedisPipe, Script, pack

CHANNEL = "earshot:agents"
_SCRIPT = Script("standing.lua")

_encode = msgspec.json.Encoder().encode


class Standing(NamedTuple):
    """`revoked_at`, in seconds since 1970: tokens issued until then are void. 0: never."""

    version: int = 0
    revoked_at: float = 0.0

    def admits(self, identity: Identity) -> bool:
        """A token that does not say when it was issued is void after any revocation."""
        if not self.revoked_at:
            return True
        return identity.issued_at is not None and identity.issued_at > self.revoked_at


class Change(Struct, frozen=True):
    """What an announcement tells. Without a call: the agent was revoked."""

    tenant: str
    agent_id: str
    call_id: str = ""
    assigned: bool = False


_decode_change = msgspec.json.Decoder(Change).decode


def parse_announcement(raw: bytes) -> tuple[Standing, Change] | None:
    """None for anything that we did not send."""
    try:
        version, revoked_at, change = raw.split(b" ", 2)
        return Standing(int(version), float(revoked_at)), _decode_change(change)
    except (ValueError, msgspec.MsgspecError):
        return None


def standing_of(raw: bytes | None) -> Standing:
    """What the store holds of one agent, as a value; nothing is a standing too."""
    if raw is None:
        return Standing()
    try:
        version, revoked_at = raw.split(b" ")
        return Standing(int(version), float(revoked_at))
    except ValueError:
        return Standing()


def read_command(tenant: str, agent_ids: Sequence[str]) -> bytes:
    """Answered with a list to be read by `standing_of`, in that order."""
    return pack(("HMGET", _key(tenant), *agent_ids))


class Standings:
    """On the store. Everything raises LogUnavailable and may be repeated."""

    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.time) -> None:
        self._pipe = RedisPipe(client, (_SCRIPT,))
        self._clock = clock

    def of(self, tenant: str, agent_ids: Sequence[str]) -> list[Standing]:
        [raw] = self._pipe.run([read_command(tenant, agent_ids)], changes=False)
        return [standing_of(one) for one in raw]

    def assigned(self, tenant: str, agent_id: str, call_id: str, assigned: bool) -> Standing:
        """After the lists were changed: who sees the version reads them."""
        return self._change(Change(tenant, agent_id, call_id, assigned), "")

    def revoke(self, tenant: str, agent_id: str, at: float | None = None) -> Standing:
        """`at` None: now. An earlier revocation than the one known changes nothing."""
        return self._change(Change(tenant, agent_id), f"{at or self._clock():.3f}")

    def _change(self, change: Change, revoked_at: str) -> Standing:
        arguments: Any = (change.agent_id, revoked_at, CHANNEL, _encode(change))
        command = _SCRIPT.command([_key(change.tenant)], *arguments)
        [raw] = self._pipe.run([command], changes=True)
        return standing_of(raw)


def _key(tenant: str) -> str:
    return f"earshot:agents:{{{tenant}}}"

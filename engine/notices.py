"""What nodes tell one another in passing: a browser tab is here now, calls are free to lead.

Owns the two channels and the forms of what is said on them. A notice may be lost: then the
tab's older connection lives until its transport ends, and a call's lease is asked for when its
turn comes. Nothing that must hold is told this way.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from engine.log import CallKey
from engine.redis_pipe import pack

TABS = "earshot:tabs"
LEASES = "earshot:leases"


class Tab(Struct, frozen=True):
    """A connection of this client_id has authenticated somewhere."""

    tenant: str
    agent_id: str
    client_id: str
    connection_id: str


class _Free(Struct, frozen=True):
    calls: list[tuple[str, str]]


_decode_tab = msgspec.json.Decoder(Tab).decode
_decode_free = msgspec.json.Decoder(_Free).decode


def tab_command(tab: Tab) -> bytes:
    return pack(("PUBLISH", TABS, msgspec.json.encode(tab)))


def parse_tab(raw: bytes) -> Tab | None:
    try:
        return _decode_tab(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def free_command(calls: Iterable[CallKey]) -> bytes:
    """Their leader has given its leases back."""
    free = _Free([(call.tenant, call.call_id) for call in calls])
    return pack(("PUBLISH", LEASES, msgspec.json.encode(free)))


def parse_free(raw: bytes) -> list[CallKey]:
    """[] for what is none."""
    try:
        return [CallKey(*call) for call in _decode_free(raw).calls]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []

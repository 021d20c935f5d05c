"""What nodes tell one another in passing: a browser tab is here now, calls are free to lead, a
call was erased.

Owns the channels and the forms of what is said on them. A notice may be lost: then the tab's
older connection lives until its transport ends, a call's lease is asked for when its turn
comes, and an erased log is missed at the next look. Nothing that must hold is told this way.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from engine.log import CallKey
from engine.redis_pipe import pack

TABS = "earshot:tabs"
LEASES = "earshot:leases"
ERASED = "earshot:erased"


class Tab(Struct, frozen=True):
    """A connection of this client_id has authenticated somewhere."""

    tenant: str
    agent_id: str
    client_id: str
    connection_id: str


class _Calls(Struct, frozen=True):
    calls: list[tuple[str, str]]


_decode_tab = msgspec.json.Decoder(Tab).decode
_decode_calls = msgspec.json.Decoder(_Calls).decode


def tab_command(tab: Tab) -> bytes:
    return pack(("PUBLISH", TABS, msgspec.json.encode(tab)))


def parse_tab(raw: bytes) -> Tab | None:
    try:
        return _decode_tab(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def free_command(calls: Iterable[CallKey]) -> bytes:
    """Their leader has given its leases back."""
    return _naming(LEASES, calls)


def erased_command(call: CallKey) -> bytes:
    """Its log is gone, and nobody may show what they hold of it."""
    return _naming(ERASED, (call,))


def _naming(channel: str, calls: Iterable[CallKey]) -> bytes:
    named = _Calls([(call.tenant, call.call_id) for call in calls])
    return pack(("PUBLISH", channel, msgspec.json.encode(named)))


def parse_calls(raw: bytes) -> list[CallKey]:
    """Which calls a notice names; [] for what is none."""
    try:
        return [CallKey(*call) for call in _decode_calls(raw).calls]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []

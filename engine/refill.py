"""What of an older epoch is appended again when a store came back shorter, and as what.

Owns the choice and the new form of events that a node still holds; pure. It appends nothing
and knows neither rings nor answers: actors/refilling.py does.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import msgspec

from engine.call import Call, CallState
from engine.log import Entry, StoredEvent

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(CallState).decode


def again(held: StoredEvent, epoch: str, seq: int) -> Entry:
    """The same fact under its new number. Every field stays, also one that we do not know."""
    fields = _fields(held)
    body = _encode(fields | {"epoch": epoch, "seq": seq}) if fields else held.body
    return Entry(held.key, held.digest, held.event, body)


def superseded(held: Sequence[StoredEvent], logged: Sequence[StoredEvent]) -> set[str]:
    """Keys of what must not be appended any more: a state (a status, the suggestion shown, a
    verdict) that something newer has replaced already. `held` is in its old order; `logged`
    is what the new epoch holds by now."""
    places = {one.key: place for place, one in enumerate(held)}
    newest: dict[Hashable, int] = {}  # subject -> behind which of those held it was replaced
    for one in logged:
        subject = _subject(one)
        if subject is not None:
            place = places.get(one.key, len(held))
            newest[subject] = max(newest.get(subject, -1), place)
    return {
        one.key for place, one in enumerate(held) if newest.get(_subject(one) or (), -1) > place
    }


def base_of(call: Call, first: int) -> bytes:
    """What a log that begins with seq `first` begins from: the fold without the segments
    that follow. Whatever else they change, folding them again changes to the same."""
    state = call.state()
    state.seq = first - 1
    state.finals = {name: final for name, final in state.finals.items() if final[0] < first}
    state.segments = [
        line for line in state.segments if isinstance(line.seq, int) and line.seq < first
    ]
    return _encode(state)


def state_of(base: bytes) -> CallState:
    return _decode_state(base)


def _subject(event: StoredEvent) -> Hashable:
    """What it is the state of; None: a fact that replaces nothing."""
    if event.event in ("call:status", "ai:suggestion", "call:summary"):
        return event.event
    if event.event == "feedback:update":
        fields = _fields(event)
        if not fields.get("dismissed"):
            return (event.event, str(fields.get("agent_id")), str(fields.get("doc_id")))
    return None


def _fields(event: StoredEvent) -> dict[str, Any]:
    """Empty for what is no JSON object."""
    try:
        fields = _decode(event.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    return fields if isinstance(fields, dict) else {}

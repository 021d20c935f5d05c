"""Commands of a client that a call answers: from the wire's Struct to a message.

Owns which role may send which command and to which call it goes. Keeps nothing; the
AgentActor holds who waits for which answer.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from actors import messages as m
from engine import wire
from engine.allowances import Kind
from engine.errors import Forbidden
from engine.identity import PRODUCERS, Identity
from engine.log import CallKey

Build = tuple[CallKey, Any]

PRODUCING = ", ".join(PRODUCERS)


def new_id(random: Random, prefix: str) -> str:
    return f"{prefix}-{random.getrandbits(96):024x}"


def spending(body: Any) -> tuple[Kind, int]:
    """Which allowance a command is taken from, and how much of it."""
    if isinstance(body, wire.SegmentAppend):
        return "segments", len(body.segments)
    return ("verdicts" if isinstance(body, (wire.DocFeedback, wire.DocSeen)) else "commands"), 1


def to_call(
    body: Any, identity: Identity, reply_to: m.Ref, token: int, random: Random
) -> Build | None:
    """The CallActor's message for a command, and which call it is for. None: the command is
    not for a call. Raises Forbidden."""
    arm = _ARMS.get(type(body))
    return None if arm is None else arm(body, identity, reply_to, token, random)


def _history(
    body: wire.CallHistory, who: Identity, reply_to: m.Ref, token: int, random: Random
) -> Build:
    return CallKey(who.tenant, body.call_id), m.ReadHistory(who, body, reply_to, token)


def _verdict(
    body: wire.DocFeedback, who: Identity, reply_to: m.Ref, token: int, random: Random
) -> Build:
    if who.role != "agent":
        raise Forbidden(f"The role {who.role} may not give verdicts; roles that may: agent")
    feedback_id = body.feedback_id or new_id(random, "feedback")
    return CallKey(who.tenant, body.call_id), m.GiveVerdict(who, body, feedback_id, reply_to, token)


def _seen(body: wire.DocSeen, who: Identity, reply_to: m.Ref, token: int, random: Random) -> Build:
    places: dict[str, int] = {}  # of each document's first dismissal
    for place, item in enumerate(body.items):
        if item.action == "dismissed":
            places.setdefault(item.doc_id, place)
    dismissed = tuple((place, doc_id) for doc_id, place in places.items())
    if dismissed and who.role != "agent":
        raise Forbidden(f"The role {who.role} may not dismiss documents; roles that may: agent")
    return CallKey(who.tenant, body.call_id), m.Dismiss(who, dismissed, reply_to, token)


def _append(
    body: wire.SegmentAppend, who: Identity, reply_to: m.Ref, token: int, random: Random
) -> Build:
    who.require(who.may_produce, "append segments", PRODUCING)
    return CallKey(who.tenant, body.call_id), m.AppendSegments(body.segments, reply_to, token)


def _create(
    body: wire.CallCreate, who: Identity, reply_to: m.Ref, token: int, random: Random
) -> Build:
    who.require(who.may_produce, "create calls", PRODUCING)
    call_id = body.call_id or new_id(random, "call")
    return CallKey(who.tenant, call_id), m.Create(body, reply_to, token)


def _update(
    body: wire.CallUpdate, who: Identity, reply_to: m.Ref, token: int, random: Random
) -> Build:
    who.require(who.may_produce, "change calls", PRODUCING)
    patch = wire.CallPatch(status=body.status, reason=body.reason, agent_ids=body.agent_ids)
    request_id = new_id(random, "request")
    return CallKey(who.tenant, body.call_id), m.Change(patch, request_id, reply_to, token)


_ARMS: dict[type[Any], Callable[..., Build]] = {
    wire.CallHistory: _history,
    wire.DocFeedback: _verdict,
    wire.DocSeen: _seen,
    wire.SegmentAppend: _append,
    wire.CallCreate: _create,
    wire.CallUpdate: _update,
}

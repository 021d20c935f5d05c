"""What follows on this node from an event, once it is folded and told.

Owns which part of a CallActor hears of what. It decides nothing and appends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.call import CallActor
    from engine.call import Call
    from engine.log import StoredEvent


def of_event(
    actor: CallActor, call: Call, stored: StoredEvent, *, own: bool, before: Sequence[str]
) -> None:
    """Of an event of the log, which `call` has taken in. `own`: we appended it; `before`: whose
    call it was."""
    if stored.event == "transcription:update":
        actor.interims.forget(call.segments[-1].segment_id)
        actor.health.heard()
        actor.leader.on_final(call.segments[-1])
    elif stored.event == "call:status":
        _of_status(actor, call, own=own, before=before)
    elif stored.event == "feedback:update" and own:
        actor.context.store.verdict(actor.key, stored.body)


def _of_status(actor: CallActor, call: Call, *, own: bool, before: Sequence[str]) -> None:
    if own:
        assigned = [agent for agent in call.agent_ids if agent not in before]
        unassigned = [agent for agent in before if agent not in call.agent_ids]
        actor.index(assigned, unassigned)
    actor.audience.expel(call.agent_ids)
    actor.leader.on_status()
    actor.health.look()


def of_foreign_state(actor: CallActor, origin: str, event: str, body: bytes) -> None:
    """Of what another node says of the call that is not in the log."""
    if event == "call:health":
        if origin != actor.context.node and actor.call is not None:
            actor.health.on_foreign(body)
    elif event == "call:watchers":
        if origin != actor.context.node:
            actor.watchers.on_foreign(origin, body)
    else:
        actor.interims.on_foreign(origin, body)

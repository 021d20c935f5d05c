"""A command on its way into the log, and what it becomes by the rules of engine/decide.py.

Owns the pairing of commands with rules. It appends nothing and answers nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine import decide
from engine.errors import UnknownCall

if TYPE_CHECKING:
    from actors.call import CallActor
    from engine.call import Call

# What only the node that leads the call may write.
FENCED = (m.Proposed, m.LineWritten, m.SummedUp)
# What others in the same append would depend on, or what is fenced.
_ALONE = frozenset((m.Create, m.Change, *FENCED))


class Work:
    """A command on its way into the log."""

    __slots__ = (
        *("alone", "answered", "command", "deadline"),
        *("drafts", "known", "ours", "plans", "sure", "tries"),
    )

    def __init__(self, command: Any, deadline: float) -> None:
        self.command = command
        self.alone = type(command) in _ALONE
        self.deadline = deadline
        self.drafts: list[decide.Draft] = []
        self.plans: list[decide.SegmentPlan] = []
        self.known: dict[str, int] = {}  # key -> seq of what turned out to be in the log
        self.ours = False  # known because an append of ours had taken effect unseen
        self.sure = False  # the log was read before this was refused
        self.tries = 0
        self.answered = False

    def keys(self) -> set[str]:
        """What works of one append may not share. Interim text is judged by what earlier
        works do to its segment, so its key stands here too."""
        keys = {draft.key for draft in self.drafts}
        return keys.union(f"segment:{plan.segment.segment_id}" for plan in self.plans)


def _create(actor: CallActor, work: Work) -> list[decide.Draft]:
    now = actor.context.clock.wall()
    return [] if actor.call else [decide.create(actor.key.call_id, work.command.body, now)]


def _change(actor: CallActor, work: Work) -> list[decide.Draft]:
    command, now = work.command, actor.context.clock.wall()
    change = decide.change(_call(actor), command.patch, command.request_id, now)
    return [change] if change else []


def _segments(actor: CallActor, work: Work) -> list[decide.Draft]:
    now, grace = actor.context.clock.wall(), actor.context.settings.call.late_grace_s
    latest = actor.interims.by_segment
    redactor, batch = actor.context.redactor, work.command.segments
    work.plans = decide.segments(_call(actor), batch, latest, now, grace, redactor)
    return [plan.draft for plan in work.plans if plan.draft]


def _verdict(actor: CallActor, work: Work) -> list[decide.Draft]:
    command, call = work.command, _call(actor)
    actor.require_watcher(command.identity)
    agent_id = command.identity.agent_id
    return [decide.verdict(call, agent_id, command.command, command.feedback_id)]


def _dismissals(actor: CallActor, work: Work) -> list[decide.Draft]:
    command, call = work.command, _call(actor)
    actor.require_watcher(command.identity)
    agent_id = command.identity.agent_id
    return [
        decide.dismissal(call, agent_id, doc_id, place)
        for place, doc_id in command.doc_ids
        if doc_id not in call.dismissed
    ]


def _of_the_leader(actor: CallActor, work: Work) -> list[decide.Draft]:
    _call(actor)
    draft = actor.leader.draft(work.command)
    return [draft] if draft else []


def _call(actor: CallActor) -> Call:
    if actor.call is None:
        raise UnknownCall("No such call", field="call_id")
    return actor.call


_RULES: dict[type[Any], Callable[[CallActor, Work], list[decide.Draft]]] = {
    m.Create: _create,
    m.Change: _change,
    m.AppendSegments: _segments,
    m.GiveVerdict: _verdict,
    m.Dismiss: _dismissals,
    **dict.fromkeys(FENCED, _of_the_leader),
}


def drafts_of(actor: CallActor, work: Work) -> list[decide.Draft]:
    """On the fold as it is, `work.plans` with it; the same each time the fold is the same.
    Raises the refusal."""
    return _RULES[type(work.command)](actor, work)

"""Who has been promised an answer to a command, and the one answer each gets.

Owns the commands that are not answered yet, the bound on them and what an answer brings with
it: interim text is published, redactions are counted, the leader hears of what it wrote. When
a command is finished or refused is the Writer's to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import messages as m
from actors.receipts import hidden_by, receipt_of
from actors.work import FENCED, Work
from engine.errors import Busy, Conflict, EngineError, Final

if TYPE_CHECKING:
    from actors.call import CallActor
    from engine.decide import Draft


class Answers:
    """One per Writer. `bound`: commands that may wait; then `busy`."""

    def __init__(self, actor: CallActor, bound: int) -> None:
        self._actor = actor
        self._bound = bound
        self._open: dict[Work, None] = {}  # not answered yet, oldest first

    def __len__(self) -> int:
        return len(self._open)

    def promise(self, work: Work) -> bool:
        """False: too many wait, also in flight, from where they may come back; it was refused."""
        full = len(self._open) > self._bound
        self._open[work] = None
        if full:
            self.refuse(work, Busy("Too many commands wait for this call", retry_after_ms=500))
        return not full

    def finish(self, work: Work, seqs: dict[str, int]) -> None:
        """Publish interim text, then answer. `seqs`: what this append brought."""
        call = self._actor.call
        if work.ours and call is not None and isinstance(work.command, (m.Create, m.Change)):
            self._actor.index(call.agent_ids)  # it took effect unseen: nobody has been told
        if not self._keep_promise(work):
            return
        for plan in work.plans:
            if plan.outcome == "published":
                self._actor.interims.publish(plan.update)
        for kind, count in hidden_by(work, seqs).items():
            self._actor.context.counts[f"redacted:{kind}"] += count
        if isinstance(work.command, FENCED):
            self._actor.leader.settled(work.command, appended=bool(seqs))
        else:
            value = receipt_of(self._actor, work, seqs)
            self._reply(work.command, m.Answered(work.command.token, value))

    def refuse(self, work: Work, error: EngineError) -> None:
        if not self._keep_promise(work):
            return
        self._actor.context.counts[f"commands_refused:{error.code}"] += 1
        if isinstance(work.command, FENCED):
            self._actor.leader.settled(work.command, appended=False, failed=True)
        else:
            self._reply(work.command, m.Answered(work.command.token, error=error))

    def refuse_one(self, command: Any, error: EngineError) -> None:
        """The work of this command, wherever it stands; nothing if it was answered."""
        for work in tuple(self._open):
            if work.command is command:
                self.refuse(work, error)

    def refuse_all(self, error: EngineError) -> None:
        for work in tuple(self._open):
            self.refuse(work, error)

    def _keep_promise(self, work: Work) -> bool:
        """False: it was answered before."""
        if work.answered:
            return False
        work.answered = True
        del self._open[work]
        return True

    def _reply(self, command: Any, answer: m.Answered) -> None:
        self._actor.send(command.reply_to, answer)


def conflict_of(work: Work, draft: Draft) -> EngineError:
    """The id of `draft` is in the log already, with another content."""
    if isinstance(work.command, m.AppendSegments):
        ids = [segment.segment_id for segment in work.command.segments]
        place = ids.index(draft.key.removeprefix("segment:"))
        return Final(
            f"Segment {ids[place]} is final with another content",
            field=f"segments[{place}].segment_id",
        )
    return Conflict("The same id was used with another content", field="feedback_id")

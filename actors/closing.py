"""The after-call summary: asked for once, by the node that leads, a moment after the end.

Owns when it is asked for and what becomes of a leader that died before: whoever leads next
asks again, as long as the end is not long ago. It writes no summary itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors import messages as m
from engine.assist.material import CallMaterial
from engine.assist.view import CallLine
from engine.times import seconds_of

if TYPE_CHECKING:
    from actors.call import CallActor

OVERDUE_S = 600.0  # a call that ended longer ago is left as it is
RETRY_S = 5.0  # after a summary that could not be appended
TRIES = 3


class Closing:
    """Run inside the CallActor's turns."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._asked = False  # a tick or an answer is on its way
        self._tries = 0

    @property
    def due(self) -> bool:
        """The call has ended, not long ago, and has no summary: it still needs a leader."""
        call = self._actor.call
        if call is None or call.ended_at is None or call.summary is not None:
            return False
        ago_s = self._actor.context.clock.wall() - seconds_of(call.ended_at)
        return self._tries < TRIES and ago_s < OVERDUE_S

    def begin(self) -> None:
        """We lead. Recognisers finish late, so a moment is waited."""
        if self.due and not self._asked:
            self._asked = True
            self._actor.later(self._actor.context.settings.assist.after_call_s, m.Tick("summary"))

    def on_tick(self) -> None:
        actor, call = self._actor, self._actor.call
        if not self.due or call is None or not actor.leader.leads:
            self._asked = False
            return
        self._tries += 1
        lines = [
            CallLine(line.speaker, line.text, line.segment_id, 0) for line in list(call.segments)
        ]
        material = CallMaterial(
            tenant=actor.key.tenant,
            call_id=actor.key.call_id,
            lines=tuple(lines),
            line=call.suggestion.summary if call.suggestion else "",
            suggested=tuple(call.suggested),
            helpful=tuple(v.doc_id for v in call.verdicts.values() if v.helpful),
            end=call.reason or "",
        )
        actor.context.assist.sum_up(actor.key, material, actor.actor_ref)

    def on_summed(self, summed: m.SummedUp) -> None:
        if self._actor.leader.leads:
            self._actor.writer.submit(summed)
        else:
            self._asked = False

    def settled(self, appended: bool) -> None:
        if appended or not self.due:
            return
        self._actor.later(RETRY_S, m.Tick("summary"))

"""When a model is asked for the call's summary line.

Owns the pace: one request of a call in flight, one in `chat.every_s`, the newest trigger
wins. The rule's line is on the screen already when a model is asked, and stays when it
fails. It asks nobody itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors import messages as m

if TYPE_CHECKING:
    from actors.call import CallActor


class Wording:
    """Run inside the CallActor's turns, on the node that leads."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._wanted: str | None = None  # the newest trigger without a line
        self._asking = self._waiting = False
        self._next_at = 0.0
        self.failed = False  # the last request gave no line

    def want(self, because: str) -> None:
        """The customer said something, and what to show for it is decided."""
        if self._actor.context.assist.writes_lines:
            self._wanted = because
            self._ask_when_due()

    def on_tick(self) -> None:
        self._waiting = False
        self._ask_when_due()

    def on_line(self, line: m.LineWritten) -> None:
        self._asking = False
        self.failed = not line.text
        self._actor.context.counts[
            "model_lines:failed" if self.failed else "model_lines:written"
        ] += 1
        if line.text and self._actor.leader.leads:
            self._actor.writer.submit(line)
        self._ask_when_due()

    def _ask_when_due(self) -> None:
        actor = self._actor
        if self._wanted is None or self._asking or self._waiting:
            return
        excerpt = actor.leader.excerpt()
        if excerpt is None or not actor.leader.leads:
            self._wanted = None
            return
        now = actor.context.clock.mono()
        if now < self._next_at:
            self._waiting = True
            actor.later(self._next_at - now, m.Tick("line"))
            return
        self._next_at = now + actor.context.settings.chat.every_s
        because, self._wanted = self._wanted, None
        self._asking = True
        actor.context.assist.line(actor.key, because, excerpt, actor.actor_ref)

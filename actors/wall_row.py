"""A call's row on the supervisors' walls, written by the node that leads the call.

Owns when it is written: soon after a change, at most once in ROW_S, and never the same twice.
What is in a row is engine/wall.py's to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors import messages as m
from engine.decoding import encode
from engine.wall import row_of

if TYPE_CHECKING:
    from actors.call import CallActor

SOON_S = 0.1  # so that a batch is one row
ROW_S = 1.0


class WallRow:
    """Run inside the CallActor's turns."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._due = False  # a tick is on its way
        self._not_before = 0.0
        self._written = (0, b"")  # events and health of what was written last

    def touch(self) -> None:
        """Something that a row shows has changed, or we have begun to lead."""
        if not self._due:
            self._due = True
            wait_s = self._not_before - self._actor.context.clock.mono()
            self._actor.later(max(SOON_S, wait_s), m.Tick("row"))

    def on_tick(self) -> None:
        self._due = False
        actor, call = self._actor, self._actor.call
        if call is None or call.status == "ended" or not actor.leader.leads:
            return  # whoever leads has the same change; an ended call leaves with its end
        health = actor.health.said
        state = (call.seq, b"" if health is None else encode(health))
        if state != self._written:
            self._written = state
            self._not_before = actor.context.clock.mono() + ROW_S
            body = encode(row_of(call, health, actor.context.clock.wall()))
            actor.context.walls.write(actor.key, body)

"""One supervisor's connection before the wall: what it asked to see, and what it missed.

Owns the answer to `calls:watch` and what happens when the socket has no room: nothing is kept
for it, and when there is room again it is shown everything afresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors import messages as m
from actors.mailbox import MailboxFull
from actors.wall import frame_of, list_of
from engine import wire
from engine.errors import Busy
from engine.identity import SUPERVISORS

if TYPE_CHECKING:
    from actors.agent import AgentActor

CHUNKS_IN_ANSWER = 3  # of ROWS_A_FRAME rows; the others follow as events


class WallView:
    """Run inside the AgentActor's turns."""

    __slots__ = ("_actor", "_asked", "_behind", "_watches")

    def __init__(self, actor: AgentActor) -> None:
        self._actor = actor
        self._watches = False
        self._behind = False  # a frame found no room
        self._asked: int | None = None  # the token that was last answered or will be

    def watch(self, asked: wire.CallsWatch, token: int) -> None:
        """A second one replaces the first; one without `watch` ends it. Raises Forbidden, Busy."""
        actor = self._actor
        identity = actor.session.identity
        if identity is None:
            return
        identity.require(identity.may_supervise, "watch the tenant's calls", ", ".join(SUPERVISORS))
        if not asked.watch:
            if self._asked is not None:
                actor.settle(self._asked, list_of(()))
            self.leave()
            actor.settle(token, list_of(()))
            return
        watch = m.WatchWall(
            actor.actor_ref, actor.connection_id, asked.filter or wire.CallsFilter(), token
        )
        try:
            actor.context.wall(identity.tenant).tell(watch)
        except MailboxFull:
            raise Busy("The wall has too much to do", retry_after_ms=500) from None
        self._asked = token
        if not self._watches:
            self._watches = True
            actor.context.audit.note(identity, "wall.began")

    def on_listed(self, listed: m.WallListed) -> None:
        actor, chunks = self._actor, listed.chunks
        if chunks is None:
            if listed.token is not None:
                actor.settle(listed.token, error=listed.error)
            return
        if not self._watches:
            return  # left since
        self._behind = False
        answered = listed.token is not None and actor.takes_answer(listed.token)
        if listed.token is not None:
            actor.settle(listed.token, list_of(chunks[:CHUNKS_IN_ANSWER] if answered else ()))
        if answered:
            chunks = chunks[CHUNKS_IN_ANSWER:]
        else:
            actor.owe(frame_of(chunks[0] if chunks else b"", [], complete=True))
            chunks = chunks[1:]
        for chunk in chunks:
            actor.owe(frame_of(chunk, []))

    def on_frame(self, message: m.WallFrame) -> None:
        if self._watches and not self._behind and not self._actor.offer(message.frame):
            self._behind = True

    def on_room(self) -> None:
        if self._behind:
            self._tell(m.RefreshWall(self._actor.connection_id))

    def on_dropped(self) -> None:
        """Some hint was lost, perhaps of the wall."""
        if self._watches and not self._behind:
            self._behind = True
            self._tell(m.RefreshWall(self._actor.connection_id))

    def leave(self) -> None:
        identity = self._actor.session.identity
        if self._watches and identity is not None:
            self._watches = False
            self._tell(m.LeaveWall(self._actor.connection_id))
            self._actor.context.audit.note(identity, "wall.ended")

    def _tell(self, message: m.RefreshWall | m.LeaveWall) -> None:
        identity = self._actor.session.identity
        if identity is not None:
            self._actor.send(self._actor.context.wall(identity.tenant), message)

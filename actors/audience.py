"""Who is joined to a call on this node, and what they are told.

Owns joins, leaves and catching up, inside the CallActor's turns. Every event of the log is
told to every AgentActor joined; what it is to them is their cursor's to say. Rights are
checked at the join and again whenever the call's agents change.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from actors import messages as m
from actors.chunks import bounded
from actors.ports import Frame
from actors.shared_reads import SharedReads
from engine.errors import EngineError, Unavailable, UnknownCall
from engine.identity import Identity
from engine.wire import Watcher

if TYPE_CHECKING:
    from actors.call import CallActor
    from engine.call import Call

RING = 256  # events kept as ready frames
GO_AT_ONCE = 100  # told to come back in one batch, and the pause behind it
GO_PAUSE_S = 0.1
AHEAD_S = 0.05  # until a join whose cursor is beyond our fold is looked at again


class JoinedAgent(NamedTuple):
    ref: m.Ref
    identity: Identity
    generation: int
    interim: bool


class Audience:
    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._joined: dict[str, JoinedAgent] = {}  # connection_id -> who
        self._ahead: dict[str, m.Join] = {}  # whose cursor is beyond our fold
        self.ring: deque[m.LogFrame] = deque(maxlen=RING)
        self.reads = SharedReads(actor)
        self._going: dict[str, m.Ref] = {}  # connection_id -> who is still to be told to go

    def __len__(self) -> int:
        return len(self._joined)

    def tell(self, frame: m.LogFrame) -> None:
        """A new event of the log, to everybody."""
        self.ring.append(frame)
        refs = [joined.ref for joined in self._joined.values()]
        self._actor.dispatcher.broadcast(refs, frame)

    def remember(self, frame: m.LogFrame) -> None:
        """An event read when the log was loaded: for those who catch up."""
        self.ring.append(frame)

    def tell_interim(self, frame: Frame) -> None:
        message = m.StateFrame(self._actor.key, frame, interim=True)
        wanting = [joined.ref for joined in self._joined.values() if joined.interim]
        self._actor.dispatcher.broadcast(wanting, message)

    def tell_state(self, frame: Frame) -> None:
        """What is no fact of the log, to everybody; a lost one is missed by nobody."""
        message = m.StateFrame(self._actor.key, frame, interim=False)
        refs = [joined.ref for joined in self._joined.values()]
        self._actor.dispatcher.broadcast(refs, message)

    def join(self, join: m.Join, call: Call) -> None:
        """Snapshot and joining are one message: the next event told is cursor.seq + 1. A
        cursor beyond our fold may be right where the fold is late: the log is asked first."""
        since = join.since
        if since is not None and since.epoch == call.epoch and since.seq > call.seq:
            self._ahead[join.connection_id] = join
            self._actor.follower.look_ahead(join)
        else:
            self._admit(join, call)

    def looks_ahead(self, join: m.Join) -> bool:
        """It still waits: its connection has neither left nor asked anew."""
        return self._ahead.get(join.connection_id) is join

    def looked_ahead(self, read: m.PageRead) -> None:
        """What the log answered to a join whose cursor was beyond our fold."""
        actor, join = self._actor, read.about
        if not self.looks_ahead(join):
            return
        call = actor.call
        if (
            call is not None
            and read.page is not None
            and read.page.top >= join.since.seq > call.seq
        ):
            actor.later(AHEAD_S, m.Tick("join", join))  # the fold is on its way there
            return
        if actor.loading:
            return  # the log was gone: who waits joins again when it is made anew
        del self._ahead[join.connection_id]
        try:
            if read.page is None:
                raise Unavailable("The log cannot be read now")
            self._admit(join, actor.require_watcher(join.identity))
        except EngineError as refusal:
            actor.send(join.agent, m.Refused(actor.key, join.generation, refusal))

    def _admit(self, join: m.Join, call: Call) -> None:
        actor, since = self._actor, join.since
        self._going.pop(join.connection_id, None)
        self._joined[join.connection_id] = JoinedAgent(
            join.agent, join.identity, join.generation, join.interim
        )
        interims = actor.interims.frames() if join.interim else ()
        if since is not None and since.epoch == call.epoch and (
            call.first - 1 <= since.seq <= call.seq
        ):  # fmt: skip
            joined = m.Joined(
                call=actor.key,
                generation=join.generation,
                ref=actor.actor_ref,
                cursor=since,
                top=call.seq,
                mode="live" if since.seq == call.seq else "replay",
                snapshot=None,
                status=None,
                interims=interims,
            )
        else:
            now = actor.context.clock.wall()
            joined = m.Joined(
                call=actor.key,
                generation=join.generation,
                ref=actor.actor_ref,
                cursor=call.cursor,
                top=call.seq,
                mode="snapshot",
                snapshot=call.snapshot(now),
                status=call.status_event(now),
                interims=interims,
            )
        actor.send(join.agent, joined)
        actor.health.greet(join.agent)
        actor.watchers.joined(join.agent)

    def people(self) -> list[Watcher]:
        """Who is joined, each once whatever their connections, in the order of their names."""
        found = {(one.identity.agent_id, one.identity.role) for one in self._joined.values()}
        return [Watcher(agent_id, role) for agent_id, role in sorted(found)]

    def leave(self, connection_id: str) -> None:
        if self._joined.pop(connection_id, None) is not None:
            self._actor.watchers.left()
        self._going.pop(connection_id, None)
        self._ahead.pop(connection_id, None)

    def catch_up(self, ask: m.CatchUp, call: Call | None) -> None:
        """From the ring, else from the log; the answer and the top belong together."""
        actor = self._actor
        if call is None or call.epoch != ask.epoch:
            actor.send(ask.agent, m.Reopening(actor.key))
        elif ask.after >= call.seq:
            actor.send(ask.agent, m.Chunk(actor.key, ask.generation, (), call.seq))
        elif self.ring and self.ring[0].seq <= ask.after + 1:
            start = ask.after + 1 - self.ring[0].seq
            frames = bounded(islice(self.ring, start, None))
            actor.context.counts["gaps_filled:ring"] += 1
            actor.send(ask.agent, m.Chunk(actor.key, ask.generation, frames, call.seq))
        else:
            self.reads.ask(ask)

    def expel(self, agent_ids: tuple[str, ...]) -> None:
        """The call's agents changed: who lost the right is told so and hears no more."""
        for connection_id, joined in list(self._joined.items()):
            if not joined.identity.may_watch(agent_ids):
                del self._joined[connection_id]
                self._actor.watchers.left()
                self._actor.send(joined.ref, m.Unassigned(self._actor.key, expelled=True))

    def reopen(self) -> None:
        """A new epoch, or a fold not trusted: cursors of before mean nothing. Nobody is told
        an event any more; they are told to go and come back in batches."""
        self.ring.clear()
        told_already = bool(self._going)
        self._going.update((one, joined.ref) for one, joined in self._joined.items())
        self._joined = {}
        self._lose_ahead()
        if not told_already:
            self.tell_to_go()

    def tell_to_go(self) -> None:
        for connection_id in list(islice(self._going, GO_AT_ONCE)):
            self._actor.send(self._going.pop(connection_id), m.Reopening(self._actor.key))
            self._actor.context.counts["connections_reopened"] += 1
        if self._going:
            self._actor.later(GO_PAUSE_S, m.Tick("going"))

    def lose(self) -> None:
        """The actor ends by a fault or leaves memory."""
        self._dismiss(m.CallLost(self._actor.key))

    def gone(self) -> None:
        """The call is no more."""
        self.ring.clear()
        self._dismiss(m.Unassigned(self._actor.key, expelled=True))

    def _dismiss(self, message: Any) -> None:
        self._actor.context.shelf.forget(self._actor.key)
        joined, self._joined = self._joined, {}
        going, self._going = self._going, {}
        for ref in (*(agent.ref for agent in joined.values()), *going.values()):
            self._actor.send(ref, message)
        self._lose_ahead()

    def _lose_ahead(self) -> None:
        ahead, self._ahead = self._ahead, {}
        for join in ahead.values():
            self._actor.send(join.agent, m.CallLost(self._actor.key))


def unknown_call() -> EngineError:
    """The same words for a call that is not there and one that is not theirs."""
    return UnknownCall("No such call, or it is not yours", field="call_id")

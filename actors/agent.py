"""AgentActor: one per connection.

Owns the commands that wait for an answer and the end of the connection. Who it is, is in
session.py; what it hears, in subscriptions.py. Bytes leave through the outlet; it opens no
socket and reads no log.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from msgspec import Struct

from actors import messages as m
from actors.commands import spending, to_call
from actors.context import Context
from actors.dispatcher import DispatchedActor
from actors.mailbox import Bounds, MailboxFull
from actors.ports import Frame, Outlet
from actors.receipts import Created
from actors.session import Session
from actors.subscriptions import Subscriptions
from actors.timers import Timer
from actors.wall_view import WallView
from engine import answers, wire
from engine.allowances import Spender
from engine.decoding import encode, error_of
from engine.errors import CODES, Busy, EngineError, NotFound, RateLimited, Slow, Unavailable
from engine.identity import Identity
from engine.limits import TokenBucket
from engine.log import CallKey

OWED = 256  # frames of state that a full socket did not take; then `slow`
REST_S = 1.0  # the longest that a client over its rate is not read: its pongs are not either
RETURN_SPREAD_MS = 2000  # clients asked to come back do so spread over this


class Pending(NamedTuple):
    """A command that waits for an answer. `ack_id` None: the client wants to hear of a
    refusal only."""

    ack_id: Any
    deadline: float


class AgentActor(DispatchedActor):
    def __init__(self, context: Context, connection_id: str, outlet: Outlet) -> None:
        bound = context.settings.actors.agent_mailbox
        super().__init__(context.dispatcher, Bounds(bound, bound))
        self.context = context
        self.connection_id = connection_id
        self.outlet = outlet
        self.session = Session(self)
        self.subscriptions = Subscriptions(self)
        self.closing = False
        self._pending: dict[int, Pending] = {}
        self._last_token = 0
        self._owed: deque[Frame] | None = None  # an empty one is 700 bytes
        self._wall: WallView | None = None
        self._dropped = 0  # hints, as far as we have made up for them
        self._watching = False
        self._resting = False
        now, limits = context.clock.mono(), context.settings.limits
        self._commands = TokenBucket(limits.commands_per_s, limits.commands_burst, now)
        self._subscribes = TokenBucket(limits.subscribes_per_s, limits.subscribes_per_s * 2, now)

    # --- life -----------------------------------------------------------------------------

    def on_start(self) -> None:
        self.session.begin()

    def on_receive(self, message: Any) -> Any:
        kind = type(message)
        if not self.closing:
            if kind is m.LogFrame:  # most messages are
                self.subscriptions.on_log_frame(message)
            else:
                _ARMS[kind](self, message)
        elif kind is m.Gone:
            self._on_gone(message)
        elif kind is m.Ask and message.ack_id is not None:
            self.refuse(message.ack_id, Unavailable("The connection is closing"))
        # Hints that found the mailbox full leave no gap to see if they were the last.
        if self.actor_inbox.dropped != self._dropped and self.actor_inbox.empty():
            self._dropped = self.actor_inbox.dropped
            self.subscriptions.on_dropped()
            if self._wall is not None:
                self._wall.on_dropped()

    def on_stop(self) -> None:
        self._depart()

    def let_go(self) -> None:
        super().let_go()
        self._wall = None
        del self.session._actor, self.subscriptions._actor

    def on_failure(self, *_: Any) -> None:
        self.closing = True
        self._depart()
        self.outlet.close(reconnect=True)

    def later(self, delay_s: float, message: Any) -> Timer:
        return self.context.wheel.after(delay_s, self.actor_ref, message)

    def close(self, error: EngineError, *, jitter: bool = False) -> None:
        """Say why, then close. `jitter`: many are told at once, and come back apart."""
        after_ms = self.context.random.randrange(RETURN_SPREAD_MS) if jitter else 0
        self._on_close(m.Close(error, after_ms))

    def _on_close(self, close: m.Close) -> None:
        if self.closing:
            return
        reconnect = CODES[close.error.code].reconnect
        self.context.counts[f"sessions_closed:{close.error.code}"] += 1
        self._refuse_pending(close.error)
        self.closing = True
        closing = wire.SessionClosing(close.error.code, reconnect, close.after_ms)
        self.outlet.send(Frame.of("session:closing", encode(closing)))
        self._depart()
        self.outlet.close(reconnect=reconnect)

    def _refuse_pending(self, why: EngineError) -> None:
        """Who waits for an acknowledgement may ask again; what was asked may yet take effect,
        and its id makes the second time the first."""
        if not CODES[why.code].retryable:
            why = Unavailable("The connection is closing")
        waiting = [pending.ack_id for pending in self._pending.values()]
        self._pending.clear()
        for ack_id in (*waiting, *self.session.let_held_go()):
            if ack_id is not None:
                self.refuse(ack_id, why)

    def _on_gone(self, _: m.Gone) -> None:
        self.closing = True
        self._stop()

    def _depart(self) -> None:
        self.session.end()
        if self._wall is not None:
            self._wall.leave()
        self.subscriptions.leave_all()
        self.context.departed(self.connection_id, self.session.identity)

    def _on_tick(self, tick: m.Tick) -> None:
        if tick.kind == "deadline":
            self._on_deadline()
        elif tick.kind == "retry":
            self.subscriptions.on_retry(tick.about)
        elif tick.kind == "rested":
            self._resting = False
            self.outlet.rest(False)
        elif tick.kind == "slow":
            self.subscriptions.on_slow_tick()
        else:
            self.session.on_tick(tick)

    # --- commands -------------------------------------------------------------------------

    def _on_ask(self, ask: m.Ask) -> None:
        try:
            self._limit(ask)
            if isinstance(ask.body, wire.AgentConnect):
                self.session.connect(ask.body, self.pend(ask.ack_id))
            elif self.session.open:
                self.run(ask)
            else:
                self.session.hold(ask)
        except RateLimited as refusal:
            self.refuse(ask.ack_id, refusal)
            self._rest(refusal.retry_after_ms or 0)
        except EngineError as refusal:
            self.refuse(ask.ack_id, refusal)

    def _rest(self, wait_ms: int) -> None:
        """A client that goes on although it was refused is not read until it may."""
        if not self._resting:
            self._resting = True
            self.outlet.rest(True)
            self.later(min(REST_S, wait_ms / 1000), m.Tick("rested"))

    def _limit(self, ask: m.Ask) -> None:
        identity = self.session.identity
        now = self.context.clock.mono()
        if identity is not None:
            self._limit_agent(identity, ask.body, now)
            if identity.may_produce:
                return
        wait_s = self._commands.take(now)
        if not wait_s and isinstance(ask.body, wire.CallSubscribe):
            wait_s = self._subscribes.take(now)
        if wait_s:
            wait_ms = int(wait_s * 1000) + 1
            raise RateLimited("Too many commands on this connection", retry_after_ms=wait_ms)

    def _limit_agent(self, identity: Identity, body: Any, now: float) -> None:
        """What all connections of an agent, or of a producer, may do together."""
        kind, tokens = spending(body)
        if identity.may_produce and kind != "segments":
            return
        spender = Spender(identity.tenant, identity.agent_id, kind)
        self.context.allowances.spend(spender, now, tokens)

    def run(self, ask: m.Ask) -> None:
        """A command of an authenticated connection. Raises the refusal."""
        identity, body = self.session.identity, ask.body
        if identity is None:
            raise Unavailable("The session is not open")
        if isinstance(body, wire.CallUnsubscribe):
            self.subscriptions.unsubscribe(CallKey(identity.tenant, body.call_id))
            self.answer(ask.ack_id, answers.Nothing())
            return
        if isinstance(body, wire.ClientReport):
            self.context.counts["paint_reports"] += len(body.paint_ms)
            self.answer(ask.ack_id, answers.Nothing())
            return
        token = self.pend(ask.ack_id)
        try:
            if isinstance(body, wire.CallSubscribe):
                key = CallKey(identity.tenant, body.call_id)
                self.subscriptions.subscribe(key, body, token)
            elif isinstance(body, wire.CallsWatch):
                self.wall.watch(body, token)
            else:
                self._tell_call(body, token)
        except EngineError:
            del self._pending[token]
            raise

    def _tell_call(self, body: Any, token: int) -> None:
        identity = self.session.identity
        random = self.context.random
        built = identity and to_call(body, identity, self.actor_ref, token, random)
        if not built:
            raise NotFound("No such command")
        key, message = built
        try:
            self.context.call(key).tell(message)
        except MailboxFull:
            raise Busy("The call has too much to do", retry_after_ms=500) from None

    def pend(self, ack_id: Any) -> int:
        """Remember who waits; raises Busy over the bound."""
        limit = self.context.settings.limits.pending_commands
        if len(self._pending) >= limit:
            raise Busy(f"{limit} commands wait for an answer", retry_after_ms=500)
        self._last_token += 1
        timeout_s = self.context.settings.actors.command_timeout_s + 1
        deadline = self.context.clock.mono() + timeout_s
        self._pending[self._last_token] = Pending(ack_id, deadline)
        self.watch_deadlines()
        return self._last_token

    def takes_answer(self, token: int) -> bool:
        """False: the client sent its command without an acknowledgement."""
        pending = self._pending.get(token)
        return pending is not None and pending.ack_id is not None

    def watch_deadlines(self) -> None:
        if not self._watching and (self._pending or self.subscriptions.waiting_early):
            self._watching = True
            self.later(1.0, m.Tick("deadline"))

    def _on_deadline(self) -> None:
        now = self.context.clock.mono()
        for token in [t for t, pending in self._pending.items() if pending.deadline <= now]:
            self.settle(token, error=Unavailable("No answer in time; ask again"))
        self.subscriptions.forget_early(now)
        self._watching = False
        self.watch_deadlines()

    def settle(self, token: int, value: Any = None, error: EngineError | None = None) -> None:
        """Answer a pending command; a second answer to it is none."""
        pending = self._pending.pop(token, None)
        if pending is None:
            return
        if error is not None:
            self.refuse(pending.ack_id, error)
        else:
            self.answer(pending.ack_id, value.receipt if isinstance(value, Created) else value)

    def answer(self, ack_id: Any, value: Struct) -> None:
        if ack_id is not None:
            self.outlet.answer(ack_id, b'{"ok":true,"data":' + encode(value) + b"}")

    def refuse(self, ack_id: Any, error: EngineError) -> None:
        """As an acknowledgement, or as an `error` event to who asked for none."""
        if ack_id is not None:
            body = encode(error_of(error))
            self.outlet.answer(ack_id, b'{"ok":false,"error":' + body + b"}")
        else:
            self.emit(error_of(error))

    def emit(self, event: Struct) -> None:
        self.owe(Frame.of(wire.NAME_OF[type(event)], encode(event)))

    def offer(self, frame: Frame) -> bool:
        """False: there is no room, or what is owed goes first; nothing was taken."""
        return self._owed is None and self.outlet.send(frame)

    def owe(self, frame: Frame) -> None:
        """State that no log repeats: where the socket has no room it waits, in order."""
        if self.offer(frame):
            return
        if self._owed is None:
            self._owed = deque()
        if len(self._owed) >= OWED:
            self.close(Slow("The connection took nothing"), jitter=True)
        else:
            self._owed.append(frame)

    def _on_room(self, _: m.Room) -> None:
        while self._owed:
            if not self.outlet.send(self._owed[0]):
                return
            self._owed.popleft()
        self._owed = None
        if self._wall is not None:
            self._wall.on_room()
        self.subscriptions.on_room()

    @property
    def wall(self) -> WallView:
        if self._wall is None:
            self._wall = WallView(self)
        return self._wall

    # --- assignments ----------------------------------------------------------------------

    def _on_assigned(self, assigned: m.Assigned) -> None:
        if not self.session.open:
            return
        event = wire.CallAssigned(assigned.call.call_id)
        if assigned.view is not None:
            event.call = assigned.view
        self.emit(event)
        early = self.subscriptions.on_assigned(assigned.call)
        if early is not None:
            self._on_ask(m.Ask(early, None))

    def say_unassigned(self, call: CallKey) -> None:
        if self.session.open:
            self.emit(wire.CallUnassigned(call.call_id))


_ARMS: dict[type[Any], Any] = {
    m.LogFrame: lambda actor, frame: actor.subscriptions.on_log_frame(frame),
    m.StateFrame: lambda actor, frame: actor.subscriptions.on_state_frame(frame),
    m.Ask: AgentActor._on_ask,
    m.Answered: lambda actor, a: actor.settle(a.token, a.value, a.error),
    m.Refuse: lambda actor, refused: actor.refuse(refused.ack_id, refused.error),
    m.Verified: lambda actor, verified: actor.session.on_verified(verified),
    m.WallListed: lambda actor, listed: actor.wall.on_listed(listed),
    m.WallFrame: lambda actor, frame: actor.wall.on_frame(frame),
    m.CallsListed: lambda actor, listed: actor.session.on_listed(listed),
    m.Joined: lambda actor, joined: actor.subscriptions.on_joined(joined),
    m.Refused: lambda actor, refused: actor.subscriptions.on_refused(refused),
    m.Chunk: lambda actor, chunk: actor.subscriptions.on_chunk(chunk),
    m.Room: AgentActor._on_room,
    m.Reopening: lambda actor, reopening: actor.subscriptions.on_reopening(reopening),
    m.CallLost: lambda actor, lost: actor.subscriptions.on_lost(lost),
    m.Assigned: AgentActor._on_assigned,
    m.Unassigned: lambda actor, unassigned: actor.subscriptions.on_unassigned(unassigned),
    m.Close: AgentActor._on_close,
    m.Gone: AgentActor._on_gone,
    m.Tick: AgentActor._on_tick,
}

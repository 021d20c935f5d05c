"""All subscriptions of one connection, and the ones that came too early.

Owns joining, leaving and joining again, inside the AgentActor's turns. What an event means
to one subscription is subscription.py's; who the connection is, is session.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actors import messages as m
from actors.mailbox import MailboxFull
from actors.subscription import State, Subscription, prelude_of
from engine import answers, wire
from engine.decoding import encode
from engine.errors import Busy, EngineError, Slow, TooMany, Unavailable, UnknownCall
from engine.log import CallKey

if TYPE_CHECKING:
    from actors.agent import AgentActor
    from engine.audit import Kind

REJOIN_S = 5.0  # between tries to join a call whose actor is parked
CHUNK_RETRY_S = 1.0  # after a chunk that the store could not give


class Early(NamedTuple):
    """A subscription sent without acknowledgement, to a call that is not theirs yet."""

    body: wire.CallSubscribe
    until: float


class Subscriptions:
    def __init__(self, actor: AgentActor) -> None:
        self._actor = actor
        self._by_call: dict[CallKey, Subscription] = {}
        self._early: dict[CallKey, Early] = {}
        self._expelled: set[CallKey] = set()  # lost, and the notice of it is still to come
        self._generation = 0
        self._watching_slow = False

    def __len__(self) -> int:
        return len(self._by_call)

    @property
    def behind(self) -> bool:
        """The socket has no room for some call's next event."""
        return any(subscription.is_behind for subscription in self._by_call.values())

    @property
    def waiting_early(self) -> bool:
        return bool(self._early)

    # --- what the client asks for ---------------------------------------------------------

    def subscribe(self, key: CallKey, body: wire.CallSubscribe, token: int) -> None:
        """A second subscribe replaces the first. Raises TooMany, Busy."""
        limit = self._actor.context.settings.limits.calls_per_connection
        if key not in self._by_call and len(self._by_call) >= limit:
            raise TooMany(f"{limit} calls are subscribed on this connection", field="call_id")
        self.unsubscribe(key)
        try:
            self._join(key, body.since, body.interim, (token, body))
        except MailboxFull:
            raise Busy("The call has too much to do", retry_after_ms=500) from None

    def unsubscribe(self, key: CallKey) -> None:
        self._early.pop(key, None)
        subscription = self._drop(key)
        if subscription is not None:
            actor = self._actor
            ref = subscription.ref or actor.context.call(key)
            actor.send(ref, m.Leave(actor.connection_id))

    def leave_all(self) -> None:
        for key in list(self._by_call):
            self.unsubscribe(key)
        self._early.clear()

    def forget_early(self, now: float) -> None:
        self._early = {key: early for key, early in self._early.items() if early.until > now}

    # --- joining --------------------------------------------------------------------------

    def _join(
        self,
        key: CallKey,
        since: wire.Cursor | None,
        interim: bool,
        asked: tuple[int, wire.CallSubscribe] | None,
    ) -> None:
        """`asked`: of a client's command; None: we join again by ourselves."""
        actor = self._actor
        identity = actor.session.identity
        if identity is None:
            raise Unavailable("The session is not open")
        self._generation += 1
        subscription = Subscription(key, self._generation, interim, actor.outlet, self)
        subscription.asked = asked
        subscription.plain = asked is not None and not actor.takes_answer(asked[0])
        if since is not None:
            subscription.epoch, subscription.seq = since.epoch, since.seq
        actor.context.call(key).tell(
            m.Join(
                actor.actor_ref,
                actor.connection_id,
                self._generation,
                identity,
                since,
                interim,
            )
        )
        self._by_call[key] = subscription

    def on_joined(self, joined: m.Joined) -> None:
        actor, subscription = self._actor, self._current(joined.call, joined.generation)
        if subscription is None:
            return
        prelude = []
        if subscription.asked is not None:
            token, _ = subscription.asked
            subscription.asked, subscription.ref = None, joined.ref
            if subscription.plain:
                prelude = prelude_of(joined, encode)
            elif not actor.takes_answer(token):
                self.unsubscribe(joined.call)  # too late: its client was told `unavailable`
                return
            answer = answers.Subscription(joined.cursor, joined.mode)
            if joined.snapshot is not None:
                answer.snapshot = joined.snapshot
            if joined.mode == "replay":
                answer.top = joined.top
            actor.settle(token, answer)
            subscription.audited = True
            self._note("watch.began", joined.call)
        elif joined.mode == "snapshot":
            # We had a cursor and the log no longer knows it: the client starts afresh.
            self.on_reopening(m.Reopening(joined.call))
            return
        actor.context.rooms.enter(actor.connection_id, str(joined.call))
        subscription.join(joined, prelude)
        self._watch_slow(subscription)

    def on_refused(self, refused: m.Refused) -> None:
        actor, subscription = self._actor, self._current(refused.call, refused.generation)
        if subscription is None:
            return
        if subscription.given and isinstance(refused.error, UnknownCall):
            self.on_lost(m.CallLost(refused.call))  # it was looked for before it was there
        elif subscription.asked is not None:
            token, body = subscription.asked
            if subscription.plain and isinstance(refused.error, Unavailable):
                # Nobody who asks for no answer asks again: it goes live when that is possible.
                actor.later(REJOIN_S, m.Tick("retry", refused.call))
            else:
                del self._by_call[refused.call]
                if subscription.plain and isinstance(refused.error, UnknownCall):
                    self._wait_early(refused.call, body)
            actor.settle(token, error=refused.error)
        elif isinstance(refused.error, UnknownCall):
            if subscription.plain:  # its log may be lost, and made anew by who holds it
                self._wait_early(refused.call, wire.CallSubscribe(refused.call.call_id))
            self.on_unassigned(m.Unassigned(refused.call, expelled=True))
        else:
            actor.later(REJOIN_S, m.Tick("retry", refused.call))

    def _wait_early(self, key: CallKey, body: wire.CallSubscribe) -> None:
        context = self._actor.context
        if len(self._early) < context.settings.limits.calls_per_connection:
            until = context.clock.mono() + context.settings.call.early_subscribe_s
            self._early[key] = Early(body, until)
            self._actor.watch_deadlines()

    def on_assigned(self, key: CallKey) -> wire.CallSubscribe | None:
        """The subscription that waited for this call, to be run now."""
        self._expelled.discard(key)
        subscription = self._by_call.get(key)
        if subscription is not None and subscription.state is State.JOINING:
            subscription.given = True  # a refusal that is under way is older than this
        early = self._early.pop(key, None)
        if early is None or early.until <= self._actor.context.clock.mono():
            return None
        return early.body

    def on_unassigned(self, unassigned: m.Unassigned) -> None:
        """The right ended: nothing more of this call leaves here."""
        key = unassigned.call
        if self._drop(key) is not None:
            if unassigned.expelled:
                self._expelled.add(key)
            self._actor.say_unassigned(key)
        elif key in self._expelled:
            self._expelled.discard(key)  # told already
        elif not unassigned.expelled:
            self._actor.say_unassigned(key)

    def on_lost(self, lost: m.CallLost) -> None:
        """The call's actor ended; another one knows the log, and we know our cursor."""
        old = self._by_call.pop(lost.call, None)
        if old is None:
            return
        since = old.cursor if old.epoch else None
        try:
            self._join(lost.call, since, old.interim, old.asked)
            self._by_call[lost.call].inherit(old)
        except (MailboxFull, EngineError):
            self._actor.close(Unavailable("The call cannot be read"), jitter=True)

    def on_reopening(self, reopening: m.Reopening) -> None:
        """The epoch of our cursor is over: the client comes back and asks anew."""
        if reopening.call in self._by_call:
            self._actor.close(Unavailable("The call's log began anew"), jitter=True)

    # --- delivery -------------------------------------------------------------------------

    def on_log_frame(self, frame: m.LogFrame) -> None:
        subscription = self._by_call.get(frame.call)
        if subscription is None:
            return
        if not subscription.on_event(frame):
            self.on_reopening(m.Reopening(frame.call))
        elif subscription.state is State.BEHIND:
            self._watch_slow(subscription)

    def on_state_frame(self, frame: m.StateFrame) -> None:
        subscription = self._by_call.get(frame.call)
        if subscription is None:
            return
        if frame.interim:
            subscription.on_interim(frame.frame)
        else:
            self._actor.outlet.send(frame.frame)

    def on_chunk(self, chunk: m.Chunk) -> None:
        subscription = self._current(chunk.call, chunk.generation)
        if subscription is None:
            return
        if chunk.unavailable:
            self._actor.later(CHUNK_RETRY_S, m.Tick("retry", chunk.call))
        else:
            subscription.on_chunk(chunk)
            self._watch_slow(subscription)

    def on_retry(self, key: CallKey) -> None:
        subscription = self._by_call.get(key)
        if subscription is None:
            return
        if subscription.state is State.JOINING:
            self.on_lost(m.CallLost(key))
        else:
            subscription.ask_again()

    def on_dropped(self) -> None:
        """Some hint was lost, nobody knows of which call: all look at their tops."""
        for subscription in self._by_call.values():
            subscription.look()

    def on_room(self) -> None:
        for subscription in self._by_call.values():
            subscription.on_room()

    def on_slow_tick(self) -> None:
        actor = self._actor
        self._watching_slow = False
        if actor.outlet.stalled_s() >= actor.context.settings.limits.slow_s:
            actor.close(Slow("The connection took nothing"), jitter=True)
            return
        for subscription in self._by_call.values():
            self._watch_slow(subscription)

    def _watch_slow(self, subscription: Subscription) -> None:
        if subscription.is_behind and not self._watching_slow:
            self._watching_slow = True
            self._actor.later(self._actor.context.settings.limits.slow_s / 3, m.Tick("slow"))

    # --- what a subscription asks for -----------------------------------------------------

    def fell_behind(self) -> None:
        self._actor.context.counts["behind"] += 1

    def ask_chunk(self, subscription: Subscription) -> None:
        actor, cursor = self._actor, subscription.cursor
        if subscription.ref is not None:
            ask = m.CatchUp(
                actor.actor_ref,
                actor.connection_id,
                subscription.generation,
                cursor.epoch,
                cursor.seq,
            )
            actor.send(subscription.ref, ask)

    def _current(self, key: CallKey, generation: int) -> Subscription | None:
        """None: the answer is to an older subscription, or to none."""
        subscription = self._by_call.get(key)
        if subscription is None or subscription.generation != generation:
            return None
        return subscription

    def _note(self, kind: Kind, key: CallKey) -> None:
        identity = self._actor.session.identity
        if identity is not None:
            self._actor.context.audit.note(identity, kind, call_id=key.call_id)

    def _drop(self, key: CallKey) -> Subscription | None:
        subscription = self._by_call.pop(key, None)
        if subscription is not None:
            self._actor.context.rooms.leave(self._actor.connection_id, str(key))
            if subscription.audited:
                self._note("watch.ended", key)
            if subscription.asked is not None:
                error: EngineError = UnknownCall("The subscription was replaced", field="call_id")
                if self._actor.closing:  # the client comes back and asks again
                    error = Unavailable("The connection is closing")
                self._actor.settle(subscription.asked[0], error=error)
        return subscription

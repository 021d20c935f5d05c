"""Who a connection is, and what waits until that is known.

Owns authentication, renewal in place, expiry, and the commands held meanwhile. A connection
never outlives its token: it is told before, and at the end it is closed, whatever it is doing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine import answers, wire
from engine.errors import Busy, EngineError, Expired, Forbidden, Unauthenticated
from engine.identity import Identity
from engine.times import instant_at

if TYPE_CHECKING:
    from actors.agent import AgentActor
    from actors.timers import Timer


class Session:
    """`open`: authenticated, and commands run. Run inside the AgentActor's turns."""

    def __init__(self, actor: AgentActor) -> None:
        self._actor = actor
        self.identity: Identity | None = None
        self.open = False
        self._held: deque[m.Ask] = deque()
        self._connecting: dict[int, wire.AgentConnect] = {}
        self._warning: Timer | None = None  # both of the token that holds now
        self._expiry: Timer | None = None

    def begin(self) -> None:
        limit_s = self._actor.context.settings.limits.authenticate_s
        self._actor.later(limit_s, m.Tick("held"))

    def on_tick(self, tick: m.Tick) -> None:
        if tick.kind == "held" and self.identity is None:
            error = Unauthenticated("Not authenticated in time")
            self._actor.on_receive(m.Close(error))
        elif tick.kind == "expiring" and self.identity is not None:
            self._actor.emit(wire.SessionExpiring(instant_at(self.identity.expires_at)))
        elif tick.kind == "expire":
            self._actor.on_receive(m.Close(Expired("The token has expired")))

    def end(self) -> None:
        """No timer outlives the connection, or the token it was for."""
        for timer in (self._warning, self._expiry):
            if timer is not None:
                timer.cancel()
        self._warning = self._expiry = None

    def hold(self, ask: m.Ask) -> None:
        """Raises Busy over the bound."""
        limit = self._actor.context.settings.limits.held_commands
        if len(self._held) >= limit:
            raise Busy(f"{limit} commands wait for the session", retry_after_ms=500)
        self._held.append(ask)

    def let_held_go(self) -> list[Any]:
        """The acknowledgements that commands held here wait for."""
        held = [ask.ack_id for ask in self._held]
        self._held.clear()
        return held

    def connect(self, body: wire.AgentConnect, token: int) -> None:
        self._connecting[token] = body
        self._actor.context.gate.verify(body.auth_token, token, self._actor.actor_ref)

    def on_verified(self, verified: m.Verified) -> None:
        """Of `agent:connect`, or of the handshake (then nobody waits for an answer)."""
        body = self._connecting.pop(verified.token, None)
        error = verified.error or self._mismatch(verified.identity, body)
        if error is not None or verified.identity is None:
            self._reject(verified.token, error or Unauthenticated("No identity"))
            return
        client_id = body.client_id if body is not None else verified.client_id
        self._admit(verified.identity, client_id)
        if body is None:
            self._open()
        else:
            self._actor.context.gate.calls_of(
                verified.identity, verified.token, self._actor.actor_ref
            )

    def _mismatch(
        self, identity: Identity | None, body: wire.AgentConnect | None
    ) -> EngineError | None:
        if identity is None:
            return None
        if body is not None and body.agent_id != identity.agent_id:
            return Unauthenticated("The token is another agent's", field="agent_id")
        mine = self.identity
        # What a connection has joined was judged by its role: a token cannot change that.
        if mine is not None and mine[:3] != identity[:3]:
            return Forbidden("A connection keeps its agent, role and tenant", field="auth_token")
        return None

    def _admit(self, identity: Identity, client_id: str | None) -> None:
        actor = self._actor
        if self.identity is None and identity.may_produce:
            actor.outlet.trust()
        self.identity = identity
        self.end()
        left_s = max(0.0, identity.expires_at - actor.context.clock.wall())
        self._expiry = actor.later(left_s, m.Tick("expire"))
        # A token that lives shorter than two warnings is not renewed without a pause.
        warning_s = min(actor.context.settings.tokens.expiring_s, left_s / 2)
        self._warning = actor.later(left_s - warning_s, m.Tick("expiring"))
        actor.context.identified(actor.actor_ref, actor.connection_id, identity, client_id)

    def _reject(self, token: Any, error: EngineError) -> None:
        self._actor.settle(token, error=error)
        if self.identity is None:
            for ask in self._held:
                self._actor.refuse(ask.ack_id, Unauthenticated("The session was refused"))
            self._held.clear()

    def on_listed(self, listed: m.CallsListed) -> None:
        if self.identity is None:
            return
        now = self._actor.context.clock.wall()
        session = answers.Session(
            agent_id=self.identity.agent_id,
            role=self.identity.role,
            expires_at=instant_at(self.identity.expires_at),
            server_time=instant_at(now),
            calls=listed.calls,
            tenant=self.identity.tenant,
        )
        self._actor.settle(listed.token, session)
        self._open()

    def _open(self) -> None:
        """Run what was held, in order, after the answer to `agent:connect`."""
        self.open = True
        while self._held and not self._actor.closing:
            ask = self._held.popleft()
            try:
                self._actor.run(ask)
            except EngineError as refusal:
                self._actor.refuse(ask.ack_id, refusal)

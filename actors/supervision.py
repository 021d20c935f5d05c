"""What happens when an actor fails: restart from the log, parking, incidents.

A crashed CallActor is rebuilt from its log by whoever needs it next (those who were joined
join again from their cursors). One that fails too often within a minute is parked: a
stand-in answers `unavailable` until the minute is over, so that an ill event cannot burn
the node. It logs nothing: incidents are kept, bounded, for the web layer to write.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from pykka import ActorRef

from actors import messages as m
from actors.call import CallActor
from actors.dispatcher import DispatchedActor, Failure
from actors.ports import Frame
from engine.decoding import encode
from engine.errors import Unavailable
from engine.log import CallKey
from engine.wire import CallHealth

if TYPE_CHECKING:
    from actors.context import Context

WINDOW_S = 60.0
INCIDENTS_KEPT = 256


class Incident(NamedTuple):
    """A failure. `error` is with its traceback, for the log; never shown to a client."""

    actor: str
    about: str
    error: BaseException
    parked: bool


class Supervisor:
    def __init__(self, context: Context, lost: Callable[[CallKey], None]) -> None:
        self._context = context
        self._lost = lost
        self._failures: dict[CallKey, deque[float]] = {}
        self.incidents: deque[Incident] = deque(maxlen=INCIDENTS_KEPT)

    def on_failure(self, failure: Failure) -> None:
        """Called by the dispatcher, after the actor's own on_failure."""
        actor = failure.actor
        about, parked = actor.actor_urn, False
        if isinstance(actor, CallActor):
            about = str(actor.key)
            self._lost(actor.key)
            parked = self._note(actor.key)
        self.incidents.append(Incident(type(actor).__name__, about, failure.error, parked))
        self._context.counts["actor_failures"] += 1

    def _note(self, key: CallKey) -> bool:
        limit = self._context.settings.actors.restarts_per_minute
        times = self._failures.setdefault(key, deque(maxlen=limit))
        times.append(self._context.clock.mono())
        return self._is_parked(key)

    def _is_parked(self, key: CallKey) -> bool:
        times = self._failures.get(key)
        if times is None:
            return False
        now = self._context.clock.mono()
        if times[-1] <= now - WINDOW_S:
            del self._failures[key]
            return False
        return len(times) == times.maxlen and times[0] > now - WINDOW_S

    def parked(self, key: CallKey) -> ActorRef[Any] | None:
        """A stand-in for a call that fails too often; None: start it."""
        return ParkedCall.start(self._context, key) if self._is_parked(key) else None


class ParkedCall(DispatchedActor):
    """Answers `unavailable` for a call until its minute is over, then makes way."""

    def __init__(self, context: Context, key: CallKey) -> None:
        super().__init__(context.dispatcher)
        self._context = context
        self._key = key

    def on_start(self) -> None:
        self._context.counts["calls_parked"] += 1
        self._context.wheel.after(WINDOW_S, self.actor_ref, m.Tick("passivate"))

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, m.Tick):
            if message.kind == "passivate":
                self._context.forget(self._key, self.actor_ref)
                self._stop()
            return
        error = Unavailable("The call is parked after repeated faults", retry_after_ms=10_000)
        if isinstance(message, m.Join):
            health = encode(CallHealth(self._key.call_id, "down", "down"))
            frame = Frame.of("call:health", health)
            self.send(message.agent, m.StateFrame(self._key, frame, interim=False))
            self.send(message.agent, m.Refused(self._key, message.generation, error))
        elif hasattr(message, "reply_to"):
            self.send(message.reply_to, m.Answered(message.token, error=error))

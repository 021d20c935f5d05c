"""Simulated mailboxes: a dispatcher that the test drives. Public; test your own actors with it.

    world = SimulatedDispatcher()
    ref = MyActor.start(world, ...)
    ref.tell(message)
    assert world.mail(ref) == (message,)     # waiting, nothing has run
    world.step(ref)                          # exactly this actor handles exactly one message
    world.run_until_idle()                   # everybody, until no mail is left

No thread, no sleep, no clock but `world.time`: the test chooses who handles which message
next, so every interleaving can be written down or drawn from a seed.
"""

from __future__ import annotations

from random import Random
from typing import Any

from pykka import ActorRef

from actors.dispatcher import DispatchedActor, Dispatcher, Failure
from actors.timers import Wheel


class SimulatedDispatcher(Dispatcher):
    """Runs nothing by itself. `time` (seconds) moves only by `advance`."""

    def __init__(self) -> None:
        super().__init__(wake=lambda: None, clock=lambda: self.time)
        self.time = 0.0
        self.failures: list[Failure] = []
        self.on_failure = self.failures.append
        self.wheel = Wheel(clock=lambda: self.time, send=self.send)

    def mail(self, ref: ActorRef[Any]) -> tuple[Any, ...]:
        """What waits in the actor's mailbox, oldest first."""
        inbox: Any = ref.actor_inbox
        return tuple(inbox.peek())

    def ready_actors(self) -> list[ActorRef[Any]]:
        """Those with mail, in the order in which they got it."""
        return [actor.actor_ref for actor in self._ready]

    def step(self, ref: ActorRef[Any]) -> Any:
        """The actor handles its next message; returns that message. Raises LookupError when
        it has none."""
        for actor in self._ready:
            if actor.actor_ref is ref or actor.actor_urn == ref.actor_urn:
                message = actor.actor_inbox.peek()[0]
                self.deliver(actor)
                self._settle(actor)
                return message
        raise LookupError(f"{ref} has no mail")

    def step_any(self, random: Random) -> Any:
        """One message of an actor drawn from `random`."""
        return self.step(random.choice(list(self._ready)).actor_ref)

    def run_until_idle(self, limit: int = 10_000) -> int:
        """Everybody in turn; returns the count of messages. Raises RuntimeError past `limit`:
        two actors may be telling each other for ever."""
        count = 0
        self._tell_posted()
        while self._ready:
            actor = self._ready[0]
            self.deliver(actor)
            self._settle(actor, back=True)
            self._tell_posted()
            count += 1
            if count > limit:
                raise RuntimeError(f"still busy after {limit} messages")
        return count

    def advance(self, seconds: float) -> None:
        """Move the clock, firing what is due on `wheel` in order; nobody runs by it."""
        target = self.time + seconds
        while (due := self.wheel.next_due()) is not None and due <= target:
            self.time = max(self.time, due)
            self.wheel.advance()
        self.time = target

    def _settle(self, actor: DispatchedActor, back: bool = False) -> None:
        if actor.actor_stopped.is_set() or actor.actor_inbox.empty():
            actor.ready = False
            self._ready.remove(actor)
        elif back:
            self._ready.remove(actor)
            self._ready.append(actor)

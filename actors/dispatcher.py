"""The dispatcher runs every actor of a node: our Pykka runtime, without a greenlet per actor.

`tell` puts a message into a mailbox and its actor on the ready queue; `run` gives each ready
actor a turn. Rules, each with a test:

* a message is handled to its end before another one is (no re-entrancy: telling never runs);
* a turn is at most `turn_messages`; a run ends after `turn_s`, so that sockets get theirs;
* `on_start` returns before the first turn; stop is a message and always admitted;
* an exception in a `tell` fails that actor: on_failure, its mail to the dead letters; one in
  an `ask` goes to the asker and the actor lives; a BaseException never leaves a turn and
  fails only that actor;
* only the thread that owns the dispatcher runs actors; others use `post`.

It knows no event loop: `wake` is given to it and must call `run` soon, never at once.
"""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pykka
import pykka.messages
from pykka import ActorDeadError, ActorRef
from pykka._envelope import Envelope

from actors.mailbox import Bounds, Mailbox, MailboxFull

DEFAULT_BOUNDS = Bounds(total=256, durable=256)
DEAD_LETTERS_KEPT = 256


class DeadLetter(NamedTuple):
    """A message nobody handled. Names only: what it said may be transcript text."""

    actor: str
    message: str
    reason: str


class Failure(NamedTuple):
    """An actor died of an exception. `error` is its type and message, without values."""

    actor: DispatchedActor
    error: BaseException


class _Stopped:
    """What Pykka keeps a threading.Event for; a flag is enough where one thread runs all."""

    __slots__ = ("flag",)

    def __init__(self) -> None:
        self.flag = False

    def is_set(self) -> bool:
        return self.flag

    def set(self) -> None:
        self.flag = True


class DispatchedRef(ActorRef[Any]):
    """Pykka's, which knows its actor weakly; a broadcast wants it at hand."""

    def __init__(self, actor: DispatchedActor) -> None:
        super().__init__(actor)
        self.actor: DispatchedActor | None = actor  # None once it stopped

    def tell(self, message: Any) -> None:
        """Raises ActorDeadError, MailboxFull; never waits, never runs the actor."""
        if self.actor_stopped.flag:  # type: ignore[attr-defined] # ours, no threading.Event
            raise ActorDeadError(f"{self} is gone")
        self.actor_inbox.put(Envelope(message))


class Dispatcher:
    """Gives actors their turns. All of it runs in one thread."""

    def __init__(
        self,
        *,
        wake: Callable[[], None],
        clock: Callable[[], float],
        turn_messages: int = 64,
        turn_s: float = 0.002,
    ) -> None:
        self._wake = wake
        self._clock = clock
        self._turn_messages = turn_messages
        self._turn_s = turn_s
        self._ready: deque[DispatchedActor] = deque()
        self._awake = False
        self._posted: deque[tuple[ActorRef[Any], Any]] = deque()
        self.dead_letters: deque[DeadLetter] = deque(maxlen=DEAD_LETTERS_KEPT)
        self.dead_letters_by: Counter[str] = Counter()  # reason -> how many
        self.overflowed: Counter[str] = Counter()  # of actors that ended: `kind:dropped`
        self.on_failure: Callable[[Failure], None] = lambda failure: None
        self.handled = 0

    def schedule(self, actor: DispatchedActor) -> None:
        """The actor has mail."""
        if not actor.ready:
            actor.ready = True
            self._ready.append(actor)
            if not self._awake:
                self._awake = True
                self._wake()

    def post(self, ref: ActorRef[Any], message: Any) -> None:
        """`tell` for other threads: safe there, in order, delivered by the next run. The
        caller must then wake the loop in a way that is safe for threads."""
        self._posted.append((ref, message))

    def run(self) -> bool:
        """Turns until nobody is ready or the time is up. True: somebody still is, and
        `wake` is not called again; whoever runs us must."""
        self._tell_posted()
        deadline = self._clock() + self._turn_s
        while self._ready:
            self._turn(self._ready.popleft())
            if self._clock() >= deadline:
                break
        self._awake = bool(self._ready)
        return self._awake

    def _tell_posted(self) -> None:
        while self._posted:
            self.send(*self._posted.popleft())

    def send(self, ref: ActorRef[Any], message: Any) -> bool:
        """`tell` that never raises: False when the actor is gone or its mailbox is full,
        and the message is a dead letter."""
        try:
            ref.tell(message)
        except ActorDeadError:
            self.bury(ref.actor_class.__name__, message, "actor is gone")
            return False
        except MailboxFull:
            self.bury(ref.actor_class.__name__, message, "mailbox is full")
            return False
        return True

    def broadcast(self, refs: Iterable[ActorRef[Any]], hint: Any) -> None:
        """`send` of one hint to many, in one envelope."""
        envelope = Envelope(hint)
        for ref in refs:
            actor: DispatchedActor | None = ref.actor  # type: ignore[attr-defined] # all are ours
            if actor is None or actor.actor_stopped.flag:
                self.bury(ref.actor_class.__name__, hint, "actor is gone")
            elif actor.actor_inbox.put_hint(envelope) and not actor.ready:
                self.schedule(actor)

    def bury(self, actor: str, message: Any, reason: str) -> None:
        self.dead_letters_by[reason] += 1
        self.dead_letters.append(DeadLetter(actor, type(message).__name__, reason))

    @property
    def dead_letters_total(self) -> int:
        return self.dead_letters_by.total()

    @property
    def idle(self) -> bool:
        return not self._ready and not self._posted

    def _turn(self, actor: DispatchedActor) -> None:
        mail, stopped = actor.actor_inbox.mail, actor.actor_stopped
        for _ in range(self._turn_messages):
            if not mail:
                actor.ready = False
                return
            self.deliver(actor)
            if stopped.flag:
                return
        if mail:
            self._ready.append(actor)
        else:
            actor.ready = False

    def deliver(self, actor: DispatchedActor) -> None:
        """The actor's next message, to its end."""
        envelope = actor.actor_inbox.get()
        message = envelope.message
        self.handled += 1
        try:
            # Our own types have an `admission`; Pykka's stop and proxies go by way of Pykka.
            ours = hasattr(message, "admission")
            response = actor.on_receive(message) if ours else actor._handle_receive(message)
            if envelope.reply_to is not None:
                envelope.reply_to.set(response)
        except Exception as error:  # noqa: BLE001 - the outer loop of every handler
            if envelope.reply_to is not None:
                envelope.reply_to.set_exception()
            else:
                self._fail(actor, error)
        except BaseException as error:  # noqa: BLE001 - gevent.Timeout, GreenletExit, SystemExit
            if envelope.reply_to is not None:
                envelope.reply_to.set_exception()
            self._fail(actor, error)
        if actor.actor_stopped.flag:
            self._empty(actor)

    def start(self, actor: DispatchedActor) -> None:
        try:
            actor.on_start()
        except BaseException as error:  # noqa: BLE001 - a start that fails is a failure like others
            self._fail(actor, error)
        if actor.actor_stopped.is_set():
            if actor.ready:
                self._ready.remove(actor)  # it told itself something first
            self._empty(actor)

    def _fail(self, actor: DispatchedActor, error: BaseException) -> None:
        actor.actor_stopped.set()
        try:
            actor.on_failure(*sys.exc_info())
        except BaseException as second:  # noqa: BLE001 - its clean-up failed too
            self._tell_failure(Failure(actor, second))
        self._tell_failure(Failure(actor, error))

    def _tell_failure(self, failure: Failure) -> None:
        try:
            self.on_failure(failure)
        except BaseException as fault:  # noqa: BLE001 - nothing may leave a turn, not even this
            self.bury("on_failure", fault, "the hook failed")

    def _empty(self, actor: DispatchedActor) -> None:
        """What was left in a stopped actor's mailbox: askers get an error, the rest is dead."""
        actor.ready = False
        while not actor.actor_inbox.empty():
            envelope = actor.actor_inbox.get()
            stop = isinstance(envelope.message, pykka.messages._ActorStop)
            if envelope.reply_to is not None:
                if stop:
                    envelope.reply_to.set(None)
                else:
                    gone = ActorDeadError(f"{actor.actor_ref} stopped before the message")
                    envelope.reply_to.set_exception((ActorDeadError, gone, None))
            elif not stop:
                self.bury(type(actor).__name__, envelope.message, "actor stopped")
        actor.let_go()


class DispatchedActor(pykka.Actor):
    """A Pykka actor whose turns a Dispatcher gives.

    A handler never waits and takes no contended lock: in the hub a switch is an error. What
    must wait is done by a service and comes back as a message. Pykka's registry (a list,
    searched at every stop) is left out: directory.py keeps its own.
    """

    actor_inbox: Mailbox
    actor_stopped: _Stopped  # type: ignore[assignment]

    def __init__(self, dispatcher: Dispatcher, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        # Not Pykka's __init__: its Event and uuid cost 2 KiB and 10 us a connection.
        self.actor_urn = f"urn:earshot:{id(self):x}"
        self.actor_inbox = Mailbox(bounds)
        self.actor_stopped = _Stopped()
        self._actor_ref: DispatchedRef = DispatchedRef(self)
        self.dispatcher = dispatcher
        self.ready = False
        self.actor_inbox.bind(bounds, self._on_mail)

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> ActorRef[Any]:
        """As Pykka's, without its registry. `on_start` has returned when this returns."""
        actor = cls(*args, **kwargs)
        actor._start_actor_loop()
        return actor.actor_ref

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox(DEFAULT_BOUNDS)

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        self.dispatcher.start(self)

    def _on_mail(self) -> None:
        if not self.ready:
            self.dispatcher.schedule(self)

    def _stop(self) -> None:
        self.actor_stopped.set()
        try:
            self.on_stop()
        except BaseException as error:  # noqa: BLE001 - reported; the actor stops all the same
            self.dispatcher.on_failure(Failure(self, error))

    def let_go(self) -> None:
        """The actor has ended: parts that know it must not keep it, so that its memory is
        free at once and not when the collector comes by. Override, and call this too."""
        inbox = self.actor_inbox
        inbox.unbind()
        self._actor_ref.actor = None
        kind = type(self).__name__
        if inbox.dropped:
            self.dispatcher.overflowed[f"{kind}:dropped"] += inbox.dropped
        if inbox.refused:
            self.dispatcher.overflowed[f"{kind}:refused"] += inbox.refused

    def send(self, ref: ActorRef[Any], message: Any) -> bool:
        """Tell another actor; a dead or full one costs nothing but a dead letter."""
        return self.dispatcher.send(ref, message)


__all__ = [
    "DEFAULT_BOUNDS",
    "DeadLetter",
    "DispatchedActor",
    "Dispatcher",
    "Envelope",
    "Failure",
]

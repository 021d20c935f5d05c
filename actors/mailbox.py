"""The bounded mailbox.

Owns how many messages may wait for an actor and what happens to one too many: control
messages (answers, leaves, Pykka's stop) are always admitted, each being the answer to
something bounded elsewhere; durable ones are refused with MailboxFull, so that the sender
can say `busy`; hints are dropped and counted, since a cursor sees the gap. It never
blocks a sender and never runs an actor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import pykka.messages

if TYPE_CHECKING:
    from pykka._envelope import Envelope


class Admission(IntEnum):
    """How a message is admitted. A message type says so with a class attribute `admission`;
    one that does not is durable."""

    CONTROL = 0
    DURABLE = 1
    HINT = 2


class Bounds(NamedTuple):
    """Messages waiting at most. `durable` bounds those that must not be lost."""

    total: int
    durable: int


class MailboxFull(Exception):
    """A durable message was refused; nothing was kept of it."""


def admission_of(message: Any) -> Admission:
    try:
        found: Admission = message.admission
    except AttributeError:
        stop = isinstance(message, pykka.messages._ActorStop)
        return Admission.CONTROL if stop else Admission.DURABLE
    return found


_DURABLE, _HINT = Admission.DURABLE, Admission.HINT


class Mailbox:
    """Pykka's inbox protocol (put, get, empty), with bounds. One thread uses it."""

    __slots__ = ("_durable", "_durable_bound", "_on_mail", "_total", "dropped", "mail", "refused")

    def __init__(self, bounds: Bounds) -> None:
        self._total, self._durable_bound = bounds
        self.mail: deque[Envelope[Any]] = deque()  # to be changed by put, put_hint and get only
        self._durable = 0
        self._on_mail: Callable[[], None] | None = None
        self.dropped = 0  # hints over the bound, since the actor began
        self.refused = 0  # durable messages over the bound, likewise

    def bind(self, bounds: Bounds, on_mail: Callable[[], None]) -> None:
        """Called once, when the actor gets its dispatcher; `on_mail` at every put."""
        self._total, self._durable_bound = bounds
        self._on_mail = on_mail

    def unbind(self) -> None:
        """The actor has ended."""
        self._on_mail = None

    def put(self, envelope: Envelope[Any]) -> None:
        """Raises MailboxFull for a durable message over its bound."""
        try:  # admission_of, without a call
            admission = envelope.message.admission
        except AttributeError:
            admission = admission_of(envelope.message)
        if admission is _HINT:
            if not self.put_hint(envelope):
                return
        else:
            if admission is _DURABLE:
                if self._durable >= self._durable_bound or len(self.mail) >= self._total:
                    self.refused += 1
                    raise MailboxFull(f"{self._durable} messages are waiting")
                self._durable += 1
            self.mail.append(envelope)
        if self._on_mail is not None:
            self._on_mail()

    def put_hint(self, envelope: Envelope[Any]) -> bool:
        """A hint, without `on_mail`, whose envelope others may share. False: dropped."""
        if len(self.mail) >= self._total:
            self.dropped += 1
            return False
        self.mail.append(envelope)
        return True

    def get(self) -> Envelope[Any]:
        """The oldest. Raises IndexError when empty: the dispatcher never waits here."""
        envelope = self.mail.popleft()
        if self._durable and admission_of(envelope.message) is _DURABLE:
            self._durable -= 1
        return envelope

    def empty(self) -> bool:
        return not self.mail

    def peek(self) -> tuple[Any, ...]:
        """The messages waiting, oldest first: for tests and dead letters."""
        return tuple(envelope.message for envelope in self.mail)

    def __len__(self) -> int:
        return len(self.mail)

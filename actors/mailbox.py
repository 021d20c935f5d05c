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
    if isinstance(message, pykka.messages._ActorStop):
        return Admission.CONTROL
    found: Admission = getattr(message, "admission", Admission.DURABLE)
    return found


class Mailbox:
    """Pykka's inbox protocol (put, get, empty), with bounds. One thread uses it."""

    __slots__ = ("_bounds", "_durable", "_mail", "_on_mail", "dropped", "refused")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._mail: deque[Envelope[Any]] = deque()
        self._durable = 0
        self._on_mail: Callable[[], None] | None = None
        self.dropped = 0  # hints over the bound, since the actor began
        self.refused = 0  # durable messages over the bound, likewise

    def bind(self, bounds: Bounds, on_mail: Callable[[], None]) -> None:
        """Called once, when the actor gets its dispatcher; `on_mail` at every put."""
        self._bounds = bounds
        self._on_mail = on_mail

    def put(self, envelope: Envelope[Any]) -> None:
        """Raises MailboxFull for a durable message over its bound."""
        admission = admission_of(envelope.message)
        if admission is Admission.HINT:
            if len(self._mail) >= self._bounds.total:
                self.dropped += 1
                return
        elif admission is Admission.DURABLE:
            if self._durable >= self._bounds.durable or len(self._mail) >= self._bounds.total:
                self.refused += 1
                raise MailboxFull(f"{self._durable} messages are waiting")
            self._durable += 1
        self._mail.append(envelope)
        if self._on_mail is not None:
            self._on_mail()

    def get(self) -> Envelope[Any]:
        """The oldest. Raises IndexError when empty: the dispatcher never waits here."""
        envelope = self._mail.popleft()
        if admission_of(envelope.message) is Admission.DURABLE:
            self._durable -= 1
        return envelope

    def empty(self) -> bool:
        return not self._mail

    def peek(self) -> tuple[Any, ...]:
        """The messages waiting, oldest first: for tests and dead letters."""
        return tuple(envelope.message for envelope in self._mail)

    def __len__(self) -> int:
        return len(self._mail)

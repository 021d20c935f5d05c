"""The three kinds of messages, by what a full mailbox does with them.

Owns the words; messages/ owns the messages. CONTROL is the answer to something that was
bounded before and is always taken, DURABLE is refused (the sender hears `busy`), and a HINT is
dropped, because a cursor sees the gap.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct
from pykka import ActorRef

from actors.mailbox import Admission

Ref = ActorRef[Any]


class Control(Struct, frozen=True):
    admission: ClassVar[Admission] = Admission.CONTROL


class Durable(Struct, frozen=True):
    admission: ClassVar[Admission] = Admission.DURABLE


class Droppable(Struct, frozen=True):
    admission: ClassVar[Admission] = Admission.HINT

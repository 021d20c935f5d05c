"""What actors are given: protocols of the services that wait for them.

Every call returns at once; what comes of it arrives as a message (named in each
docstring). The web layer implements them over Redis and sockets, tests over plain lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pykka import ActorRef

from engine import wire
from engine.identity import Identity
from engine.log import Append, CallKey

if TYPE_CHECKING:
    from engine.assist.asked import Asked
    from engine.assist.material import CallMaterial
    from engine.assist.view import CallExcerpt
    from engine.audit import Kind

Ref = ActorRef[Any]


class Frame:
    """An event as bytes, made once and shared by all receivers.

    `packet` is the Socket.IO packet (`2["event",{…}]`); `encoded` is the outlet's own form
    of it, filled in by the first outlet that needs one.
    """

    __slots__ = ("encoded", "packet")

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.encoded: Any = None

    @classmethod
    def of(cls, event: str, body: bytes) -> Frame:
        return cls(b'2["' + event.encode() + b'",' + body + b"]")

    def parts(self) -> tuple[str, bytes]:
        """(event, body) again."""
        end = self.packet.index(b'"', 3)
        return self.packet[3:end].decode(), self.packet[end + 2 : -1]


class Outlet(Protocol):
    """Bytes to one socket. Never blocks, never knows calls."""

    def send(self, frame: Frame) -> bool:
        """False: there is no room and nothing was taken; a Room message follows when there
        is. The order of frames is the order of calls."""
        ...

    def answer(self, ack_id: Any, body: bytes) -> None:
        """An acknowledgement; always taken, since commands pending are bounded."""
        ...

    def close(self, *, reconnect: bool) -> None:
        """After what was sent. `reconnect`: close the transport, so that clients come back
        by themselves; else a Socket.IO DISCONNECT, so that they stay away."""
        ...

    def rest(self, resting: bool) -> None:
        """Read nothing of the client while it rests: the kernel's buffers fill, and it waits.
        What was read already still comes."""
        ...

    def trust(self) -> None:
        """The client is a producer: it may send much at once."""
        ...

    def stalled_s(self) -> float:
        """For how long the socket has taken nothing although something waits; else 0."""
        ...


class Store(Protocol):
    """The node's way to the log."""

    def append(self, request: Append, reply_to: Ref) -> None:
        """AppendAnswered or AppendFailed."""
        ...

    def read(
        self,
        call: CallKey,
        purpose: Literal["load", "gap", "catch_up"],
        after: int,
        limit: int,
        reply_to: Ref,
        about: Any = None,
    ) -> None:
        """PageRead. With purpose `load` everything after `after`, however long."""
        ...

    def history(self, call: CallKey, query: wire.CallHistory, reply_to: Any, token: Any) -> None:
        """Answered with a HistoryPage."""
        ...

    def lead(self, call: CallKey, ttl_ms: int, asked_at: float, reply_to: Ref) -> None:
        """Led."""
        ...

    def resign(self, call: CallKey) -> None: ...

    def follow(self, call: CallKey, reply_to: Ref) -> None:
        """Following once the store confirmed, then HintArrived; TopSeen now and then."""
        ...

    def unfollow(self, call: CallKey) -> None: ...

    def publish_interim(self, call: CallKey, body: bytes) -> None:
        """To the other nodes, as a hint with seq 0; may be lost."""
        ...

    def index(
        self, call: CallKey, view: wire.CallView, assigned: Sequence[str], unassigned: Sequence[str]
    ) -> None:
        """Derived lists, and who is told that a call is theirs or no longer."""
        ...

    def verdict(self, call: CallKey, body: bytes) -> None:
        """What agents thought of a document, derived from a `feedback:update`."""
        ...

    def shown(self, call: CallKey, suggestion: wire.AiSuggestion, asked: Asked) -> None:
        """A suggestion is in the log: what it was found with is kept for verdicts to come."""
        ...

    def unanswered(self, call: CallKey, because: str, asked: Asked) -> None:
        """The customer asked and no document was good enough to show."""
        ...

    def publish_health(self, call: CallKey, body: bytes) -> None:
        """To the other nodes, as a hint with seq 0; may be lost."""
        ...


class Assist(Protocol):
    def suggest(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Ref) -> None:
        """Proposed, later; over capacity it comes back as shed, and the call's newest trigger
        is asked instead."""
        ...

    @property
    def writes_lines(self) -> bool:
        """Whether a model is configured that writes summary lines."""
        ...

    def line(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Ref) -> None:
        """LineWritten, later: a model's summary line, or that there is none."""
        ...

    def sum_up(self, call: CallKey, material: CallMaterial, reply_to: Ref) -> None:
        """SummedUp, later: by a model where one is configured and answers, else by rules."""
        ...


class Gate(Protocol):
    """Who may come in."""

    def verify(self, auth_token: str, token: Any, reply_to: Ref) -> None:
        """Verified."""
        ...

    def calls_of(self, identity: Identity, token: Any, reply_to: Ref) -> None:
        """CallsListed: the live calls assigned to the agent."""
        ...


class Walls(Protocol):
    """Rows of live calls, for the supervisors of every node, and who watches a call."""

    def write(self, call: CallKey, body: bytes) -> None:
        """Keep a call's row and tell it; may be lost."""
        ...

    def watchers(self, call: CallKey, body: bytes) -> None:
        """To the other nodes, as a hint with seq 0; may be lost."""
        ...

    def follow(self, tenant: str, reply_to: Ref) -> None:
        """RowChanged from now on, of every call of the tenant."""
        ...

    def unfollow(self, tenant: str) -> None: ...

    def read(self, tenant: str, reply_to: Ref) -> None:
        """WallRead."""
        ...


class NoWalls:
    """Where nobody supervises: in tests. What is asked is never answered."""

    def write(self, call: CallKey, body: bytes) -> None: ...

    def watchers(self, call: CallKey, body: bytes) -> None: ...

    def follow(self, tenant: str, reply_to: Ref) -> None: ...

    def unfollow(self, tenant: str) -> None: ...

    def read(self, tenant: str, reply_to: Ref) -> None: ...


class Audit(Protocol):
    """Who watched which call, and who changed what."""

    def note(self, who: Identity, kind: Kind, **about: Any) -> None:
        """Never waits and never fails; `about`: fields of engine.audit.Entry."""
        ...


class NoAudit:
    """Where nobody asks for one: in tests."""

    def note(self, who: Identity, kind: Kind, **about: Any) -> None: ...


class Rooms(Protocol):
    """Each call is a Socket.IO room too, for users' own handlers and emitters."""

    def enter(self, connection_id: str, room: str) -> None: ...

    def leave(self, connection_id: str, room: str) -> None: ...


class Clock(Protocol):
    def wall(self) -> float:
        """Seconds since 1970."""
        ...

    def mono(self) -> float:
        """Seconds that never go back."""
        ...

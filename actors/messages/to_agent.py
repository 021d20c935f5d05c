"""Messages to an AgentActor: its client's commands, what calls and walls tell it, its socket."""

from __future__ import annotations

from typing import Any, Literal

from actors.admitted import Control, Droppable, Durable, Ref
from actors.ports import Frame
from engine import wire
from engine.answers import Snapshot
from engine.errors import EngineError
from engine.identity import Identity
from engine.log import CallKey, StoredEvent


class Ask(Durable, frozen=True):
    """A client's command, decoded. `ack_id` None: it asked for no acknowledgement."""

    body: Any
    ack_id: Any


class Refuse(Control, frozen=True):
    """A command that was refused before it became one. Control: an answer is never dropped;
    who does not read them is closed by the outlet's bound."""

    ack_id: Any
    error: EngineError


class Verified(Control, frozen=True):
    """The answer to a token: an identity, or why not."""

    token: Any
    identity: Identity | None
    error: EngineError | None = None
    client_id: str | None = None  # of a handshake


class CallsListed(Control, frozen=True):
    token: Any
    calls: list[wire.CallView]


class LogFrame(Droppable, frozen=True):
    """An event of the log. One object, shared by all receivers. `epoch` is that of the fold
    it belongs to; `key` and `digest` are for bringing it back, should the log lose it."""

    call: CallKey
    epoch: str
    seq: int
    frame: Frame
    key: str = ""
    digest: str = ""

    def stored(self) -> StoredEvent:
        event, body = self.frame.parts()
        return StoredEvent(self.seq, event, body, self.key, self.digest)


class StateFrame(Droppable, frozen=True):
    """Interim text or another state that is not in the log; nobody misses a lost one."""

    call: CallKey
    frame: Frame
    interim: bool


class Joined(Control, frozen=True):
    call: CallKey
    generation: int
    ref: Ref
    cursor: wire.Cursor
    top: int
    mode: Literal["live", "replay", "snapshot"]
    snapshot: Snapshot | None
    status: wire.CallStatus | None  # with a snapshot: the current one, for plain clients
    interims: tuple[Frame, ...]


class Refused(Control, frozen=True):
    """A Join was refused."""

    call: CallKey
    generation: int
    error: EngineError


class Chunk(Control, frozen=True):
    """What follows a cursor; `top` is where the log ended when it was read."""

    call: CallKey
    generation: int
    frames: tuple[LogFrame, ...]
    top: int
    unavailable: bool = False


class Reopening(Control, frozen=True):
    """The log began a new epoch: an old cursor means nothing; the client comes back."""

    call: CallKey


class CallLost(Control, frozen=True):
    """The call's actor ended by a fault: join again from the cursor."""

    call: CallKey


class WallListed(Control, frozen=True):
    """All rows, in chunks joined by commas, or why not. `token` None: nobody asked anew, the
    connection had no room for what changed."""

    token: int | None
    chunks: tuple[bytes, ...] | None
    error: EngineError | None


class WallFrame(Droppable, frozen=True):
    """Changes of the wall's rows; who has no room for it begins afresh."""

    frame: Frame


class Assigned(Control, frozen=True):
    call: CallKey
    view: wire.CallView | None


class Unassigned(Control, frozen=True):
    """`expelled`: from the call itself, to who was joined; else a notice to every connection
    of the agent. Both may come, in any order; the client is told once."""

    call: CallKey
    expelled: bool = False


class Room(Control, frozen=True):
    """The socket takes bytes again."""


class Close(Control, frozen=True):
    """Say why and close. `reconnect` is the code's."""

    error: EngineError
    after_ms: int = 0


class Gone(Control, frozen=True):
    """The socket is closed."""

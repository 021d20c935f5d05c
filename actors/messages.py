"""What may stand in a mailbox: frozen values, decoded and validated before they get there.

Each type is of a kind (admitted.py) that says whether it may be refused, dropped or neither.
Grouped by who receives it.
"""

from __future__ import annotations

from typing import Any, Literal

from actors.admitted import Control, Droppable, Durable
from actors.admitted import Ref as Ref
from actors.ports import Frame
from engine import wall, wire
from engine.answers import Snapshot
from engine.assist.asked import Asked
from engine.errors import EngineError
from engine.identity import Identity
from engine.log import Answer, CallKey, Hint, Page, StoredEvent

# --- to anybody who asked -----------------------------------------------------------------


class Answered(Control, frozen=True):
    """`value` is a Struct of engine/answers.py, or `error` says why not."""

    token: Any
    value: Any = None
    error: EngineError | None = None


# --- to a CallActor: commands -------------------------------------------------------------


class Create(Durable, frozen=True):
    body: wire.CallCreate
    reply_to: Any
    token: Any


class Change(Durable, frozen=True):
    patch: wire.CallPatch
    request_id: str  # makes a retry after an uncertain append the same request
    reply_to: Any
    token: Any


class AppendSegments(Durable, frozen=True):
    segments: list[wire.Segment]
    reply_to: Any
    token: Any


class GiveVerdict(Durable, frozen=True):
    identity: Identity
    command: wire.DocFeedback
    feedback_id: str
    reply_to: Any
    token: Any


class Dismiss(Durable, frozen=True):
    identity: Identity
    doc_ids: tuple[tuple[int, str], ...]  # (place in the caller's list, document)
    reply_to: Any
    token: Any


Command = Create | Change | AppendSegments | GiveVerdict | Dismiss


class Inspect(Durable, frozen=True):
    """Snapshot and cursor, answered as CallDetail. `identity` None: whoever asks may."""

    identity: Identity | None
    reply_to: Any
    token: Any


class ReadHistory(Durable, frozen=True):
    """Older segments, answered as HistoryPage."""

    identity: Identity
    query: wire.CallHistory
    reply_to: Any
    token: Any


class Erase(Durable, frozen=True):
    """Everybody leaves and the actor ends; the log itself is the caller's to delete."""

    reply_to: Any
    token: Any


class Join(Durable, frozen=True):
    agent: Ref
    connection_id: str
    generation: int  # of this subscription; answers carry it back
    identity: Identity
    since: wire.Cursor | None
    interim: bool


class Leave(Control, frozen=True):
    connection_id: str


class CatchUp(Control, frozen=True):
    """The connection has room again and its cursor is at `after`."""

    agent: Ref
    connection_id: str
    generation: int
    epoch: str
    after: int


# --- to a CallActor: from services --------------------------------------------------------


class AppendAnswered(Control, frozen=True):
    answer: Answer


class AppendFailed(Control, frozen=True):
    reason: str
    uncertain: bool


class PageRead(Control, frozen=True):
    """`page` None with `reason` None: there is no such log."""

    purpose: Literal["load", "gap", "catch_up"]
    after: int
    page: Page | None
    reason: str | None = None  # the store is away
    about: Any = None  # what the asker wants to have back


class HintArrived(Droppable, frozen=True):
    hint: Hint


class Following(Control, frozen=True):
    """The store confirmed: from now on hints arrive."""


class TopSeen(Control, frozen=True):
    """Where the log ends, looked up now and then: a lost last hint leaves no gap to see."""

    epoch: str
    seq: int


class Vanished(Control, frozen=True):
    """A look found no such log: erased, expired, or not created yet. The reader makes sure."""


class Led(Control, frozen=True):
    """`asked_at` is of our monotonic clock, from before the question was sent."""

    asked_at: float
    mine: bool
    fence: int
    ttl_ms: int


class Proposed(Control, frozen=True):
    """Documents and summary for the segment `because`; `failed` when there was an error,
    `shed` when there was no capacity for it or nobody to rank. `asked`: what they were
    found with."""

    because: str
    documents: list[wire.SuggestedDocument]
    summary: str
    summary_kind: wire.SummaryKind
    failed: bool = False
    shed: bool = False
    asked: Asked = Asked()


class LineWritten(Control, frozen=True):
    """A model's summary line; '' when it has none to give: then the rule's line stays."""

    because: str
    text: str


class SummedUp(Control, frozen=True):
    """The after-call summary; epoch and seq are the writer's to give."""

    summary: wire.CallSummary


class ConditionChanged(Control, frozen=True):
    """What the node can do has changed: look at `context.condition`."""


class Tick(Control, frozen=True):
    kind: Literal[
        "lease",
        "vacant",
        "leave",
        "debounce",
        "passivate",
        "retry",
        "deadline",
        "expire",
        "expiring",
        "slow",
        "rested",
        "held",
        "join",
        "rank",
        "line",
        "health",
        "summary",
        "refill",
        "window",
        "going",
        "row",
        "watchers",
        "wall",
        "wall_read",
    ]
    about: Any = None


# --- to a WallActor -----------------------------------------------------------------------


class WatchWall(Durable, frozen=True):
    """A second one of the same connection replaces the first."""

    agent: Ref
    connection_id: str
    filter: wire.CallsFilter
    token: int


class RefreshWall(Control, frozen=True):
    connection_id: str


class LeaveWall(Control, frozen=True):
    connection_id: str


class RowChanged(Droppable, frozen=True):
    """Told by another node or our own; a lost one is found by the next reading."""

    change: wall.Change


class WallRead(Control, frozen=True):
    """Every row there is; None: the store is away."""

    rows: dict[str, wall.Row] | None


# --- to an AgentActor ---------------------------------------------------------------------


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

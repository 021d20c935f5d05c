"""What commands and requests are answered with, and the bodies only HTTP has.

The other half of the wire: engine/wire.py holds events and commands, this file their
answers and the table that pairs them. Generated output is made from both.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.wire import (
    AgentConnect,
    AiSuggestion,
    CallCreate,
    CallHistory,
    CallSubscribe,
    CallSummary,
    CallsWatch,
    CallUnsubscribe,
    CallUpdate,
    CallView,
    ClientReport,
    Cursor,
    DocFeedback,
    DocSeen,
    Error,
    FeedbackUpdate,
    Id,
    Role,
    SegmentAppend,
    Segments,
    SuggestedDocument,
    TranscriptionUpdate,
)

# --- bodies that only HTTP has ------------------------------------------------------------


class SegmentsBody(Struct):
    segments: Segments


class DocumentBody(Struct):
    """A document as it is put: Markdown, HTML or plain text, told apart by its look."""

    id: Id
    title: Annotated[str, Meta(min_length=1, max_length=500)]
    text: Annotated[str, Meta(min_length=1, max_length=500_000)]
    url: Annotated[str, Meta(max_length=2_000)] | None = None
    tags: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=50)] | None = None
    language: Annotated[str, Meta(max_length=35)] | None = None


class TokenBody(Struct):
    agent_id: Id
    role: Role = "agent"


# --- answers ------------------------------------------------------------------------------


class Session(Struct):
    """The answer to `agent:connect`."""

    agent_id: str
    role: Role
    expires_at: str
    server_time: str
    calls: list[CallView]
    tenant: str | None = None  # always said; servers of before it did not


class Snapshot(Struct):
    """A call's state at a cursor; `segments` are the last 200 finals, `after_call` the
    after-call summary once there is one."""

    call: CallView
    segments: list[TranscriptionUpdate]
    suggestion: AiSuggestion | None
    verdicts: list[FeedbackUpdate]
    after_call: CallSummary | UnsetType = UNSET


class Subscription(Struct):
    """`top`, with `replay`: the last seq of what is replayed; who holds it is live."""

    cursor: Cursor
    mode: Literal["live", "replay", "snapshot"]
    snapshot: Snapshot | UnsetType = UNSET
    top: int | UnsetType = UNSET


class HistoryPage(Struct):
    segments: list[TranscriptionUpdate]
    more: bool


class VerdictReceipt(Struct):
    feedback_id: str
    seq: int


class CallList(Struct):
    calls: list[CallView]
    next: str | UnsetType = UNSET


class Receipt(Struct):
    """A call as it is after a command, with the cursor of that moment."""

    call: CallView
    epoch: str
    seq: int


class SegmentReceipt(Struct):
    segment_id: str
    revision: int
    seq: int | None
    outcome: Literal["appended", "repeated", "published"]


class SegmentReceipts(Struct):
    results: list[SegmentReceipt]


class CallDetail(Struct):
    """Snapshot and cursor, taken together."""

    call: CallView
    epoch: str
    seq: int
    segments: list[TranscriptionUpdate]
    suggestion: AiSuggestion | None
    verdicts: list[FeedbackUpdate]
    after_call: CallSummary | UnsetType = UNSET


class Refusal(Struct):
    id: str | None
    error: Error


class DocumentsReceipt(Struct):
    accepted: int
    refused: list[Refusal]


class TextPiece(Struct):
    """A part of a text. `url`: where it leads (http, https, mailto or tel), if anywhere."""

    text: str
    url: str | UnsetType = UNSET


class DocumentBlock(Struct):
    """A part of a document as a person reads it: text, never markup. `text` is one line, of
    code and plain text it may be several; `level` is a heading's, 1 to 6; `number` an item's
    of an ordered list; `cells` a row's, empty ones too. `pieces`, where `text` holds links: all
    of it, cut where they begin and end; `cell_pieces`: the same of each of `cells`."""

    kind: Literal["heading", "text", "item", "row", "code"]
    text: str
    level: int | UnsetType = UNSET
    number: int | UnsetType = UNSET
    cells: list[str] | UnsetType = UNSET
    pieces: list[TextPiece] | UnsetType = UNSET
    cell_pieces: list[list[TextPiece]] | UnsetType = UNSET


class DocumentView(Struct):
    """A document: `text` as it was put, `blocks` as it reads."""

    id: str
    title: str
    text: str
    updated_at: str
    blocks: list[DocumentBlock]
    url: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    language: str | UnsetType = UNSET


class DocumentHits(Struct):
    documents: list[SuggestedDocument]


class Token(Struct):
    token: str
    expires_at: str


class Nothing(Struct):
    """An answer that only says it was done."""


COMMANDS: dict[str, tuple[type[Struct], type[Struct]]] = {
    "agent:connect": (AgentConnect, Session),
    "call:subscribe": (CallSubscribe, Subscription),
    "call:unsubscribe": (CallUnsubscribe, Nothing),
    "call:history": (CallHistory, HistoryPage),
    "doc:feedback": (DocFeedback, VerdictReceipt),
    "doc:seen": (DocSeen, Nothing),
    "calls:watch": (CallsWatch, CallList),
    "client:report": (ClientReport, Nothing),
    "segment:append": (SegmentAppend, SegmentReceipts),
    "call:create": (CallCreate, Receipt),
    "call:update": (CallUpdate, Receipt),
}

"""The wire, described once: every event and command as a msgspec Struct.

Owns names, shapes and bounds of what crosses the network; JSON Schema, the TypeScript
types and docs/protocol.md are generated from here (`make protocol`). It holds no rule
about what is allowed when: that is engine/call.py. Fields may be added, never removed;
a field that may be absent is UNSET, so it is not encoded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

MAX_TEXT = 20_000  # characters of a segment
MAX_METADATA_BYTES = 8_192

Id = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.:@|+*-]{1,128}$(?!\n)",
        description="1 to 128 of letters, digits and _.:@|+*-",
    ),
]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with a zone")]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Speaker = Literal["customer", "agent"]
Status = Literal["active", "on_hold", "ended"]
Reason = Literal["abandoned", "privacy"]
Role = Literal["agent", "supervisor", "producer", "admin"]
SummaryKind = Literal["title", "sentence", "model", "none"]
HealthReason = Literal["no_documents", "words_only", "overloaded", "restarting", "store_away"]


class Cursor(Struct, frozen=True):
    """A place in a call's log. Epochs sort by age; seq counts on across epochs."""

    epoch: Annotated[str, Meta(max_length=64)]
    seq: Seq


class Error(Struct, omit_defaults=True):
    """What every refusal looks like, on the socket and in HTTP."""

    code: str
    message: str
    retryable: bool
    field: str | UnsetType = UNSET
    retry_after_ms: int | UnsetType = UNSET


# --- events: server to client -------------------------------------------------------------


class TranscriptionUpdate(Struct):
    """A piece of transcript. Final text is a fact of the log and has epoch and seq."""

    call_id: str
    speaker: Speaker
    text: str
    timestamp: str
    segment_id: str
    revision: int
    final: bool
    epoch: str | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    participant: str | UnsetType = UNSET


class SuggestedDocument(Struct):
    id: str
    title: str
    excerpt: str
    relevance: Annotated[float, Meta(ge=0, le=1)]
    url: str | UnsetType = UNSET
    matches: list[str] | UnsetType = UNSET


class AiSuggestion(Struct):
    """Documents and a summary line, because of a segment. Replaces the one before."""

    call_id: str
    documents: list[SuggestedDocument]
    summary: str
    summary_kind: SummaryKind
    suggestion_id: str
    because: str
    epoch: str
    seq: int


class CallStatus(Struct):
    """The call itself. `duration` is in whole seconds and runs to now while active."""

    call_id: str
    status: Status
    duration: int
    started_at: str
    agent_ids: list[str]
    epoch: str
    seq: int
    reason: Reason | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    customer: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class FeedbackUpdate(Struct):
    """A verdict, or a dismissal: every screen on the call agrees."""

    call_id: str
    doc_id: str
    agent_id: str
    helpful: bool | None
    epoch: str
    seq: int
    dismissed: bool | UnsetType = UNSET
    feedback_id: str | UnsetType = UNSET


class CallSummary(Struct):
    """The after-call summary."""

    call_id: str
    reason: str
    steps: list[str]
    outcome: str
    follow_ups: list[str]
    source: str
    epoch: str
    seq: int


LogEvent = TranscriptionUpdate | AiSuggestion | CallStatus | FeedbackUpdate | CallSummary


class CallHealth(Struct):
    """State, not a fact of the log: sent on change, after subscribe, and now and then.
    `why` is about suggestions: what keeps them from being what they could be."""

    call_id: str
    transcription: Literal["ok", "silent", "down"]
    suggestions: Literal["ok", "slow", "down"]
    why: HealthReason | UnsetType = UNSET


class LastLine(Struct):
    """The end of a final segment, for a row of the wall."""

    speaker: Speaker
    text: Annotated[str, Meta(description="at most 200 characters, its end")]
    timestamp: str


class VerdictCounts(Struct):
    """Of the verdicts that hold on a call."""

    helpful: int
    unhelpful: int


class CallView(Struct):
    """A call as lists and snapshots show it. The last three only on a supervisor's wall."""

    call_id: str
    status: Status
    duration: int
    started_at: str
    agent_ids: list[str]
    reason: Reason | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    customer: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    last_line: LastLine | UnsetType = UNSET
    health: CallHealth | UnsetType = UNSET
    verdicts: VerdictCounts | UnsetType = UNSET


class CallAssigned(Struct):
    call_id: str
    call: CallView | UnsetType = UNSET


class CallUnassigned(Struct):
    call_id: str


class Watcher(Struct):
    agent_id: str
    role: Role


class CallWatchers(Struct):
    call_id: str
    watchers: list[Watcher]


class CallsChanged(Struct):
    """`complete`: forget the rows of before; what follows without it is added to these."""

    calls: list[CallView]
    removed: list[str] = []
    complete: bool = False


class SessionExpiring(Struct):
    expires_at: str


class SessionClosing(Struct):
    """Said before the server closes. `reconnect` true: come back after `after_ms`."""

    code: str
    reconnect: bool
    after_ms: int


# --- commands: client to server -----------------------------------------------------------


class AgentConnect(Struct):
    agent_id: Id
    auth_token: Annotated[str, Meta(max_length=16_384)]
    client_id: Id | None = None


class CallSubscribe(Struct):
    call_id: Id
    since: Cursor | None = None
    interim: bool = False


class CallUnsubscribe(Struct):
    call_id: Id


class CallHistory(Struct):
    call_id: Id
    epoch: Annotated[str, Meta(max_length=64)]
    before: Seq
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class DocFeedback(Struct):
    doc_id: Id
    helpful: bool | None
    call_id: Id
    feedback_id: Id | None = None


class SeenItem(Struct):
    doc_id: Id
    action: Literal["shown", "opened", "copied", "dismissed"]


class DocSeen(Struct):
    call_id: Id
    items: Annotated[list[SeenItem], Meta(min_length=1, max_length=50)]


class CallsFilter(Struct):
    status: Status | None = None
    agent_id: Id | None = None


class CallsWatch(Struct):
    """`watch: false` ends it."""

    filter: CallsFilter | None = None
    watch: bool = True


class ClientReport(Struct):
    paint_ms: Annotated[list[float], Meta(max_length=200)]


class Segment(Struct):
    """What a producer sends of a segment. `revision` orders interim texts only."""

    segment_id: Id
    speaker: Speaker
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    timestamp: Instant | None = None
    final: bool = True
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    participant: Id | None = None


Segments = Annotated[list[Segment], Meta(min_length=1, max_length=200)]


class SegmentAppend(Struct):
    """`segment:append` on a producer's connection; over HTTP the call is in the path."""

    call_id: Id
    segments: Segments


class CallCreate(Struct):
    agent_ids: Annotated[list[Id], Meta(max_length=50)]
    call_id: Id | None = None
    customer: Annotated[str, Meta(max_length=500)] | None = None
    metadata: dict[str, Any] | None = None


class CallPatch(Struct):
    status: Status | None = None
    reason: Reason | None = None
    agent_ids: Annotated[list[Id], Meta(max_length=50)] | None = None


class CallUpdate(CallPatch, kw_only=True):
    """`call:update` on a producer's connection."""

    call_id: Id


# --- the tables ---------------------------------------------------------------------------

LOG_EVENTS: dict[str, type[Struct]] = {
    "transcription:update": TranscriptionUpdate,
    "ai:suggestion": AiSuggestion,
    "call:status": CallStatus,
    "feedback:update": FeedbackUpdate,
    "call:summary": CallSummary,
}
EVENTS: dict[str, type[Struct]] = LOG_EVENTS | {
    "call:assigned": CallAssigned,
    "call:unassigned": CallUnassigned,
    "call:health": CallHealth,
    "call:watchers": CallWatchers,
    "calls:changed": CallsChanged,
    "session:expiring": SessionExpiring,
    "session:closing": SessionClosing,
    "error": Error,
}
NAME_OF: dict[type[Struct], str] = {shape: name for name, shape in EVENTS.items()}

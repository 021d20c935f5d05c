"""A call, folded from its log: state in, nothing out but views.

Owns what a call is at a cursor, its snapshot, and the promise that a snapshot followed by
later events equals a fresh fold. It decides nothing (engine/decide.py does) and never
raises on a stored event: one that is unknown or ill is counted and advances the cursor.
"""

from __future__ import annotations

from collections import deque
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from engine.answers import Snapshot
from engine.log import CallKey, StoredEvent
from engine.times import seconds_of
from engine.wire import (
    LOG_EVENTS,
    AiSuggestion,
    CallStatus,
    CallSummary,
    CallView,
    Cursor,
    FeedbackUpdate,
    LogEvent,
    Reason,
    Status,
    TranscriptionUpdate,
)

SNAPSHOT_SEGMENTS = 200  # finals that a snapshot shows; older ones by `call:history`

V = TypeVar("V")

_DECODERS = {name: msgspec.json.Decoder(shape) for name, shape in LOG_EVENTS.items()}


class CallState(Struct):
    """Everything a fold knows, as values: what a snapshot in the store is made of."""

    epoch: str
    seq: int
    first: int = 1
    status: Status = "active"
    started_at: str = ""
    ended_at: str | None = None
    reason: Reason | None = None
    agent_ids: list[str] = []
    customer: str | None = None
    metadata: dict[str, Any] | None = None
    finals: dict[str, tuple[int, str]] = {}  # segment_id -> (seq, digest)
    segments: list[TranscriptionUpdate] = []  # the last SNAPSHOT_SEGMENTS finals
    suggestion: AiSuggestion | None = None
    suggested: list[str] = []  # document ids ever suggested, in order
    verdicts: list[FeedbackUpdate] = []  # the last of each agent and document
    dismissed: list[FeedbackUpdate] = []  # the last dismissal of each document
    summary: CallSummary | None = None
    unread: int = 0  # stored events that could not be understood


_decode_state = msgspec.json.Decoder(CallState).decode


class Call:
    """The fold. `apply` is the only thing that changes it."""

    def __init__(self, key: CallKey, state: CallState) -> None:
        self.key = key
        self.epoch = state.epoch
        self.seq = state.seq
        self.first = state.first
        self.status: Status = state.status
        self.started_at = state.started_at
        self.ended_at = state.ended_at
        self.reason: Reason | None = state.reason
        self.agent_ids = tuple(state.agent_ids)
        self.customer = state.customer
        self.metadata = state.metadata
        self.finals = dict(state.finals)
        self.segments = deque(state.segments, maxlen=SNAPSHOT_SEGMENTS)
        self.suggestion = state.suggestion
        self.suggested = dict.fromkeys(state.suggested)
        self.verdicts = {(v.agent_id, v.doc_id): v for v in state.verdicts}
        self.dismissed = {dismissal.doc_id: dismissal for dismissal in state.dismissed}
        self.summary = state.summary
        self.unread = state.unread

    @classmethod
    def empty(cls, key: CallKey, epoch: str, first: int = 1) -> Call:
        """Before the first event of `epoch`, which has seq `first`."""
        return cls(key, CallState(epoch=epoch, seq=first - 1, first=first))

    @classmethod
    def begin(cls, key: CallKey, epoch: str, first: int, base: bytes | None) -> Call:
        """What a log is folded onto, from its first event. `base`: the state that a log made
        anew begins from (engine/refill.py writes it)."""
        if base is None:
            return cls.empty(key, epoch, first)
        state = _decode_state(base)
        state.epoch, state.first = epoch, first
        return cls(key, state)

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)

    @property
    def exists(self) -> bool:
        """False until the event that created the call was folded."""
        return bool(self.started_at)

    def apply(self, stored: StoredEvent, event: LogEvent | None = None) -> None:
        """Fold the next event. The caller has checked that it is NEXT. `event`: what `body`
        was encoded from, where the caller made it; it must not change afterwards."""
        self.seq = stored.seq
        decoder = _DECODERS.get(stored.event)
        if decoder is None:
            self.unread += 1
            return
        try:
            known = decoder.decode(stored.body) if event is None else event
            _FOLDS[type(known)](self, known, stored)
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            self.unread += 1

    def view(self, now_s: float) -> CallView:
        """As lists and snapshots show it; `now_s` in seconds since 1970."""
        return CallView(
            call_id=self.key.call_id,
            status=self.status,
            duration=self.duration(now_s),
            started_at=self.started_at,
            agent_ids=list(self.agent_ids),
            reason=_or_unset(self.reason),
            ended_at=_or_unset(self.ended_at),
            customer=_or_unset(self.customer),
            metadata=_or_unset(self.metadata),
        )

    def status_event(self, now_s: float) -> CallStatus:
        """The current `call:status` at the cursor."""
        view = self.view(now_s)
        return CallStatus(
            call_id=view.call_id,
            status=view.status,
            duration=view.duration,
            started_at=view.started_at,
            agent_ids=view.agent_ids,
            epoch=self.epoch,
            seq=self.seq,
            reason=view.reason,
            ended_at=view.ended_at,
            customer=view.customer,
            metadata=view.metadata,
        )

    def snapshot(self, now_s: float) -> Snapshot:
        """The call's state at its cursor, as a browser gets it. What was dismissed stands
        among the verdicts, or a screen that joins late would show it again."""
        return Snapshot(
            call=self.view(now_s),
            segments=list(self.segments),
            suggestion=self.suggestion,
            verdicts=[*self.verdicts.values(), *self.dismissed.values()],
            after_call=self.summary or UNSET,
        )

    def state(self) -> CallState:
        """Everything, as values; `Call(key, state)` is the same fold again."""
        return CallState(
            epoch=self.epoch,
            seq=self.seq,
            first=self.first,
            status=self.status,
            started_at=self.started_at,
            ended_at=self.ended_at,
            reason=self.reason,
            agent_ids=list(self.agent_ids),
            customer=self.customer,
            metadata=self.metadata,
            finals=dict(self.finals),
            segments=list(self.segments),
            suggestion=self.suggestion,
            suggested=list(self.suggested),
            verdicts=list(self.verdicts.values()),
            dismissed=list(self.dismissed.values()),
            summary=self.summary,
            unread=self.unread,
        )

    def duration(self, now_s: float) -> int:
        """Whole seconds from start to end, or to now while it lives. Never negative."""
        if not self.started_at:
            return 0
        until = seconds_of(self.ended_at) if self.ended_at else now_s
        return max(0, int(until - seconds_of(self.started_at)))

    # --- one fold per event ---------------------------------------------------------------

    def _on_transcription(self, event: TranscriptionUpdate, stored: StoredEvent) -> None:
        self.finals[event.segment_id] = (stored.seq, stored.digest)
        self.segments.append(event)

    def _on_suggestion(self, event: AiSuggestion, stored: StoredEvent) -> None:
        self.suggestion = event
        self.suggested.update(dict.fromkeys(document.id for document in event.documents))

    def _on_status(self, event: CallStatus, stored: StoredEvent) -> None:
        ended_at = _or_none(event.ended_at)
        for instant in (event.started_at, ended_at):
            if instant is not None:
                seconds_of(instant)  # raises before anything is taken over
        self.status = event.status
        self.started_at = event.started_at
        self.agent_ids = tuple(event.agent_ids)
        self.reason = _or_none(event.reason)
        self.ended_at = ended_at
        self.customer = _or_none(event.customer)
        self.metadata = _or_none(event.metadata)

    def _on_feedback(self, event: FeedbackUpdate, stored: StoredEvent) -> None:
        if event.dismissed is True:
            self.dismissed[event.doc_id] = event
            return
        # A new verdict goes to the end, so that the order is that of the last word.
        self.verdicts.pop((event.agent_id, event.doc_id), None)
        if event.helpful is not None:
            self.verdicts[(event.agent_id, event.doc_id)] = event

    def _on_summary(self, event: CallSummary, stored: StoredEvent) -> None:
        self.summary = event


_FOLDS: dict[type[Struct], Any] = {
    TranscriptionUpdate: Call._on_transcription,
    AiSuggestion: Call._on_suggestion,
    CallStatus: Call._on_status,
    FeedbackUpdate: Call._on_feedback,
    CallSummary: Call._on_summary,
}


def _or_unset(value: V | None) -> V | UnsetType:
    return UNSET if value is None else value


def _or_none(value: V | UnsetType) -> V | None:
    return None if isinstance(value, UnsetType) else value

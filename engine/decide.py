"""What is allowed next: functions from a folded call and a command to events.

Owns the rules. A rule returns drafts (what to append) or raises a coded error that names
the field; it never waits, never numbers an event and never changes the call. The writer
calls a rule again after the log moved, so a rule must say the same for the same state.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection
from itertools import islice
from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from engine import wire
from engine.call import Call
from engine.errors import BadRequest, CallEnded, Final, Forbidden, NotFound, StaleRevision
from engine.log import Entry
from engine.redaction.cues import Line
from engine.redaction.redactor import NO_REDACTION, Redactor
from engine.times import instant, instant_at, seconds_of

_encode = msgspec.json.Encoder().encode
# For digests only: the key order of metadata is the caller's accident.
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


class Draft(NamedTuple):
    """An event to append, without epoch and seq: those are the writer's to give."""

    key: str
    digest: str
    event: wire.LogEvent


class SegmentPlan(Struct):
    """What becomes of one segment: appended as `draft`, published as interim text, or
    neither, because it is known (`seq` then says where)."""

    segment: wire.Segment
    outcome: Literal["appended", "repeated", "published"]
    update: wire.TranscriptionUpdate
    draft: Draft | None = None
    seq: int | None = None
    hidden: Counter[str] | None = None  # what was redacted, by kind


def entry(draft: Draft, epoch: str, seq: int) -> Entry:
    """Number a draft and encode it, once, in the bytes the browser gets."""
    draft.event.epoch = epoch
    draft.event.seq = seq
    return Entry(draft.key, draft.digest, wire.NAME_OF[type(draft.event)], _encode(draft.event))


def digest(value: object) -> str:
    """Of what a caller sent: 16 bytes of BLAKE2b over canonical JSON, as hex."""
    return hashlib.blake2b(_encode_sorted(value), digest_size=16).hexdigest()


def create(call_id: str, body: wire.CallCreate, now_s: float) -> Draft:
    """The event that begins a call."""
    metadata = body.metadata
    if metadata is not None and len(_encode(metadata)) > wire.MAX_METADATA_BYTES:
        limit = wire.MAX_METADATA_BYTES
        raise BadRequest(f"`metadata` is over {limit} bytes", field="metadata")
    event = wire.CallStatus(
        call_id=call_id,
        status="active",
        duration=0,
        started_at=instant_at(now_s),
        agent_ids=_unique(body.agent_ids),
        epoch="",
        seq=0,
        customer=body.customer if body.customer is not None else UNSET,
        metadata=metadata if metadata is not None else UNSET,
    )
    return Draft("created", digest(body), event)


def change(call: Call, patch: wire.CallPatch, request_id: str, now_s: float) -> Draft | None:
    """A new status or other agents. None: the call is so already."""
    status = patch.status if patch.status is not None else call.status
    agent_ids = _unique(patch.agent_ids) if patch.agent_ids is not None else list(call.agent_ids)
    if patch.reason is not None and patch.status is None:
        raise BadRequest("`reason` needs a `status`", field="reason")
    reason = patch.reason if patch.status is not None else call.reason
    if (status, agent_ids, reason) == (call.status, list(call.agent_ids), call.reason):
        return None
    if call.status == "ended":
        if status == "ended" and patch.agent_ids is None:
            return None  # ended twice: the first end holds
        raise CallEnded("The call has ended", field="status" if patch.status else "agent_ids")
    event = call.status_event(now_s)
    event.status = status
    event.agent_ids = agent_ids
    event.reason = reason if reason is not None else UNSET
    if status == "ended":
        event.ended_at = instant_at(now_s)
    return Draft(f"status:{request_id}", digest(patch), event)


def segments(
    call: Call,
    batch: list[wire.Segment],
    interims: dict[str, wire.TranscriptionUpdate],
    now_s: float,
    late_grace_s: float,
    redactor: Redactor = NO_REDACTION,
) -> list[SegmentPlan]:
    """One batch, whole: any segment that may not be makes the batch a refusal.

    `interims`: the newest interim text of each segment that is not final yet.
    """
    plans: list[SegmentPlan] = []
    batch_finals: dict[str, str] = {}
    latest = dict(interims)
    recent = islice(reversed(call.segments), redactor.lines_needed)
    said = [Line(line.speaker, line.text) for line in recent][::-1]
    for place, segment in enumerate(batch):
        update = _update(call, segment, place, now_s)
        update.text, hidden = redactor.redact(
            segment.text, segment.speaker, said, final=segment.final
        )
        if segment.final:
            sent = digest(segment if not redactor.on else _blinded(segment, redactor))
            plan = _final(call, segment, update, sent, batch_finals, place)
            said.append(Line(segment.speaker, update.text))
        else:
            plan = _interim(call, segment, update, batch_finals, latest, place)
        plan.hidden = hidden or None
        plans.append(plan)
    if _is_private(call) and any(plan.outcome != "repeated" for plan in plans):
        raise Forbidden("The call is on hold for privacy: nothing said is taken")
    # What is in the log already is answered as the first time, however late it is asked.
    if _is_over(call, now_s, late_grace_s) and any(p.outcome != "repeated" for p in plans):
        raise CallEnded(f"The call ended more than {late_grace_s:g} s ago")
    return plans


def _is_over(call: Call, now_s: float, late_grace_s: float) -> bool:
    if call.status != "ended" or call.ended_at is None:
        return False
    return now_s - seconds_of(call.ended_at) > late_grace_s


def _is_private(call: Call) -> bool:
    return call.status == "on_hold" and call.reason == "privacy"


def _blinded(segment: wire.Segment, redactor: Redactor) -> wire.Segment:
    """What the digest is taken of: a digest of a card number would tell it to whoever tries
    all numbers."""
    blind = redactor.blind(segment.text)
    return segment if blind == segment.text else msgspec.structs.replace(segment, text=blind)


def _final(
    call: Call,
    segment: wire.Segment,
    update: wire.TranscriptionUpdate,
    sent: str,
    batch_finals: dict[str, str],
    place: int,
) -> SegmentPlan:
    known = call.finals.get(segment.segment_id)
    if known is not None and not known[1]:
        known = None  # folded from a hint, which carries no digest: the log judges by its key
    if known is not None or segment.segment_id in batch_finals:
        seq, first = known if known is not None else (None, batch_finals[segment.segment_id])
        if sent != first:
            raise Final(
                f"Segment {segment.segment_id} is final with another content",
                field=f"segments[{place}].segment_id",
            )
        return SegmentPlan(segment, "repeated", update, seq=seq)
    batch_finals[segment.segment_id] = sent
    draft = Draft(f"segment:{segment.segment_id}", sent, update)
    return SegmentPlan(segment, "appended", update, draft)


def _interim(
    call: Call,
    segment: wire.Segment,
    update: wire.TranscriptionUpdate,
    batch_finals: dict[str, str],
    latest: dict[str, wire.TranscriptionUpdate],
    place: int,
) -> SegmentPlan:
    if segment.segment_id in call.finals or segment.segment_id in batch_finals:
        raise Final(
            f"Segment {segment.segment_id} is final; interim text comes before",
            field=f"segments[{place}].final",
        )
    before = latest.get(segment.segment_id)
    if before is not None and segment.revision <= before.revision:
        if (before.revision, before.text) == (segment.revision, update.text):
            return SegmentPlan(segment, "repeated", update)
        raise StaleRevision(
            f"Revision {segment.revision} of segment {segment.segment_id} is not after "
            f"{before.revision}",
            field=f"segments[{place}].revision",
        )
    latest[segment.segment_id] = update
    return SegmentPlan(segment, "published", update)


def verdict(call: Call, agent_id: str, command: wire.DocFeedback, feedback_id: str) -> Draft:
    """Helpful, unhelpful, or taken back. Possible after the end, as long as the log lives."""
    _known_document(call, command.doc_id, "doc_id")
    event = wire.FeedbackUpdate(
        call_id=call.key.call_id,
        doc_id=command.doc_id,
        agent_id=agent_id,
        helpful=command.helpful,
        epoch="",
        seq=0,
        feedback_id=feedback_id,
    )
    sent = digest((command.doc_id, command.helpful))
    return Draft(f"verdict:{agent_id}:{feedback_id}", sent, event)


def dismissal(call: Call, agent_id: str, doc_id: str, place: int) -> Draft:
    """The agent does not want to see the document in this call again."""
    _known_document(call, doc_id, f"items[{place}].doc_id")
    current = call.verdicts.get((agent_id, doc_id))
    event = wire.FeedbackUpdate(
        call_id=call.key.call_id,
        doc_id=doc_id,
        agent_id=agent_id,
        helpful=current.helpful if current is not None else None,
        epoch="",
        seq=0,
        dismissed=True,
    )
    return Draft(f"dismissal:{agent_id}:{doc_id}", digest(doc_id), event)


def suggestion(
    call: Call,
    because: str,
    documents: list[wire.SuggestedDocument],
    summary: str,
    summary_kind: wire.SummaryKind,
    *,
    gone: Collection[str] = (),
    changed: Collection[wire.SuggestedDocument] = (),
    keep_line: bool = False,
) -> Draft | None:
    """At most one per trigger, by its key. None: nothing would change on the screen.
    `gone`: documents that exist no more and leave the screen; `changed`: new cards of those that
    say something else by now; both also where there is nothing else to say. `keep_line`: a line
    that a model wrote stays until it writes another."""
    documents = [shown for shown in documents if shown.id not in call.dismissed]
    now_shown = call.suggestion
    if keep_line and now_shown is not None and now_shown.summary_kind == "model":
        summary, summary_kind = now_shown.summary, now_shown.summary_kind
    if now_shown is None and not documents and not summary:
        return None
    if now_shown is not None:
        stale = {*gone, *(card.id for card in changed)} & {d.id for d in now_shown.documents}
        if now_shown.documents and not documents:
            # A "thanks" has nothing to say: what is on the screen stays. A "yes" may settle
            # what the call is about.
            if summary_kind != "title":
                if not stale:
                    return None
                if _line_stands(now_shown, gone, changed):
                    summary, summary_kind = now_shown.summary, now_shown.summary_kind
            documents = _kept(now_shown.documents, {*call.dismissed, *gone}, changed)
        same_documents = [d.id for d in now_shown.documents] == [d.id for d in documents]
        if same_documents and now_shown.summary == summary and not stale:
            return None
    event = wire.AiSuggestion(
        call_id=call.key.call_id,
        documents=documents,
        summary=summary,
        summary_kind=summary_kind,
        suggestion_id=f"suggestion:{because}"[:128],
        because=because,
        epoch="",
        seq=0,
    )
    return Draft(f"suggestion:{because}", "", event)


def _kept(
    shown: list[wire.SuggestedDocument],
    out: Collection[str],
    changed: Collection[wire.SuggestedDocument],
) -> list[wire.SuggestedDocument]:
    renewed = {card.id: card for card in changed}
    return [renewed.get(card.id, card) for card in shown if card.id not in out]


def _line_stands(
    shown: wire.AiSuggestion,
    gone: Collection[str],
    changed: Collection[wire.SuggestedDocument],
) -> bool:
    """Whether what the line is about is there, and is called what the line calls it."""
    first = shown.documents[0]
    if first.id in gone:
        return False
    renamed = any(card.id == first.id and card.title != first.title for card in changed)
    return not (renamed and shown.summary_kind == "title")


def model_line(call: Call, because: str, text: str) -> Draft | None:
    """The documents on the screen with a line that a model wrote because of a segment."""
    now_shown = call.suggestion
    if call.status == "ended" or (now_shown is not None and now_shown.summary == text):
        return None
    event = wire.AiSuggestion(
        call_id=call.key.call_id,
        documents=list(now_shown.documents) if now_shown is not None else [],
        summary=text,
        summary_kind="model",
        suggestion_id=f"line:{because}"[:128],
        because=because,
        epoch="",
        seq=0,
    )
    return Draft(f"line:{because}", "", event)


def after_call(call: Call, summary: wire.CallSummary) -> Draft | None:
    """Once, after the end."""
    if call.status != "ended" or call.summary is not None:
        return None
    return Draft("summary", "", summary)


def _known_document(call: Call, doc_id: str, field: str) -> None:
    if doc_id not in call.suggested:
        raise NotFound(f"Document {doc_id} was not suggested in this call", field=field)


def _update(
    call: Call, segment: wire.Segment, place: int, now_s: float
) -> wire.TranscriptionUpdate:
    try:
        when = instant(segment.timestamp) if segment.timestamp else instant_at(now_s)
    except OverflowError:  # year 1 or 9999 in a zone of its own
        raise BadRequest(
            "`timestamp` has no place in UTC", field=f"segments[{place}].timestamp"
        ) from None
    return wire.TranscriptionUpdate(
        call_id=call.key.call_id,
        speaker=segment.speaker,
        text=segment.text,
        timestamp=when,
        segment_id=segment.segment_id,
        revision=segment.revision,
        final=segment.final,
        participant=segment.participant if segment.participant is not None else UNSET,
    )


def _unique(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))

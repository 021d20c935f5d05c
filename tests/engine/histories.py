"""Random histories of a call, as the log would hold them, for the properties of the fold."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from engine import decide, wire
from engine.call import Call
from engine.log import CallKey, StoredEvent

KEY = CallKey("default", "call-1")
EPOCH = "0001"

# Few examples each time and no deadline: the fast tests run on whatever machine is at hand.
quick = settings(max_examples=30, deadline=None, database=None)

_segments = st.builds(
    lambda number, speaker, text: ("segment", f"s{number}", speaker, text),
    st.integers(0, 400),
    st.sampled_from(["customer", "agent"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1),
)
_suggestions = st.lists(st.sampled_from(["d1", "d2", "d3"]), max_size=3, unique=True).map(
    lambda ids: ("suggestion", ids)
)
_verdicts = st.tuples(
    st.just("verdict"),
    st.sampled_from(["ann", "ben"]),
    st.sampled_from(["d1", "d2", "d3"]),
    st.sampled_from([True, False, None]),
)
_dismissals = st.tuples(
    st.just("dismissal"), st.sampled_from(["ann", "ben"]), st.sampled_from(["d1", "d2", "d3"])
)
_statuses = st.tuples(
    st.just("status"),
    st.sampled_from(["active", "on_hold", "ended"]),
    st.sampled_from([["ann"], ["ben"], ["ann", "ben"], []]),
)
_ill = st.sampled_from(
    [
        ("ill", "call:moved", b'{"of":"a newer node"}'),
        ("ill", "call:status", b'{"status":"active"}'),
        ("ill", "call:status", b"not json"),
        ("ill", "feedback:update", b'{"call_id":"\xff"}'),
        ("ill", "transcription:update", b"[" * 5_000 + b"]" * 5_000),
    ]
)
steps = st.lists(
    st.one_of(_segments, _suggestions, _verdicts, _dismissals, _statuses, _ill), max_size=40
)


def stored(event: wire.LogEvent, seq: int, key: str = "", digest: str = "") -> StoredEvent:
    """As an append numbers and encodes it."""
    entry = decide.entry(decide.Draft(key, digest, event), EPOCH, seq)
    return StoredEvent(seq, entry.event, entry.body, entry.key, entry.digest)


def created(seq: int = 1, agent_ids: tuple[str, ...] = ("ann",)) -> StoredEvent:
    body = wire.CallCreate(agent_ids=list(agent_ids), customer="Kim", metadata={"line": 7})
    draft = decide.create(KEY.call_id, body, now_s=1_700_000_000.0)
    return stored(draft.event, seq, draft.key, draft.digest)


def history(drawn: list[Any]) -> list[StoredEvent]:
    """A call's log: its creation, then what was drawn, numbered 1, 2, 3 …"""
    log = [created()]
    for step in drawn:
        log.append(_stored(step, len(log) + 1))
    return log


def fold(log: list[StoredEvent]) -> Call:
    call = Call.empty(KEY, EPOCH)
    for event in log:
        call.apply(event)
    return call


def _stored(step: Any, seq: int) -> StoredEvent:
    kind, *drawn = step
    if kind == "ill":
        return StoredEvent(seq, drawn[0], drawn[1], "", "")
    if kind == "segment":
        segment_id, speaker, text = drawn
        event: wire.LogEvent = wire.TranscriptionUpdate(
            KEY.call_id, speaker, text, "2024-01-01T00:00:00.000Z", segment_id, 0, True
        )
        return stored(event, seq, f"segment:{segment_id}", decide.digest(text))
    if kind == "suggestion":
        documents = [wire.SuggestedDocument(one, one.upper(), "…", 0.5) for one in drawn[0]]
        event = wire.AiSuggestion(
            KEY.call_id, documents, "", "none", f"suggestion:s{seq}", f"s{seq}", EPOCH, seq
        )
    elif kind == "verdict":
        agent_id, doc_id, helpful = drawn
        event = wire.FeedbackUpdate(KEY.call_id, doc_id, agent_id, helpful, EPOCH, seq)
    elif kind == "dismissal":
        agent_id, doc_id = drawn
        event = wire.FeedbackUpdate(KEY.call_id, doc_id, agent_id, None, EPOCH, seq, True)
    else:
        status, agent_ids = drawn
        event = wire.CallStatus(
            KEY.call_id, status, 5, "2023-11-14T22:13:20.000Z", agent_ids, EPOCH, seq
        )
    return stored(event, seq)

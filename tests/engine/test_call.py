"""The fold of a call: a snapshot and what came later are the whole of it, wherever it is cut."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.answers import Snapshot
from engine.call import SNAPSHOT_SEGMENTS, Call, CallState
from engine.log import StoredEvent
from engine.wire import (
    LOG_EVENTS,
    CallStatus,
    CallSummary,
    FeedbackUpdate,
    TranscriptionUpdate,
)
from tests.engine.histories import EPOCH, KEY, created, fold, history, quick, steps, stored

NOW = 1_700_000_600.0
START = 1_700_000_000.0


class Browser:
    """What a screen can know: the wire's snapshot, then the events that follow it."""

    def __init__(self, snapshot: Snapshot, seq: int) -> None:
        self.seq = seq
        self.status = (snapshot.call.status, snapshot.call.agent_ids)
        self.segments = [(one.seq, one.text) for one in snapshot.segments]
        self.suggestion = snapshot.suggestion
        self.verdicts: dict[tuple[str, str], bool] = {}
        self.dismissed: set[str] = set()
        for verdict in snapshot.verdicts:
            self._on_feedback(verdict)

    def apply(self, event: StoredEvent) -> None:
        assert event.seq == self.seq + 1
        self.seq = event.seq
        try:
            body: Any = msgspec.json.decode(event.body, type=LOG_EVENTS[event.event])
        except (KeyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return  # not for us: a screen skips what it does not know
        if isinstance(body, TranscriptionUpdate):
            self.segments = [*self.segments, (body.seq, body.text)][-SNAPSHOT_SEGMENTS:]
        elif isinstance(body, FeedbackUpdate):
            self._on_feedback(body)
        elif isinstance(body, CallStatus):
            self.status = (body.status, body.agent_ids)
        else:
            self.suggestion = body

    def _on_feedback(self, event: FeedbackUpdate) -> None:
        if event.dismissed is True:
            self.dismissed.add(event.doc_id)
        elif event.helpful is None:
            self.verdicts.pop((event.agent_id, event.doc_id), None)
        else:
            self.verdicts[(event.agent_id, event.doc_id)] = event.helpful


def through_the_wire(snapshot: Snapshot) -> Snapshot:
    return msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot)


@quick
@given(steps, st.data())
def test_a_state_and_the_later_events_equal_a_fresh_fold(drawn: list[Any], data: Any) -> None:
    log = history(drawn)
    cut = data.draw(st.integers(0, len(log)))
    kept = msgspec.json.encode(fold(log[:cut]).state())
    call = Call(KEY, msgspec.json.decode(kept, type=CallState))
    for event in log[cut:]:
        call.apply(event)
    assert call.state() == fold(log).state()
    assert call.snapshot(NOW) == fold(log).snapshot(NOW)


@quick
@given(steps, st.data())
def test_a_browser_with_a_snapshot_and_the_later_events_shows_what_a_fresh_one_shows(
    drawn: list[Any], data: Any
) -> None:
    log = history(drawn)
    cut = data.draw(st.integers(1, len(log)))
    early = Browser(through_the_wire(fold(log[:cut]).snapshot(NOW)), cut)
    for event in log[cut:]:
        early.apply(event)
    late = Browser(through_the_wire(fold(log).snapshot(NOW)), len(log))
    assert vars(early) == vars(late)


@quick
@given(steps)
def test_every_stored_event_advances_the_cursor_whatever_it_says(drawn: list[Any]) -> None:
    log = history(drawn)
    call = fold(log)
    assert call.cursor.seq == len(log)
    assert call.unread == sum(1 for step in drawn if step[0] == "ill")


@quick
@given(st.sampled_from([*LOG_EVENTS, "unheard:of"]), st.binary(max_size=200))
def test_no_bytes_in_the_log_raise(event: str, body: bytes) -> None:
    call = Call.empty(KEY, EPOCH)
    call.apply(StoredEvent(1, event, body, "", ""))
    call.snapshot(NOW)
    assert (call.seq, call.unread) == (1, 1)


def test_a_stored_event_nested_deeper_than_any_parser_follows_does_not_raise() -> None:
    call = fold([created()])
    body = b'{"seq":2,"metadata":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001
    call.apply(StoredEvent(2, "call:status", body, "", ""))
    assert (call.seq, call.unread, call.status) == (2, 1, "active")


@pytest.mark.parametrize("field", ["started_at", "ended_at"])
def test_a_status_with_an_instant_that_is_none_changes_nothing(field: str) -> None:
    call = fold([created()])
    ill = call.status_event(NOW)
    ill.status = "ended"
    setattr(ill, field, "yesterday")
    call.apply(stored(ill, 2))
    assert (call.status, call.unread, call.seq) == ("active", 1, 2)
    assert call.view(NOW).duration == 600


def test_a_state_is_a_copy_that_later_events_do_not_reach() -> None:
    log = history([("segment", "s1", "customer", "hello"), ("suggestion", ["d1"])])
    call = fold(log[:1])
    before = call.state()
    for event in log[1:]:
        call.apply(event)
    assert before == fold(log[:1]).state()


def test_the_snapshot_shows_the_last_finals_and_the_fold_knows_them_all() -> None:
    log = history([("segment", f"s{n}", "agent", "x") for n in range(SNAPSHOT_SEGMENTS + 5)])
    call = fold(log)
    shown = [segment.segment_id for segment in call.snapshot(NOW).segments]
    assert shown == [f"s{n}" for n in range(5, SNAPSHOT_SEGMENTS + 5)]
    assert len(call.finals) == SNAPSHOT_SEGMENTS + 5


def test_a_verdict_taken_back_is_gone_and_the_last_word_stands_last() -> None:
    log = history(
        [
            ("verdict", "ann", "d1", True),
            ("verdict", "ben", "d1", False),
            ("verdict", "ann", "d1", False),
            ("verdict", "ben", "d1", None),
        ]
    )
    verdicts = fold(log[:4]).snapshot(NOW).verdicts
    assert [(v.agent_id, v.helpful) for v in verdicts] == [("ben", False), ("ann", False)]
    assert [v.agent_id for v in fold(log).snapshot(NOW).verdicts] == ["ann"]


def test_a_dismissal_keeps_the_verdict_and_stands_in_the_snapshot() -> None:
    call = fold(history([("verdict", "ann", "d1", True), ("dismissal", "ben", "d1")]))
    assert [(v.agent_id, v.helpful, v.dismissed) for v in call.snapshot(NOW).verdicts] == [
        ("ann", True, msgspec.UNSET),
        ("ben", None, True),
    ]


def test_the_duration_runs_to_now_until_the_end_and_is_never_negative() -> None:
    call = fold([created()])
    assert call.duration(START + 90.9) == 90
    assert call.duration(START - 5) == 0
    ended = call.status_event(START + 60)
    ended.status, ended.ended_at = "ended", "2023-11-14T22:14:20.000Z"
    call.apply(stored(ended, 2))
    assert call.duration(START + 9_000) == 60


def test_before_its_first_event_a_call_does_not_exist() -> None:
    call = Call.empty(KEY, EPOCH, first=8)
    assert (call.exists, call.seq, call.duration(NOW)) == (False, 7, 0)
    call.apply(created(seq=8))
    assert call.exists


def test_a_snapshot_has_the_after_call_summary_once_there_is_one() -> None:
    summary = CallSummary("c1", "No light", ["Restarted"], "Solved", [], "rules", EPOCH, 2)
    call = fold([created()])
    assert call.snapshot(NOW).after_call is msgspec.UNSET
    call.apply(StoredEvent(2, "call:summary", msgspec.json.encode(summary), "", ""))
    assert through_the_wire(call.snapshot(NOW)).after_call == summary

"""Older segments, read backwards over the reference log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.history import STEP, history_page
from engine.log import Append, Entry
from engine.log_memory import MemoryLog
from engine.wire import CallHistory
from tests.engine.histories import EPOCH, KEY, history, quick

_kinds = st.lists(st.sampled_from("sx"), max_size=30)


def log_of(kinds: str) -> MemoryLog:
    """A log with a segment for each `s` and another event for each `x`, after the creation."""
    drawn = [
        ("segment", f"s{place}", "customer", "hello") if kind == "s" else ("status", "active", [])
        for place, kind in enumerate(kinds, start=2)
    ]
    log = MemoryLog(clock=lambda: 0.0)
    entries = tuple(
        Entry(event.key or f"k{event.seq}", event.digest, event.event, event.body)
        for event in history(drawn)
    )
    log.append([Append(KEY, EPOCH, 0, entries, create=True)])
    return log


def page(log: MemoryLog, before: int, limit: int = 100) -> tuple[list[int], bool]:
    found = history_page(log, KEY, CallHistory(KEY.call_id, EPOCH, before, limit))
    return [int(segment.seq) for segment in found.segments], found.more


@quick
@given(_kinds, st.integers(1, 7))
def test_paging_back_from_the_end_finds_every_segment_once(kinds: list[str], limit: int) -> None:
    log = log_of("".join(kinds))
    wanted = [place for place, kind in enumerate(kinds, start=2) if kind == "s"]
    found: list[int] = []
    before, more = len(kinds) + 2, True
    while more:
        seqs, more = page(log, before, limit)
        assert len(seqs) <= limit
        found = seqs + found
        before = seqs[0] if seqs else 0
    assert found == wanted


def test_a_page_is_oldest_first_and_says_whether_there_may_be_more() -> None:
    log = log_of("sxsxs")
    assert page(log, before=7, limit=2) == ([4, 6], True)
    assert page(log, before=4, limit=2) == ([2], False)
    assert page(log, before=1) == ([], False)


def test_what_is_before_any_number_is_the_latest() -> None:
    assert page(log_of("sss"), before=2**53 - 1, limit=2) == ([3, 4], True)


def test_a_long_stretch_without_segments_is_read_over() -> None:
    assert page(log_of("s" + "x" * (STEP * 3)), before=STEP * 3 + 3) == ([2], False)


def test_a_segment_that_cannot_be_understood_is_left_out() -> None:
    log = log_of("s")
    ill = Entry("segment:ill", "", "transcription:update", b'{"from":"a newer node"}')
    log.append([Append(KEY, EPOCH, 2, (ill,))])
    assert page(log, before=9) == ([2], False)


@pytest.mark.parametrize("before", [0, 1, 50])
def test_a_call_without_a_log_has_no_history(before: int) -> None:
    assert page(MemoryLog(clock=lambda: 0.0), before) == ([], False)

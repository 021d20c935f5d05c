"""The cursor: however history and live events are mixed, each is passed on once, in order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cursor import Relation, relation
from engine.wire import Cursor
from tests.engine.histories import quick

EPOCHS = ("0001", "0002", "0010")


@quick
@given(st.integers(0, 30), st.integers(0, 30), st.data())
def test_any_interleaving_of_history_and_live_events_yields_each_seq_once_in_order(
    start: int, length: int, data: Any
) -> None:
    """Live events may be lost, repeated and out of order; at a gap, the log is read."""
    log = list(range(1, start + length + 1))
    live = data.draw(st.lists(st.sampled_from(log), max_size=60)) if log else []
    cursor, seen = Cursor("0001", start), []

    def take(seq: int) -> Relation:
        nonlocal cursor
        found = relation(cursor, "0001", seq)
        if found is Relation.NEXT:
            cursor = Cursor("0001", seq)
            seen.append(seq)
        return found

    for seq in live:
        if take(seq) is Relation.GAP:
            page = data.draw(st.integers(1, 8))
            for missing in log[max(0, cursor.seq - 2) : cursor.seq + page]:
                take(missing)  # a page may begin with what is known
    while cursor.seq < len(log):
        assert take(log[cursor.seq]) is Relation.NEXT
    assert seen == log[start:]


@quick
@given(st.sampled_from(EPOCHS), st.integers(0, 9), st.sampled_from(EPOCHS), st.integers(1, 10))
def test_every_event_has_exactly_one_meaning(epoch: str, seq: int, of: str, number: int) -> None:
    found = relation(Cursor(epoch, seq), of, number)
    if of > epoch:
        assert found is Relation.RESET
    elif of < epoch or number <= seq:
        assert found is Relation.STALE
    else:
        assert found is (Relation.NEXT if number == seq + 1 else Relation.GAP)


@pytest.mark.parametrize("seq", [0, 1, 7, 2**53 - 1])
def test_a_newer_epoch_resets_at_any_seq_and_an_older_one_is_stale(seq: int) -> None:
    assert relation(Cursor("0002", 7), "0003", seq) is Relation.RESET
    assert relation(Cursor("0002", 7), "0001", seq) is Relation.STALE

"""Lines as segments: interim text that grows, then the final text, in the order of time."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.cli.scripts import Interim, Line, Script
from web.cli.timeline import INTERIM_S, growing, timeline

LINE = Line("customer", "my card was swallowed by the machine", 10.0, 2.8)


def test_a_line_without_interim_texts_grows_word_by_word() -> None:
    texts = [entry.text for entry in growing(LINE)]
    assert texts[0] == "my"
    assert texts[-1] == "my card was swallowed by the"
    assert all(LINE.text.startswith(text + " ") for text in texts)
    assert [len(text) for text in texts] == sorted({len(text) for text in texts})


def test_interim_texts_come_no_faster_than_a_recogniser_sends_them() -> None:
    times = [entry.at_s for entry in growing(LINE)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= INTERIM_S - 1e-9
    assert LINE.at_s < times[0]
    assert times[-1] < LINE.end_s


def test_the_final_text_is_the_last_piece_of_its_line_and_due_at_its_end() -> None:
    pieces = timeline(Script("a", (LINE,)), interim=True)
    assert pieces[-1].final
    assert pieces[-1].text == LINE.text
    assert pieces[-1].at_s == pytest.approx(12.8)
    assert [piece.final for piece in pieces[:-1]] == [False] * (len(pieces) - 1)


def test_the_pieces_of_a_line_share_its_id_and_count_their_revisions() -> None:
    pieces = timeline(Script("a", (LINE,)), interim=True)
    assert {piece.segment_id for piece in pieces} == {"line-001"}
    assert [piece.revision for piece in pieces] == list(range(1, len(pieces) + 1))


def test_given_interim_texts_are_posted_as_they_are() -> None:
    line = LINE._replace(interims=(Interim(10.5, "my cart"), Interim(11.0, "my card was")))
    pieces = timeline(Script("a", (line,)), interim=True)
    assert [piece.text for piece in pieces] == ["my cart", "my card was", LINE.text]


def test_an_interim_text_after_the_final_one_is_left_out() -> None:
    line = LINE._replace(interims=(Interim(99.0, "too late"),))
    assert [piece.final for piece in timeline(Script("a", (line,)), interim=True)] == [True]


def test_without_interim_text_there_is_one_piece_a_line() -> None:
    pieces = timeline(Script("a", (LINE, LINE._replace(at_s=20.0))), interim=False)
    assert [(piece.segment_id, piece.final) for piece in pieces] == [
        ("line-001", True),
        ("line-002", True),
    ]


def test_lines_spoken_at_once_are_posted_in_the_order_of_time() -> None:
    over = Line("agent", "sorry to hear that", 11.0, 1.0)
    pieces = timeline(Script("a", (LINE, over)), interim=True)
    assert [piece.at_s for piece in pieces] == sorted(piece.at_s for piece in pieces)
    assert [piece.text for piece in pieces if piece.final] == [over.text, LINE.text]


@given(
    st.integers(1, 60), st.floats(0.001, 1e9, allow_nan=False), st.floats(0, 1e6, allow_nan=False)
)
def test_whatever_its_length_a_line_grows_and_ends_in_its_final_text(
    words: int, duration_s: float, at_s: float
) -> None:
    line = Line("agent", " ".join(["word"] * words), at_s, duration_s)
    pieces = timeline(Script("a", (line,)), interim=True)
    assert pieces[-1].final
    assert len(pieces) <= words
    assert [p.revision for p in pieces] == list(range(1, len(pieces) + 1))
    assert len({p.text for p in pieces}) == len(pieces)

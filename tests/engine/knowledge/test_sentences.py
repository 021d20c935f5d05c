"""Cutting and shortening plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.knowledge.sentences import LONGEST_TOKEN, sentences, shortened, word_pieces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello. How are you? Fine!", ["Hello.", "How are you?", "Fine!"]),
        ("sure. i'm looking. one moment", ["sure.", "i'm looking.", "one moment"]),
        ("Ask Mr. Smith at no. 5. Then go.", ["Ask Mr. Smith at no. 5.", "Then go."]),
        ("Is it right? No. It is not.", ["Is it right?", "No.", "It is not."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("It costs 9.50 EUR, e.g. for two.", ["It costs 9.50 EUR, e.g. for two."]),
        ("退款需要三天。请稍等。", ["退款需要三天。", "请稍等。"]),
        ("  \n ", []),
    ],
)
def test_a_text_is_cut_where_a_sentence_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet=st.sampled_from("ab A.!?… \n\"'()1。"), max_size=120))
def test_no_character_of_a_paragraph_is_lost_by_cutting(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_sentence_of_many_words_comes_in_pieces() -> None:
    assert list(word_pieces("a b c d e", 2)) == ["a b", "c d", "e"]


def test_a_run_without_spaces_is_cut_too() -> None:
    pieces = list(word_pieces("x" * (3 * LONGEST_TOKEN), 2))

    assert [len(piece) for piece in pieces] == [2 * LONGEST_TOKEN + 1, LONGEST_TOKEN]


def test_a_text_is_shortened_between_words() -> None:
    assert shortened("The refund takes three days", 20) == "The refund takes…"
    assert shortened("The refund takes three days", 17) == "The refund takes…"
    assert shortened("short", 20) == "short"


@given(st.text(max_size=400), st.integers(1, 50))
def test_a_shortened_text_is_never_longer_than_asked(text: str, most: int) -> None:
    assert len(shortened(text, most)) <= most

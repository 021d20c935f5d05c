"""What of a sentence is left when names and numbers go."""

from __future__ import annotations

import pytest

from engine.assist.anonymous import spans, without_numbers


def rarity(term: str) -> float:
    return 1.0 if term in ("invoic", "router", "refund", "light", "larkfield", "baker") else 0.0


def left(sentence: str, tag: str | None = None) -> list[str]:
    return list(spans(sentence, rarity, tag))


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("My invoice is wrong.", ["My invoice is wrong."]),
        ("my invoice of 34 pounds is wrong", ["my invoice", "is wrong"]),
        ("I was charged 34.50 twice by Larkfield", ["I was charged", "twice by Larkfield"]),
        ("the router shows three lights", ["the router", "lights"]),
        ("I need a new one", ["I need a new one"]),
        ("it's four oh two one seven", []),
        ("It is Margaret Hollis here", ["here"]),
        ("my name is tom baker and my router is broken", ["my router is broken"]),
        ("This is Mrs. Baker, about a refund", ["about a refund"]),
        ("it's spelled h o l l i s and i want a refund", ["i want a refund"]),
        ("mail me at john@example.org about the refund", ["mail me", "about the refund"]),
        ("it was on friday the third of june", []),
        ("I'm Chloe and I want a refund", ["I want a refund"]),
    ],
)
def test_a_sentence_is_cut_where_it_says_too_much(sentence: str, parts: list[str]) -> None:
    assert left(sentence) == parts


def test_a_word_that_nobody_knows_may_be_a_name() -> None:
    assert left("the invoice of zbigniew is wrong") == ["the invoice", "is wrong"]


def test_words_of_a_title_that_hold_a_digit_go() -> None:
    assert without_numbers("Lights on the Skylark 2 router") == "Lights on the Skylark router"
    assert without_numbers("Form W-2") == "Form"
    assert without_numbers("2024") == ""

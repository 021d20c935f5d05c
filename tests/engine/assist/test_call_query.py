"""How much a word said a while ago still counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.assist.query import AGING, LONG, weights
from engine.assist.view import CallExcerpt

MakeCall = Callable[..., CallExcerpt]


def test_a_word_weighs_less_the_longer_ago_it_was_said(call: MakeCall) -> None:
    excerpt = call("customer: dogs", "agent: eggs", "customer: cars")

    assert weights(excerpt.lines) == pytest.approx(
        {"car": 1.0, "egg": 1 / (1 + AGING), "dog": 1 / (1 + 2 * AGING)}
    )


def test_a_repeated_word_counts_once_as_its_latest_line_has_it(call: MakeCall) -> None:
    excerpt = call("customer: dogs dogs", "agent: dog", "customer: the dog's dog")

    assert weights(excerpt.lines) == {"dog": 1.0}


def test_a_long_explanation_weighs_less_a_word(call: MakeCall) -> None:
    words = " ".join(f"word{n}" for n in range(4 * LONG))

    assert set(weights(call(f"customer: {words}").lines).values()) == {0.5}


def test_no_lines_ask_for_nothing() -> None:
    assert weights(()) == {}


@pytest.mark.parametrize(
    ("lines", "turn"),
    [
        ((), ()),
        (("agent: a",), ()),
        (("customer: a", "agent: b", "customer: c", "customer: d"), ("c", "d")),
        (("customer: a", "customer: b", "agent: c"), ("a", "b")),
    ],
)
def test_the_customers_turn_is_what_they_said_in_one_go(
    call: MakeCall, lines: tuple[str, ...], turn: tuple[str, ...]
) -> None:
    assert tuple(line.text for line in call(*lines).customer_turn()) == turn

"""When the last turn weighs more than the turns before it."""

from __future__ import annotations

import pytest

from engine.assist.turning import EVEN, GOING_ON, weight_of_turn


@pytest.mark.parametrize(
    "turn",
    [
        "Right. And what about the router?",
        "okay last thing my phone had no internet",
        "and does it cost anything",
        "Thanks. Oh, is there parking too?",
        "Also, I moved house.",
        "while I\u2019ve got you, he also put a number on it",
        "I have another question",
    ],
)
def test_a_customer_who_goes_on_to_something_else_is_listened_to(turn: str) -> None:
    assert weight_of_turn(turn, None) == GOING_ON


@pytest.mark.parametrize(
    "turn",
    ["", "yes please", "My name is Ann and I live in Leeds", "bread and butter", "Is it nowhere?"],
)
def test_other_turns_weigh_as_much_as_the_call_around_them(turn: str) -> None:
    assert weight_of_turn(turn, "en") == EVEN


def test_words_of_another_language_are_not_taken_for_english_ones() -> None:
    assert weight_of_turn("and now something else", "de") == EVEN

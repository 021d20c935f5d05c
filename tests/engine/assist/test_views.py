"""Which words of a call meaning is looked for with."""

from __future__ import annotations

from collections.abc import Callable

from engine.assist.view import CallExcerpt
from engine.assist.views import MOST_WORDS, views

MakeCall = Callable[..., CallExcerpt]


def test_the_last_turn_is_what_the_customer_said_since_the_agent_spoke(call: MakeCall) -> None:
    turn, around = views(call("customer: a", "agent: b", "customer: c", "customer: d"))

    assert (turn, around) == ("c d", "a b c d")


def test_what_the_agent_said_since_belongs_to_the_call_not_to_the_turn(call: MakeCall) -> None:
    assert views(call("customer: a", "agent: b")) == ("a", "a b")


def test_five_turns_are_seen_however_many_lines_they_have(call: MakeCall) -> None:
    lines = ["customer: old", *["agent: x", "agent: y", "customer: z"] * 2, "agent: w"]

    assert views(call(*lines))[1] == "x y z x y z w"


def test_of_a_long_turn_the_end_is_seen(call: MakeCall) -> None:
    turn, around = views(call("customer: " + " ".join(map(str, range(500)))))

    assert turn == around
    assert turn.split() == [str(number) for number in range(500 - MOST_WORDS, 500)]


def test_a_call_without_lines_has_no_view(call: MakeCall) -> None:
    assert views(call()) == ("", "")

"""Which words of a customer are kept for the report."""

from __future__ import annotations

from collections.abc import Callable

from engine.assist.asking import asked_of
from engine.assist.view import CallExcerpt
from engine.knowledge.votes import QueryVector

MakeCall = Callable[..., CallExcerpt]


def test_what_a_turn_asks_for_is_kept_without_what_everybody_says(call: MakeCall) -> None:
    excerpt = call(
        "customer: my invoice is wrong",
        "agent: I see.",
        "customer: Can I charge two electric scooters overnight on Friday?",
        "customer: Scooters, I said.",
    )

    assert asked_of(excerpt, None, needs=True).words == ("electric", "scooters", "overnight")


def test_a_name_a_number_and_spelling_are_not_kept(call: MakeCall) -> None:
    excerpt = call("customer: Is it x y z, Margaret Hollis at 14 Weir Lane, about a scooter?")

    assert asked_of(excerpt, None, needs=True).words == ("scooter",)


def test_of_a_turn_that_asks_for_nothing_only_its_vector_is_kept(call: MakeCall) -> None:
    asked = asked_of(call("customer: my dog is called scooter"), QueryVector("m", b"v"), False)

    assert (asked.words, asked.vector, asked.model) == ((), b"v", "m")

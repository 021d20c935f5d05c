"""The summary line by rule."""

from __future__ import annotations

from collections.abc import Callable

from engine.assist.naming import MOST_CHARACTERS
from engine.assist.summary import summary
from engine.assist.view import CallExcerpt

MakeCall = Callable[..., CallExcerpt]


def rarity(term: str) -> float:
    return {"refund": 5.0, "invoic": 4.0, "wrong": 2.0}.get(term, 0.0)


def test_a_title_that_may_be_named_is_the_line(call: MakeCall) -> None:
    lines = call("customer: my invoice is wrong").lines

    assert summary(lines, "Customer asking about wrong invoices", rarity) == (
        "Customer asking about wrong invoices",
        "title",
    )


def test_without_a_title_the_customers_richest_sentence_stands(call: MakeCall) -> None:
    lines = call(
        "agent: A refund for a wrong invoice, a refund!",
        "customer: Hello there. My invoice is wrong. I live in a nice large house.",
        "customer: thank you very much indeed",
    ).lines

    assert summary(lines, "", rarity) == ("My invoice is wrong.", "sentence")


def test_of_two_rich_sentences_the_one_said_lately_stands(call: MakeCall) -> None:
    lines = ["customer: I want a refund soon.", "agent: Done.", "customer: My invoice is wrong."]

    assert summary(call(*lines).lines, "", rarity)[0] == "My invoice is wrong."
    assert summary(call(*reversed(lines)).lines, "", rarity)[0] == "I want a refund soon."


def test_a_whole_sentence_stands_before_a_richer_part_of_one(call: MakeCall) -> None:
    lines = call(
        "customer: My invoice is wrong.",
        "customer: I want my refund of 40 pounds for the wrong month",
    ).lines

    assert summary(lines, "", rarity)[0] == "My invoice is wrong."


def test_a_part_of_a_sentence_begins_where_a_clause_does(call: MakeCall) -> None:
    lines = call("customer: 40 pounds wrong and I want my refund for the invoice").lines

    assert summary(lines, "", rarity)[0] == "I want my refund for the invoice"


def test_a_word_or_two_say_nothing(call: MakeCall) -> None:
    assert summary(call("customer: Wrong invoice.").lines, "", rarity) == ("", "none")


def test_a_call_in_which_the_customer_said_nothing_yet_has_no_line(call: MakeCall) -> None:
    assert summary((), "", rarity) == ("", "none")
    assert summary(call("agent: Good morning, the hotel").lines, "", rarity) == ("", "none")
    assert summary(call("customer: uh hello", "customer: yes").lines, "", rarity) == ("", "none")


def test_a_line_is_never_longer_than_its_bound(call: MakeCall) -> None:
    sentence, _ = summary(call("customer: " + "my wrong invoice " * 1_000).lines, "", rarity)

    assert len(sentence) <= MOST_CHARACTERS
    assert sentence.endswith("…")

"""The summary line by rule."""

from __future__ import annotations

from collections.abc import Callable

from engine.assist.summary import CLEAR_LEAD, MOST_CHARACTERS, STABLE_LEAD, Leading, summary
from engine.assist.view import CallExcerpt

MakeCall = Callable[..., CallExcerpt]


def rarity(term: str) -> float:
    return {"refund": 5.0, "invoic": 4.0, "wrong": 2.0}.get(term, 0.0)


def test_a_document_that_leads_clearly_names_the_call(call: MakeCall) -> None:
    lines = call("customer: my invoice is wrong").lines

    line = summary(lines, Leading("Wrong invoices?", CLEAR_LEAD, stable=False), rarity)

    assert line == ("Customer asking about Wrong invoices", "title")


def test_one_that_was_first_before_needs_less_of_a_lead(call: MakeCall) -> None:
    lines = call("customer: my invoice is wrong").lines

    assert summary(lines, Leading("A", STABLE_LEAD, stable=True), rarity)[1] == "title"
    assert summary(lines, Leading("A", STABLE_LEAD, stable=False), rarity)[1] == "sentence"


def test_without_a_clear_lead_the_customers_richest_sentence_stands(call: MakeCall) -> None:
    lines = call(
        "agent: A refund for a wrong invoice, a refund!",
        "customer: Hello there. My invoice is wrong. I live in a nice large house.",
        "customer: thank you very much indeed",
    ).lines

    close = Leading("A", 0.0, stable=False)

    assert summary(lines, close, rarity) == ("My invoice is wrong.", "sentence")
    assert summary(lines, None, rarity) == ("My invoice is wrong.", "sentence")


def test_a_call_in_which_the_customer_said_nothing_yet_has_no_line(call: MakeCall) -> None:
    assert summary((), None, rarity) == ("", "none")
    assert summary(call("agent: Good morning, the hotel").lines, None, rarity) == ("", "none")
    assert summary(call("customer: uh hello", "customer: yes").lines, None, rarity) == ("", "none")


def test_a_title_is_shown_without_its_numbers(call: MakeCall) -> None:
    leading = Leading("Form 1099-K: refunds", 1.0, stable=True)

    assert summary((), leading, rarity) == ("Customer asking about Form refunds", "title")
    assert summary((), Leading("2024", 1.0, stable=True), rarity) == ("", "none")


def test_a_line_is_never_longer_than_its_bound(call: MakeCall) -> None:
    sentence, _ = summary(call("customer: " + "my wrong invoice " * 1_000).lines, None, rarity)
    title, _ = summary((), Leading("A very long title " * 25, 1.0, stable=True), rarity)

    assert len(sentence) <= MOST_CHARACTERS
    assert len(title) <= MOST_CHARACTERS
    assert sentence.endswith("…")
    assert title.endswith("…")

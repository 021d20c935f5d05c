"""The summary line by rule."""

from __future__ import annotations

from collections.abc import Callable

from engine.assist.summary import CLEAR_LEAD, MOST_CHARACTERS, summary
from engine.assist.view import CallExcerpt

MakeCall = Callable[..., CallExcerpt]


def rarity(term: str) -> float:
    return {"refund": 5.0, "invoic": 4.0, "wrong": 2.0}.get(term, 0.0)


def test_a_document_that_leads_clearly_names_the_call(call: MakeCall) -> None:
    lines = call("customer: my invoice is wrong").lines

    alone = summary(lines, [("Wrong invoices?", 3.0)], rarity)
    ahead = summary(lines, [("Wrong invoices", 3.0 * CLEAR_LEAD), ("Fees", 3.0)], rarity)

    assert alone == ahead == ("Customer asking about Wrong invoices", "title")


def test_without_a_clear_lead_the_customers_richest_sentence_stands(call: MakeCall) -> None:
    lines = call(
        "agent: A refund for a wrong invoice, a refund!",
        "customer: Hello there. My invoice is wrong. I live in a nice large house.",
        "customer: thank you very much indeed",
    ).lines

    assert summary(lines, [("A", 3.0), ("B", 2.9)], rarity) == ("My invoice is wrong.", "sentence")
    assert summary(lines, [], rarity) == ("My invoice is wrong.", "sentence")


def test_a_call_in_which_the_customer_said_nothing_yet_has_no_line(call: MakeCall) -> None:
    assert summary((), [], rarity) == ("", "none")
    assert summary(call("agent: Good morning, the hotel").lines, [], rarity) == ("", "none")
    assert summary(call("customer: uh hello", "customer: yes").lines, [], rarity) == ("", "none")


def test_a_line_is_never_longer_than_its_bound(call: MakeCall) -> None:
    sentence, _ = summary(call("customer: " + "my wrong invoice " * 1_000).lines, [], rarity)
    title, _ = summary((), [("A very long title " * 25, 3.0)], rarity)

    assert len(sentence) <= MOST_CHARACTERS
    assert len(title) <= MOST_CHARACTERS
    assert sentence.endswith("…")
    assert title.endswith("…")

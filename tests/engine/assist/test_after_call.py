"""The after-call summary by rules: what was said, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.assist.after_call import by_rules
from engine.assist.material import CallMaterial
from engine.assist.view import CallExcerpt
from engine.wire import CallSummary

MakeCall = Callable[..., CallExcerpt]
Sum = Callable[..., CallSummary]


@pytest.fixture
def summed(call: MakeCall) -> Sum:
    def make(*lines: str, **more: Any) -> CallSummary:
        titles = more.pop("titles", {})
        material = CallMaterial("default", "c1", call(*lines).lines, **more)
        return by_rules(material, titles.get)

    return make


def test_the_reason_is_the_line_of_the_call(summed: Sum) -> None:
    found = summed("customer: hello", line="Customer asking about late fees")
    assert (found.reason, found.source) == ("Customer asking about late fees", "rules")


def test_without_a_line_it_is_what_the_customer_said_with_most_content(summed: Sum) -> None:
    found = summed(
        "customer: Good morning, Nadia.",
        "agent: How can I help?",
        "customer: I want to cancel my broadband. Yes.",
    )
    assert found.reason == "I want to cancel my broadband."


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("Okay, Priya, I've changed the email.", "I've changed the email."),
        ("I\u2019ll put a note on your account.", "I'll put a note on your account."),
        ("So please leave the boxes alone.", "Please leave the boxes alone."),
        ("We post a bag, and I'll book the visit at 9.", "I'll book the visit"),
    ],
)  # fmt: skip
def test_a_step_is_what_the_agent_did_or_told_from_where_it_begins(
    summed: Sum, said: str, step: str
) -> None:
    assert summed(f"agent: {said}").steps == [step]


@pytest.mark.parametrize(
    "said",
    [
        "You're very welcome, is there anything else I can do for you?",
        "okay let's have a look can i take your account number first",
        "I will need your username and email.",
        "Thank you for contacting us, please be safe and stay well.",
        "Please hold the line for a moment.",
        "I've put Mr Pugh on it.",
        "If you like, I can put a note on your account.",
    ],
)
def test_what_is_asked_wished_or_named_is_no_step(summed: Sum, said: str) -> None:
    assert summed(f"agent: {said}").steps == []


def test_documents_that_helped_are_steps_without_their_numbers(summed: Sum) -> None:
    titles = {"a": "Skylark 3 router: lights"}
    found = summed("customer: hello", helpful=("a", "erased"), titles=titles)
    assert found.steps == ["Used: Skylark router: lights"]


@pytest.mark.parametrize(
    ("said", "follow_up"),
    [
        ("You'll get a text in a minute or so.", "You'll get a text in a minute or so."),
        (
            "We'll post you a bag, and you hand it in at any counter, within 28 days.",
            "We'll post you a bag, and you hand it in at any counter",
        ),
        ("They will contact you shortly.", "They will contact you shortly."),
    ],
)
def test_a_follow_up_is_what_was_promised(summed: Sum, said: str, follow_up: str) -> None:
    found = summed(f"agent: {said}")
    assert (found.follow_ups, found.steps) == ([follow_up], [])


@pytest.mark.parametrize(
    "said",
    [
        "It needs to be within seven days, so that works.",
        "If it isn't right within thirty days, you'll get your money back.",
        "Will you get a letter from us?",
    ],
)
def test_a_rule_a_condition_and_a_question_are_no_promise(summed: Sum, said: str) -> None:
    assert summed(f"agent: {said}").follow_ups == []


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Perfect. Got to go.", "The customer was content at the end"),
        ("It works now, thank you.", "The customer was content at the end"),
        ("That's it. Thank you.", "The customer ended with thanks"),
        ("This is ridiculous. Thanks for nothing.", "The customer was not satisfied"),
        ("I will look for another supplier.", "The customer was not satisfied"),
        ("That's all.", ""),
    ],
)
def test_the_outcome_is_what_the_customer_said_last_about_it(
    summed: Sum, said: str, outcome: str
) -> None:
    assert summed("agent: Goodbye.", f"customer: {said}").outcome == outcome


@pytest.mark.parametrize("reason", ["abandoned", "privacy"])
def test_a_call_that_was_ended_for_a_reason_says_so(summed: Sum, reason: str) -> None:
    assert reason in summed("customer: Perfect, thank you.", end=reason).outcome


def test_of_nothing_nothing_is_said(summed: Sum) -> None:
    found = summed()
    assert (found.reason, found.steps, found.outcome, found.follow_ups) == ("", [], "", [])

"""What a chat model is told, and what of its answers is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.assist.chat import MOST_LINE, MOST_PARTS, ChatModel
from engine.assist.material import CallMaterial
from engine.assist.view import CallLine
from engine.http_endpoint import EndpointError, HttpEndpoint
from tests.web.endpoints import endpoint_place as place

LINES = (
    CallLine("agent", "hello, how can i help", "s1", 1),
    CallLine("customer", "my router\nblinks red", "s2", 2),
)
MATERIAL = CallMaterial("default", "call-1", LINES)
PARTS = {"reason": "A router.", "steps": ["Reset it."], "outcome": "Works.", "follow_ups": []}


@pytest.fixture
def service() -> Iterator[place.EndpointPlace]:
    made = place.EndpointPlace(place.chat("Customer's router blinks"))
    yield made
    made.close()


@pytest.fixture
def model(service: place.EndpointPlace) -> ChatModel:
    return ChatModel(HttpEndpoint(service.url, "k"), "m")


def test_a_line_is_asked_for_with_the_call_and_what_it_costs_is_told(
    service: place.EndpointPlace, model: ChatModel
) -> None:
    written = model.line(LINES, 5)
    assert (written.text, written.tokens) == ("Customer's router blinks", 50)
    [asked] = service.asked
    assert (asked.path, asked.body["model"]) == ("/v1/chat/completions", "m")
    said = asked.body["messages"][1]["content"]
    assert said == "agent: hello, how can i help\ncustomer: my router blinks red"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ('"Router blinks."', "Router blinks."),
        ("\n\n  **Router   blinks**\nand more", "Router blinks"),
        ("Router " * 100, None),
    ],
)
def test_a_line_is_one_short_line(
    service: place.EndpointPlace, model: ChatModel, answer: str, line: str | None
) -> None:
    service.behave = place.chat(answer)
    found = model.line(LINES, 5).text
    assert len(found) <= MOST_LINE
    assert line is None or found == line


def test_tokens_are_estimated_where_nobody_counts(
    service: place.EndpointPlace, model: ChatModel
) -> None:
    service.behave = place.chat("Router blinks", tokens=None)
    assert 50 < model.line(LINES, 5).tokens < 500


@pytest.mark.parametrize(
    "behave", [*place.NONSENSE.values(), place.chat(""), place.chat("…\n--"), place.chat(" \n ")]
)
def test_nonsense_is_no_line(
    service: place.EndpointPlace, model: ChatModel, behave: place.Behaviour
) -> None:
    service.behave = behave
    with pytest.raises(EndpointError) as problem:
        model.line(LINES, 5)
    assert problem.value.why == "nonsense"


@pytest.mark.parametrize("around", ["{}", "Here you are:\n```json\n{}\n```\nAnything else?"])
def test_a_summary_is_read_out_of_what_stands_around_it(
    service: place.EndpointPlace, model: ChatModel, around: str
) -> None:
    service.behave = place.chat(around.replace("{}", json.dumps(PARTS)))
    summary, tokens = model.summary(MATERIAL, 5)
    assert (summary.call_id, summary.source, tokens) == ("call-1", "model", 50)
    assert (summary.reason, summary.steps, summary.outcome) == (
        "A router.",
        ["Reset it."],
        "Works.",
    )


def test_a_summary_is_bounded(service: place.EndpointPlace, model: ChatModel) -> None:
    parts = PARTS | {"reason": "x " * 5000, "steps": ["  ", *["step"] * 100]}
    service.behave = place.chat(json.dumps(parts))
    summary, _ = model.summary(MATERIAL, 5)
    assert len(summary.reason) <= 300
    assert summary.steps == ["step"] * MOST_PARTS


@pytest.mark.parametrize(
    "answer",
    ["no json", "{", "[]", '{"reason": 5}', '{"steps": "one"}', "{}", '{"reason": " "}', "}{"],
)
def test_a_summary_of_another_shape_is_none(
    service: place.EndpointPlace, model: ChatModel, answer: str
) -> None:
    service.behave = place.chat(answer)
    with pytest.raises(EndpointError) as problem:
        model.summary(MATERIAL, 5)
    assert problem.value.why == "nonsense"

"""Summaries by a model behind HTTP, on a real server: written, refused, late, never."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings, Tokens
from engine.identity import Tokens as TokenMaker
from tests.live.conftest import Start
from tests.live.raw_client import RawClient
from tests.live.server import SECRET, Caller, LiveServer, line, new_id, running, until
from tests.web.endpoints import endpoint_place as place

PATIENT_S, HASTY_S = 20.0, 0.5
REST_S = 2  # a line is said in it, also by a machine that stands still for a second
MOST_LATE = 5  # answers that a machine may keep from the hasty in a row
PARTS = {"reason": "A red router.", "steps": ["Reset it."], "outcome": "Ok.", "follow_ups": []}


@pytest.fixture(scope="module")
def service() -> Iterator[place.EndpointPlace]:
    made = place.EndpointPlace(place.chat("A line by the model"))
    yield made
    made.close()


@contextlib.contextmanager
def writing(service: place.EndpointPlace, folder: Path, timeout_s: float) -> Iterator[LiveServer]:
    settings = {
        "EARSHOT__CHAT__BASE_URL": service.url,
        "EARSHOT__CHAT__MODEL": "m",
        "EARSHOT__CHAT__KEY": "the-secret-key",
        "EARSHOT__CHAT__EVERY_S": 0.2,
        "EARSHOT__CHAT__TIMEOUT_S": timeout_s,
        "EARSHOT__CHAT__SUMMARY_TIMEOUT_S": timeout_s,
        "EARSHOT__ASSIST__AFTER_CALL_S": 0.1,
    }
    with running(folder, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def server(
    service: place.EndpointPlace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """For every answer that comes, also on a machine that stands still for a second."""
    with writing(service, tmp_path_factory.mktemp("patient"), PATIENT_S) as made:
        yield made


@pytest.fixture(scope="module")
def hasty(
    service: place.EndpointPlace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """For answers that do not come."""
    with writing(service, tmp_path_factory.mktemp("hasty"), HASTY_S) as made:
        yield made


@pytest.fixture
def call(server: LiveServer) -> Iterator[Any]:
    with on_a_call(server) as made:
        yield made


@contextlib.contextmanager
def on_a_call(server: LiveServer) -> Iterator[Any]:
    """(caller, call_id, client) of a fresh call."""
    agent_id, caller = new_id("agent"), server.caller()
    call_id = caller.create(agent_id)
    with RawClient(server.url, {"token": server.token(agent_id)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        yield caller, call_id, client


def summaries(caller: Any, call_id: str) -> list[tuple[str, str]]:
    """(line, kind) of every suggestion in the log."""
    told = [one["data"] for one in caller.log(call_id) if one["event"] == "ai:suggestion"]
    return [(one["summary"], one["summary_kind"]) for one in told]


def outcome(server: LiveServer, name: str) -> float:
    return server.metric(f'earshot_model_requests_total{{outcome="{name}"}}')


def counted(server: LiveServer, name: str, act: Callable[[], None]) -> None:
    """`act` adds to the outcome."""
    before = outcome(server, name)
    act()
    until(lambda: outcome(server, name) > before)


def test_the_rules_line_comes_first_and_the_models_after(
    server: LiveServer, service: place.EndpointPlace, call: Any
) -> None:
    service.behave = place.chat("A line by the model")
    caller, call_id, client = call
    caller.say(call_id, line("s1", "my router blinks, my card is 4111 1111 1111 1111"))
    assert client.event("ai:suggestion")["summary_kind"] == "sentence"
    written = client.event("ai:suggestion")
    assert (written["summary"], written["summary_kind"]) == ("A line by the model", "model")
    asked = service.asked[-1]
    assert "4111" not in json.dumps(asked.body), "only redacted text is sent"
    assert "router" in asked.body["messages"][1]["content"]
    assert asked.head["authorization"] == "Bearer the-secret-key"
    assert "the-secret-key" not in server.log


@pytest.mark.parametrize(
    "behave",
    [
        place.never,
        place.dripping,
        place.dripping_head,
        place.slow(2 * HASTY_S, place.chat("too late")),
    ],
)
def test_an_answer_that_does_not_come_in_time_leaves_the_rules_line(
    hasty: LiveServer, service: place.EndpointPlace, behave: place.Behaviour
) -> None:
    with on_a_call(hasty) as call:
        the_rules_line_stays(hasty, service, call, behave, "timeout", lines=MOST_LATE)


@pytest.mark.parametrize(
    ("behave", "name"),
    [
        (place.half, "unreachable"),
        (place.saying({}, 500), "fault"),
        (place.saying({}, 429, Retry_After="0"), "rate_limited"),
        (place.saying({}, 401), "refused"),
        (place.huge, "too_large"),
        (place.NONSENSE["no JSON"], "nonsense"),
        (place.NONSENSE["deep"], "nonsense"),
    ],
)
def test_whatever_goes_wrong_the_rules_line_stays_and_suggestions_go_on(
    server: LiveServer,
    service: place.EndpointPlace,
    call: Any,
    behave: place.Behaviour,
    name: str,
) -> None:
    the_rules_line_stays(server, service, call, behave, name)


def the_rules_line_stays(
    server: LiveServer,
    service: place.EndpointPlace,
    call: Any,
    behave: place.Behaviour,
    name: str,
    lines: int = 1,
) -> None:
    """Until the model is back: by the next line, or one of so many where an answer that comes at
    once may be too late."""
    service.behave = behave
    caller, call_id, client = call
    counted(server, name, lambda: caller.say(call_id, line("s1", "my router blinks red")))
    assert client.event("ai:suggestion")["summary"] == "my router blinks red"
    assert summaries(caller, call_id) == [("my router blinks red", "sentence")]
    service.behave = place.chat("The model is back")

    def is_back() -> bool:
        return "The model is back" in dict(summaries(caller, call_id))

    def answers(number: int) -> bool:
        late = outcome(server, "timeout")
        caller.say(call_id, line(f"s{number}", f"and now the printer is gone too, {number}"))
        until(lambda: is_back() or outcome(server, "timeout") > late)
        return is_back()

    assert any(answers(number) for number in range(2, 2 + lines)), "it is asked no more"
    kinds = [kind for line, kind in summaries(caller, call_id) if line != "The model is back"]
    assert set(kinds) == {"sentence"}, "the rules' lines, until the model wrote one"


def test_numbers_of_things_reach_the_model_and_the_screen_and_numbers_of_people_do_not(
    server: LiveServer, service: place.EndpointPlace, call: Any
) -> None:
    service.behave = place.chat("The iPhone 12 lost 5G, PIN 1234, wants it within 24 hours")
    caller, call_id, client = call
    said = "my iphone 12 lost 5g for 24 hours, I was born on 3 March 1984"
    said += ", my card is 4111 1111 1111 1111"
    caller.say(call_id, line("s1", said))
    by_rule = client.event("ai:suggestion")
    assert by_rule["summary_kind"] == "sentence"
    assert not any(character.isdigit() for character in by_rule["summary"])
    by_model = client.event("ai:suggestion")["summary"]
    assert by_model == "The iPhone 12 lost 5G, PIN [digits], wants it within 24 hours"
    sent = service.asked[-1].body["messages"][1]["content"]
    assert "iphone 12 lost 5g for 24 hours" in sent
    assert "1984" not in sent
    assert "4111" not in sent


def test_a_service_that_asks_for_a_rest_gets_it(
    server: LiveServer, service: place.EndpointPlace, call: Any
) -> None:
    refused_at: list[float] = []
    rested_at: list[float] = []

    def refuse(link: Any, request: place.Request) -> None:
        refused_at.append(time.monotonic())
        place.saying({}, 429, Retry_After=str(REST_S))(link, request)

    def answer(link: Any, request: place.Request) -> None:
        rested_at.append(time.monotonic())
        place.chat("Rested")(link, request)

    service.behave = refuse
    caller, call_id, client = call
    counted(server, "rate_limited", lambda: caller.say(call_id, line("s1", "a red router")))
    service.behave = answer
    counted(server, "resting", lambda: caller.say(call_id, line("s2", "a blue printer")))
    lines = itertools.count(3)

    def asked_again() -> bool:
        caller.say(call_id, line(f"s{(number := next(lines))}", f"a green telephone {number}"))
        time.sleep(0.3)  # the debounce
        return bool(rested_at)

    until(asked_again)
    assert rested_at[0] - refused_at[-1] >= REST_S
    while client.event("ai:suggestion")["summary"] != "Rested":
        pass


def test_the_model_sums_up_and_rules_do_where_it_does_not(
    server: LiveServer, hasty: LiveServer, service: place.EndpointPlace
) -> None:
    for node, behave, source in (
        (server, place.chat(json.dumps(PARTS)), "model"),
        (hasty, place.never, "rules"),
    ):
        service.behave = behave
        with on_a_call(node) as (caller, call_id, client):
            caller.say(call_id, line("a1", "i have reset your router", speaker="agent"))
            caller.patch(f"/v1/calls/{call_id}", {"status": "ended"})
            summary = client.event("call:summary")
            assert summary["source"] == source
            assert summary["steps"] == (
                ["Reset it."] if source == "model" else ["I have reset your router"]
            )


def test_a_tenant_that_has_spent_its_tokens_has_rules(
    service: place.EndpointPlace, start: Start
) -> None:
    service.behave = place.chat("A line", tokens=60)
    server = start(
        EARSHOT__CHAT__BASE_URL=service.url,
        EARSHOT__CHAT__MODEL="m",
        EARSHOT__CHAT__EVERY_S=0.1,
        EARSHOT__CHAT__TIMEOUT_S=PATIENT_S,
        EARSHOT__CHAT__TOKENS_PER_DAY=100,
    )
    agent_id, caller = new_id("agent"), server.caller()
    call_id = caller.create(agent_id)
    for number in range(2):
        counted(
            server,
            "written",
            lambda n=number: caller.say(call_id, line(f"s{n}", f"router {n} red")),
        )
        time.sleep(0.3)  # the debounce
    counted(server, "over_ceiling", lambda: caller.say(call_id, line("s9", "a blue printer")))
    assert server.metric("earshot_model_tokens_total") == 120
    maker = TokenMaker(Settings(tokens=Tokens(), jwt_secret=SECRET))
    token, _ = maker.issue("producer-1", "producer", "another-tenant", time.time())
    with Caller(server.url, token) as other:
        its_call = other.create("ann")
        counted(server, "written", lambda: other.say(its_call, line("s1", "a red telephone")))


def test_what_a_service_that_answers_nonsense_was_sent_is_counted_too(
    service: place.EndpointPlace, start: Start
) -> None:
    service.behave = place.NONSENSE["no JSON"]
    server = start(
        EARSHOT__CHAT__BASE_URL=service.url,
        EARSHOT__CHAT__MODEL="m",
        EARSHOT__CHAT__EVERY_S=0.1,
        EARSHOT__CHAT__TIMEOUT_S=PATIENT_S,
        EARSHOT__CHAT__TOKENS_PER_DAY=20,
    )
    caller = server.caller()
    call_id = caller.create("ann")
    counted(server, "nonsense", lambda: caller.say(call_id, line("s1", "a red router " * 10)))
    time.sleep(0.3)  # the debounce
    counted(server, "over_ceiling", lambda: caller.say(call_id, line("s2", "a blue printer")))

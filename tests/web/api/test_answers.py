"""What every answer has in common, faults of ours included; and the pages for operators."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from werkzeug.test import TestResponse

from actors import messages as m
from engine.errors import CODES, Busy, Draining, Timeout
from engine.log import LogUnavailable
from tests.web.api.conftest import Caller, error, line
from tests.web.api.memory_node import MemoryNode


def test_an_unknown_address_is_not_found(admin: Caller, nobody: Caller) -> None:
    for path in ("/v1", "/v1/", "/v1/calls/", "/v1//calls", "/v2/calls", "/v1/calls/a/b", "/x.php"):
        for who in (admin, nobody):
            assert error(who.get(path), 404)["code"] == "not_found"


def test_another_method_is_refused_with_those_that_are_possible(admin: Caller) -> None:
    response = admin("PUT", "/v1/calls", {})
    assert error(response, 405)["message"] == "PUT is not possible here"
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_an_answer_is_kept_in_no_cache_and_taken_for_nothing_else(
    producer: Caller, call: str
) -> None:
    for response in (producer.get("/v1/calls"), producer.get("/v1/calls/no-such")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == "application/json"


def test_text_is_answered_as_it_was_sent(producer: Caller, call: str) -> None:
    text = 'Grüße 😀 </script> "quoted" \u2028'
    producer.segments(call, line("s-1", text))
    assert producer.get(f"/v1/calls/{call}").get_json()["segments"][0]["text"] == text


# --- what is not the request's fault ----------------------------------------------------------


def _failing(node: MemoryNode, problem: Exception) -> None:
    def ask_call(key: Any, build: Any) -> Any:
        raise problem

    node.ask_call = ask_call  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Busy("Too much", retry_after_ms=1500), "busy"),
        (Timeout("No answer"), "timeout"),
        (Draining("Leaving"), "draining"),
        (LogUnavailable("connection refused to redis://:password@host", uncertain=True),
         "unavailable"),
        (redis.ConnectionError("redis://:password@host"), "unavailable"),
    ],
)  # fmt: skip
def test_what_a_node_cannot_do_now_is_retryable(
    producer: Caller, node: MemoryNode, call: str, problem: Exception, code: str
) -> None:
    _failing(node, problem)
    response = producer.segments(call, line("s-1"))
    refused = error(response, CODES[code].http_status)
    assert (refused["code"], refused["retryable"]) == (code, True)
    assert "password" not in response.get_data(as_text=True)
    if "retry_after_ms" in refused:
        assert int(response.headers["Retry-After"]) * 1000 >= refused["retry_after_ms"]


def test_a_wait_of_a_part_of_a_second_is_rounded_up(
    producer: Caller, node: MemoryNode, call: str
) -> None:
    _failing(node, Busy("Too much", retry_after_ms=1500))
    assert producer.segments(call, line("s-1")).headers["Retry-After"] == "2"


def test_a_full_mailbox_is_busy(producer: Caller, node: MemoryNode, call: str) -> None:
    ref = node.world.directory.call(node.world.indexed[0][0])
    for _ in range(node.settings.actors.call_mailbox_durable):
        ref.tell(m.Inspect(None, ref, None))
    response = producer.get(f"/v1/calls/{call}")
    assert error(response, 429)["code"] == "busy"
    assert response.headers["Retry-After"] == "1"


def test_a_store_that_does_not_answer_ends_the_wait(
    producer: Caller, node: MemoryNode, call: str
) -> None:
    node.world.auto = False
    refused = error(producer.segments(call, line("s-1")), 504)
    assert (refused["code"], refused["retryable"]) == ("timeout", True)
    node.world.auto = True
    node.world.answer()
    node.world.run()
    repeated = producer.segments(call, line("s-1")).get_json()["results"]
    assert [result["outcome"] for result in repeated] == ["repeated"]


def _fault(node: MemoryNode, said: str) -> None:
    _failing(node, KeyError(said))


def test_a_fault_of_ours_shows_and_logs_nothing_of_what_was_said(
    producer: Caller, node: MemoryNode, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = "my password is " + "hunter2"
    _fault(node, said)
    response = producer.segments(call, line("s-1", said))
    refused = error(response, 500)
    assert (refused["code"], refused["retryable"]) == ("internal", False)
    shown = response.get_data(as_text=True)
    [message] = caplog.messages
    for text in (shown, message):
        assert "hunter2" not in text
    assert "Traceback" not in shown
    assert "KeyError" not in shown
    request_id = refused["message"].rpartition(" ")[2]
    assert f"request={request_id}" in message
    assert "error=KeyError" in message
    assert "rule=/v1/calls/<call_id>/segments" in message
    assert "test_answers.py" in message


# --- pages for those who run it ---------------------------------------------------------------


def _json(response: TestResponse) -> Any:
    assert response.status_code == 200
    return json.loads(response.data)


def test_a_server_that_answers_lives(nobody: Caller, node: MemoryNode) -> None:
    node.reasons = ["draining"]
    assert _json(nobody.get("/healthz")) == {"status": "ok"}
    assert nobody("HEAD", "/healthz").data == b""


def test_a_node_is_ready_until_it_says_why_not(nobody: Caller, node: MemoryNode) -> None:
    assert _json(nobody.get("/readyz")) == {"status": "ready"}
    node.reasons = ["draining", "the store is away"]
    refused = error(nobody.get("/readyz"), 503)
    assert refused["code"] == "unavailable"
    assert refused["message"] == "Not ready: draining; the store is away"


def test_a_node_that_is_ready_says_what_its_suggestions_lack(
    nobody: Caller, node: MemoryNode
) -> None:
    node.hampered = "words_only"
    assert _json(nobody.get("/readyz")) == {"status": "ready", "why": "words_only"}


def test_of_several_processes_the_gravest_lack_is_told(nobody: Caller, node: MemoryNode) -> None:
    node.hampered = "words_only"
    node.pages["why"] = {2: b"null", 3: b'"restarting"'}
    assert _json(nobody.get("/readyz")) == {"status": "ready", "why": "restarting"}


def test_numbers_are_shown_to_who_has_no_token(nobody: Caller, node: MemoryNode) -> None:
    node.numbers = b"earshot_connections 3.0\n"
    response = nobody.get("/metrics")
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert response.get_data() == node.numbers

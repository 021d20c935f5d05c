"""Segments over HTTP: a batch for one call, and lines for many."""

from __future__ import annotations

import json
from typing import Any

from engine.allowances import UNLIMITED, Allowances
from tests.web.api.conftest import Caller, error, line
from tests.web.api.memory_node import MemoryNode
from web.api.segments import LINES_S


def _results(response: Any) -> list[tuple[str, str, int | None]]:
    assert response.status_code == 200, response.get_data(as_text=True)
    return [
        (result["segment_id"], result["outcome"], result["seq"])
        for result in response.get_json()["results"]
    ]


def _seq(caller: Caller, call: str) -> int:
    return int(caller.get(f"/v1/calls/{call}").get_json()["seq"])


def test_finals_are_appended_and_interim_text_is_published(producer: Caller, call: str) -> None:
    response = producer.segments(
        call, line("s-1"), line("s-2", "still", final=False, revision=1), line("s-3")
    )
    assert _results(response) == [
        ("s-1", "appended", 2),
        ("s-2", "published", None),
        ("s-3", "appended", 3),
    ]


def test_the_content_type_of_json_does_not_matter(producer: Caller, call: str) -> None:
    for number, content_type in enumerate(("text/plain", "application/x-www-form-urlencoded")):
        response = producer.post(
            f"/v1/calls/{call}/segments",
            json.dumps({"segments": [line(f"s-{number}")]}),
            headers={"Content-Type": content_type},
        )
        assert response.status_code == 200


# --- what a call does not allow ---------------------------------------------------------------


def test_a_segment_sent_twice_is_answered_as_the_first_time(producer: Caller, call: str) -> None:
    assert _results(producer.segments(call, line("s-1"))) == [("s-1", "appended", 2)]
    assert _results(producer.segments(call, line("s-1"))) == [("s-1", "repeated", 2)]
    assert _seq(producer, call) == 2


def test_a_change_after_final_is_refused(producer: Caller, call: str) -> None:
    producer.segments(call, line("s-1"))
    for changed in (line("s-1", "my telephone is down"), line("s-1", final=False, revision=9)):
        refused = error(producer.segments(call, line("s-2"), changed), 409)
        assert refused["code"] == "final"
        assert refused["field"].startswith("segments[1].")
    assert _seq(producer, call) == 2


def test_a_stale_revision_is_refused(producer: Caller, call: str) -> None:
    producer.segments(call, line("s-1", "my inter", final=False, revision=2))
    refused = error(producer.segments(call, line("s-1", "my", final=False, revision=1)), 409)
    assert (refused["code"], refused["field"]) == ("stale_revision", "segments[0].revision")


def test_one_bad_segment_refuses_its_batch_and_nothing_of_it_lands(
    producer: Caller, call: str
) -> None:
    good = [line(f"s-{number}") for number in range(4)]
    bad = line("s-4") | {"speaker": "robot"}
    refused = error(producer.segments(call, *good, bad), 400)
    assert (refused["code"], refused["field"]) == ("bad_request", "segments[4].speaker")
    assert _seq(producer, call) == 1


def test_an_ended_call_takes_finals_for_its_grace_and_no_longer(
    producer: Caller, node: MemoryNode, call: str
) -> None:
    producer("PATCH", f"/v1/calls/{call}", {"status": "ended"})
    node.world.run(29)
    assert _results(producer.segments(call, line("late"))) == [("late", "appended", 3)]
    node.world.run(2)
    assert error(producer.segments(call, line("too-late")), 409)["code"] == "call_ended"


def test_a_call_nobody_created_takes_no_segments(producer: Caller) -> None:
    refused = error(producer.segments("no-such-call", line("s-1")), 404)
    assert (refused["code"], refused["field"]) == ("unknown_call", "call_id")


def test_another_tenants_call_takes_no_segments(caller: Any, call: str) -> None:
    stranger = caller("recogniser", "producer", "another-tenant")
    assert error(stranger.segments(call, line("s-1")), 404)["code"] == "unknown_call"


# --- lines ------------------------------------------------------------------------------------


def _lines(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.content_type == "application/x-ndjson"
    assert response.data.endswith(b"\n")
    return [json.loads(one) for one in response.data.splitlines()]


def _line(call_id: str, *segments: dict[str, Any]) -> str:
    return json.dumps({"call_id": call_id, "segments": list(segments)})


def test_each_line_is_answered_in_order_and_a_bad_one_harms_no_other(
    producer: Caller, call: str
) -> None:
    producer.post("/v1/calls", {"call_id": "call-2", "agent_ids": []})
    body = [
        _line(call, line("s-1")),
        _line("call-2", line("s-1"), line("s-2")),
        "{not json",
        "",
        _line("no-such-call", line("s-1")),
        _line(call, line("s-2") | {"speaker": "robot"}),
        '["call-1"]',
        _line(call, line("s-1")) + "\r",
    ]
    answers = _lines(producer.post("/v1/segments", "\n".join(body)))
    assert [answer["line"] for answer in answers] == [1, 2, 3, 5, 6, 7, 8]
    assert answers[0] == {
        "line": 1,
        "call_id": call,
        "results": [{"segment_id": "s-1", "revision": 0, "seq": 2, "outcome": "appended"}],
    }
    assert [result["seq"] for result in answers[1]["results"]] == [2, 3]
    assert "call_id" not in answers[2]
    assert answers[2]["error"]["code"] == "bad_request"
    assert answers[3]["error"]["code"] == "unknown_call"
    assert (answers[4]["call_id"], answers[4]["error"]["field"]) == (call, "segments[0].speaker")
    assert answers[5]["error"]["code"] == "bad_request"
    assert answers[6]["results"][0]["outcome"] == "repeated"
    assert _seq(producer, call) == 2


def test_lines_are_streamed_as_they_are_done(producer: Caller, call: str) -> None:
    body = "\n".join(_line(call, line(f"s-{number}")) for number in range(3))
    response = producer.post("/v1/segments", body, buffered=False)
    stream = response.iter_encoded()
    assert json.loads(next(stream))["results"][0]["seq"] == 2
    assert _seq(producer, call) == 2
    assert json.loads(next(stream))["results"][0]["seq"] == 3
    assert _seq(producer, call) == 3


def test_more_lines_than_the_bound_are_refused_before_the_first(
    producer: Caller, call: str
) -> None:
    body = "\n".join(_line(call, line(f"s-{number}")) for number in range(1001))
    assert error(producer.post("/v1/segments", body), 413)["code"] == "too_large"
    assert _seq(producer, call) == 1


def test_a_line_larger_than_a_frame_is_refused_alone(producer: Caller, call: str) -> None:
    body = "\n".join([_line(call, line("s-1", "x" * 1_000_000)), _line(call, line("s-2"))])
    large, small = _lines(producer.post("/v1/segments", body))
    assert large["error"]["code"] == "too_large"
    assert small["results"][0]["outcome"] == "appended"


def test_a_body_without_a_line_is_refused(producer: Caller) -> None:
    assert error(producer.post("/v1/segments", "\n\n"), 400)["code"] == "bad_request"


def test_lines_that_take_too_long_together_are_answered_untried(
    producer: Caller, node: MemoryNode, call: str
) -> None:
    body = "\n".join(_line(call, line(f"s-{number}")) for number in range(3))
    response = producer.post("/v1/segments", body, buffered=False)
    stream = response.iter_encoded()
    assert "results" in json.loads(next(stream))
    node.world.run(LINES_S + 1)
    for _ in range(2):
        late = json.loads(next(stream))
        assert (late["call_id"], late["error"]["code"]) == (call, "unavailable")
    assert _seq(producer, call) == 2


def test_a_fault_in_one_line_is_answered_in_its_place(
    producer: Caller, node: MemoryNode, call: str, caplog: Any
) -> None:
    ask_call = node.ask_call
    secret = "said by the customer"

    def failing(key: Any, build: Any) -> Any:
        if key.call_id == "fault":
            raise KeyError(secret)
        return ask_call(key, build)

    node.ask_call = failing  # type: ignore[method-assign]
    body = "\n".join([_line("fault", line("s-1")), _line(call, line("s-1"))])
    first, second = _lines(producer.post("/v1/segments", body))
    assert first["error"]["code"] == "internal"
    assert second["results"][0]["outcome"] == "appended"
    assert secret not in json.dumps(first) + caplog.messages[0]


def test_a_producer_over_its_rate_is_told_when_to_come_again(
    producer: Caller, call: str, node: MemoryNode
) -> None:
    node.allowances = Allowances({**UNLIMITED, "segments": 5.0})
    assert producer.segments(call, *(line(f"s-{n}") for n in range(10))).status_code == 200
    response = producer.segments(call, line("late"))
    refused = error(response, 429)
    assert (refused["code"], refused["retryable"]) == ("rate_limited", True)
    assert refused["retry_after_ms"] == 201
    assert response.headers["Retry-After"] == "1"
    node.world.run(0.3)
    assert producer.segments(call, line("late")).status_code == 200


def test_other_requests_have_a_rate_of_their_own(
    producer: Caller, call: str, node: MemoryNode
) -> None:
    node.allowances = Allowances({**UNLIMITED, "requests": 1.0})
    answers = [producer.get(f"/v1/calls/{call}").status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert producer.segments(call, line("s-1")).status_code == 200

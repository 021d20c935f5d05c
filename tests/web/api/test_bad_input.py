"""Bad input over HTTP: a code, the field at fault, and nothing half-written."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from engine.config import Limits
from tests.web.api.conftest import Caller, application, error, line
from tests.web.api.memory_node import MemoryNode
from web.api.reading import BULK_BYTES

SEGMENTS = "/v1/calls/call-1/segments"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'segments': []}",
        b'{"segments": [}',
        b'{"segments": [{"segment_id": "s", "speaker": "agent", "text": "x"}]} {}',
        b"\xff\xfe",
        b"\x00",
        b'{"deep": ' + b"[" * 200_000,
    ],
)
def test_malformed_json_is_a_bad_request(producer: Caller, call: str, body: bytes) -> None:
    refused = error(producer.post(SEGMENTS, body), 400)
    assert refused["code"] == "bad_request"
    assert refused["message"].startswith("The body is not JSON")


@pytest.mark.parametrize("body", [[], "null", "1", '"segments"', "true"])
def test_another_value_than_an_object_is_a_bad_request(
    producer: Caller, call: str, body: Any
) -> None:
    refused = error(producer.post(SEGMENTS, body), 400)
    assert refused["message"].startswith("Expected `object`")


@pytest.mark.parametrize(
    ("segment", "field"),
    [
        ({"speaker": "agent", "text": "hello"}, "segments[0].segment_id"),
        ({"segment_id": "s-1", "text": "hello"}, "segments[0].speaker"),
        ({"segment_id": "s-1", "speaker": "agent"}, "segments[0].text"),
        (line("s-1") | {"text": 7}, "segments[0].text"),
        (line("s-1") | {"text": None}, "segments[0].text"),
        (line("s-1") | {"text": ""}, "segments[0].text"),
        (line("s-1", "x" * 100_000), "segments[0].text"),
        (line("s-1") | {"final": "yes"}, "segments[0].final"),
        (line("s-1") | {"revision": -1}, "segments[0].revision"),
        (line("s-1") | {"revision": 2**31}, "segments[0].revision"),
        (line("s-1") | {"revision": 1.5}, "segments[0].revision"),
        (line("s-1") | {"speaker": "Customer"}, "segments[0].speaker"),
        (line("s 1"), "segments[0].segment_id"),
        (line(""), "segments[0].segment_id"),
        (line("s-1\n"), "segments[0].segment_id"),
        (line("x" * 129), "segments[0].segment_id"),
        (line("s-1", participant="a/b"), "segments[0].participant"),
        (line("s-1", timestamp="2026-01-01T10:00:00"), "segments[0].timestamp"),
        (line("s-1", timestamp="yesterday"), "segments[0].timestamp"),
        (line("s-1", timestamp=1_700_000_000), "segments[0].timestamp"),
        (line("s-1", "a\ud800b"), "segments[0].text"),
        (line("s-1", "a\x00b"), "segments[0].text"),
        ("s-1", "segments[0]"),
    ],
)
def test_a_segment_that_cannot_be_is_refused_by_its_field(
    producer: Caller, call: str, segment: Any, field: str
) -> None:
    refused = error(producer.post(SEGMENTS, {"segments": [segment]}), 400)
    assert (refused["code"], refused["field"]) == ("bad_request", field)
    assert producer.get(f"/v1/calls/{call}").get_json()["seq"] == 1


def test_a_raw_surrogate_is_named_as_an_escaped_one_is(producer: Caller, call: str) -> None:
    body = json.dumps({"segments": [line("s-1", "@")]}).encode().replace(b"@", b"\xed\xa0\x80")
    refused = error(producer.post(SEGMENTS, body), 400)
    assert refused["field"] == "segments[0].text"


def test_a_pair_of_surrogates_is_a_character(producer: Caller, call: str) -> None:
    body = json.dumps({"segments": [line("s-1", "fine 😀")]})
    assert r"\ud83d\ude00" in body
    assert producer.post(SEGMENTS, body).status_code == 200


@pytest.mark.parametrize("body", [{}, {"segments": []}, {"segments": None}, {"segment": []}])
def test_a_batch_needs_segments(producer: Caller, call: str, body: Any) -> None:
    assert error(producer.post(SEGMENTS, body), 400)["field"] == "segments"


def test_a_batch_of_more_than_200_segments_is_refused(producer: Caller, call: str) -> None:
    many = [line(f"s-{number}") for number in range(201)]
    assert error(producer.segments(call, *many), 400)["field"] == "segments"


@pytest.mark.parametrize("call_id", ["a%20b", "a%0A", "%00", "%ff", "%C3%A9", "x" * 129])
def test_a_bad_id_in_the_path_is_named(admin: Caller, call_id: str) -> None:
    for method, path, name in (
        ("GET", "/v1/calls/{}", "call_id"),
        ("GET", "/v1/calls/{}/events", "call_id"),
        ("PATCH", "/v1/calls/{}", "call_id"),
        ("DELETE", "/v1/calls/{}", "call_id"),
        ("POST", "/v1/calls/{}/segments", "call_id"),
        ("GET", "/v1/documents/{}", "doc_id"),
        ("DELETE", "/v1/documents/{}", "doc_id"),
        ("GET", "/v1/documents/{}/verdicts", "doc_id"),
        ("POST", "/v1/agents/{}/revoke", "agent_id"),
    ):
        refused = error(admin(method, path.format(call_id)), 400)
        assert (refused["code"], refused["field"]) == ("bad_request", name)
        assert f"`{name}`" in refused["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "agent_ids"),
        ({"agent_ids": "ann"}, "agent_ids"),
        ({"agent_ids": ["ann", "b b"]}, "agent_ids[1]"),
        ({"agent_ids": ["ann"] * 51}, "agent_ids"),
        ({"agent_ids": [], "call_id": "a b"}, "call_id"),
        ({"agent_ids": [], "customer": "x" * 501}, "customer"),
        ({"agent_ids": [], "customer": "a\x00"}, "customer"),
        ({"agent_ids": [], "metadata": []}, "metadata"),
        ({"agent_ids": [], "metadata": {"a": "x" * 9000}}, "metadata"),
        ({"agent_ids": [], "metadata": {"a": {"b": "\ud800"}}}, "metadata.a.b"),
    ],
)
def test_a_call_that_cannot_be_is_refused_by_its_field(
    producer: Caller, body: Any, field: str
) -> None:
    refused = error(producer.post("/v1/calls", body), 400)
    assert (refused["code"], refused["field"]) == ("bad_request", field)
    assert producer.get("/v1/calls").get_json() == {"calls": []}


def test_a_patch_that_cannot_be_is_refused_by_its_field(producer: Caller, call: str) -> None:
    for body, field in (
        ({"status": "paused"}, "status"),
        ({"status": "ended", "reason": "bored"}, "reason"),
        ({"agent_ids": [7]}, "agent_ids[0]"),
    ):
        assert error(producer("PATCH", f"/v1/calls/{call}", body), 400)["field"] == field


# --- size -------------------------------------------------------------------------------------


class Endless:
    """A body that does not end; it counts what was taken of it."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "a body must be read in bounded pieces"
        self.taken += size
        return b" " * size


def stream(body: Any, length: int | None) -> dict[str, Any]:
    """What a server that ends the body itself, chunked or not, gives to the application."""
    given = {"wsgi.input": body, "wsgi.input_terminated": True}
    if length is None:
        return given | {"HTTP_TRANSFER_ENCODING": "chunked"}
    return given | {"CONTENT_LENGTH": str(length)}


def test_a_body_over_the_bound_is_refused_unread(
    producer: Caller, admin: Caller, call: str
) -> None:
    for who, method, path, limit in (
        (producer, "POST", SEGMENTS, Limits().frame_bytes),
        (producer, "POST", "/v1/segments", BULK_BYTES),
        (admin, "PUT", "/v1/documents", BULK_BYTES),
    ):
        body = Endless()
        response = who(
            method,
            path,
            environ_overrides=stream(body, limit + 1),
        )
        refused = error(response, 413)
        assert (refused["code"], body.taken) == ("too_large", 0)
        assert f"{limit:,}" in refused["message"]
        assert response.headers["Connection"] == "close"


def test_a_chunked_body_is_bounded_too(producer: Caller, call: str) -> None:
    body = Endless()
    response = producer(
        "POST",
        SEGMENTS,
        environ_overrides=stream(body, None),
    )
    assert error(response, 413)["code"] == "too_large"
    assert body.taken <= Limits().frame_bytes + 1


def test_a_chunked_body_within_the_bound_is_read(producer: Caller, call: str) -> None:
    body = io.BytesIO(json.dumps({"segments": [line("s-1")]}).encode())
    response = producer("POST", SEGMENTS, environ_overrides=stream(body, None))
    assert response.status_code == 200


def test_a_body_of_exactly_the_bound_is_read(producer: Caller, call: str) -> None:
    body = json.dumps({"segments": [line("s-1")]})
    body += " " * (Limits().frame_bytes - len(body))
    assert producer.post(SEGMENTS, body).status_code == 200


def test_a_body_that_ends_before_its_length_is_refused(producer: Caller, call: str) -> None:
    body = io.BytesIO(b'{"segments":')
    response = producer("POST", SEGMENTS, environ_overrides=stream(body, 99))
    assert error(response, 400)["message"] == "The body ended before its length"


def test_a_body_is_not_read_before_its_sender_is_known(app: Any, bob: Caller, call: str) -> None:
    nobody = Caller(app, None, "")
    for who, status in ((nobody, 401), (bob, 403)):
        body = Endless()
        response = who(
            "POST",
            SEGMENTS,
            environ_overrides=stream(body, 1000),
        )
        assert error(response, status)
        assert body.taken == 0


# --- what would harm the call's actor ---------------------------------------------------------


def _unharmed(node: MemoryNode) -> bool:
    return not node.world.directory.supervisor.incidents


@pytest.mark.parametrize("timestamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_beyond_the_calendar_is_refused(
    producer: Caller, node: MemoryNode, call: str, timestamp: str
) -> None:
    refused = error(producer.segments(call, line("s-1", timestamp=timestamp)), 400)
    assert refused["field"] == "segments[0].timestamp"
    assert _unharmed(node)


@pytest.mark.parametrize("depth", [33, 500, 940])
def test_metadata_nested_too_deeply_is_refused(
    producer: Caller, node: MemoryNode, depth: int
) -> None:
    deep = '{"a":' * depth + "1" + "}" * depth
    response = producer.post("/v1/calls", f'{{"agent_ids": [], "metadata": {deep}}}')
    assert error(response, 400)["code"] == "bad_request"
    assert _unharmed(node)


def test_a_number_json_does_not_have_is_refused(producer: Caller) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        body = f'{{"agent_ids": [], "metadata": {{"a": {number}}}}}'
        assert error(producer.post("/v1/calls", body), 400)["code"] == "bad_request"


def test_after_all_of_it_the_others_go_on(node: MemoryNode, producer: Caller, call: str) -> None:
    app = application(node)
    other = Caller(app, producer.token, producer.tenant)
    other.post("/v1/calls", {"call_id": "call-2", "agent_ids": []})
    for body in (b"{", b'{"segments": [1]}', b"\x00" * 100):
        error(producer.post(SEGMENTS, body), 400)
    assert other.segments("call-2", line("s-1")).status_code == 200
    assert producer.segments(call, line("s-1")).status_code == 200

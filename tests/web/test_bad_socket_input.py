"""Ill input over Socket.IO: a coded error that names the field, and nobody else is harmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.live.raw_client import RawClient, refusal_in, still_answers
from tests.live.server import Caller, LiveServer, line, new_id, until
from tests.web.conftest import Bystander

FRAME_BYTES = 1_000_000
AT_ONCE_S = 8.0  # on a busy machine; a time-out would take longer


@pytest.fixture
def client(listening: LiveServer, bystander: Bystander) -> Iterator[RawClient]:
    """An agent's connection; whatever the test did to it, the bystander is unharmed."""
    with RawClient(listening.url, {"token": listening.token(new_id("agent"))}) as found:
        yield found
    assert bystander.is_unharmed()


def feedback(**changes: Any) -> str:
    body = {"doc_id": "d1", "helpful": True, "call_id": "call-1"} | changes
    return json.dumps(["doc:feedback", body])


DEEP = "[" * 200_000 + "]" * 200_000
FIELDS = {
    "no field": ('["call:subscribe",{}]', "call_id"),
    "null for an id": ('["call:subscribe",{"call_id":null}]', "call_id"),
    "a number for an id": ('["call:subscribe",{"call_id":5}]', "call_id"),
    "an id with a space": ('["call:subscribe",{"call_id":"a b"}]', "call_id"),
    "an empty id": ('["call:subscribe",{"call_id":""}]', "call_id"),
    "an id that ends a line": ('["call:subscribe",{"call_id":"a\\n"}]', "call_id"),
    "an id too long": (json.dumps(["call:subscribe", {"call_id": "a" * 129}]), "call_id"),
    "a cursor's wrong type": (
        '["call:subscribe",{"call_id":"a","since":{"epoch":1,"seq":1}}]',
        "since.epoch",
    ),
    "a cursor without seq": (
        '["call:subscribe",{"call_id":"a","since":{"epoch":"1"}}]',
        "since.seq",
    ),
    "a seq below 0": (
        '["call:subscribe",{"call_id":"a","since":{"epoch":"1","seq":-1}}]',
        "since.seq",
    ),
    "a seq beyond 2**53": (
        '["call:history",{"call_id":"a","epoch":"1","before":9007199254740993}]',
        "before",
    ),
    "a limit of none": (
        '["call:history",{"call_id":"a","epoch":"1","before":9,"limit":0}]',
        "limit",
    ),
    "a verdict in words": (feedback(helpful="yes"), "helpful"),
    "no verdict": ('["doc:feedback",{"doc_id":"d1","call_id":"a"}]', "helpful"),
    "a lone surrogate": (feedback(doc_id="\ud800"), "doc_id"),
    "NUL": (feedback(doc_id="a\x00b"), "doc_id"),
    "a lone surrogate in a field we do not know": (feedback(more={"x": ["\udfff"]}), "more.x[0]"),
    "no item": ('["doc:seen",{"call_id":"a","items":[]}]', "items"),
    "an action we do not know": (
        '["doc:seen",{"call_id":"a","items":[{"doc_id":"d","action":"shown"},'
        '{"doc_id":"d","action":"eaten"}]}]',
        "items[1].action",
    ),
    "an event we do not know": ('["call:subscribed",{"call_id":"a"}]', "event"),
    "an event of a long name": (json.dumps(["x" * 10_000, {}]), "event"),
    "an event of no name": ('["",{}]', "event"),
    "no argument": ('["call:subscribe"]', "data"),
    "two arguments": ('["call:subscribe",{"call_id":"a"},{"call_id":"b"}]', "data"),
    "text for an object": ('["call:subscribe","a"]', "data"),
    "a list for an object": ('["call:subscribe",["a"]]', "data"),
    "null for an object": ('["call:subscribe",null]', "data"),
    "an event named by a number": ("[5,{}]", "event"),
}


@pytest.mark.parametrize(("packet", "field"), FIELDS.values(), ids=FIELDS)
def test_an_ill_command_is_refused_naming_the_field(
    client: RawClient, packet: str, field: str
) -> None:
    refusal = refusal_in(client.ask_raw(packet))
    assert (refusal["code"], refusal["field"]) == ("bad_request", field)
    assert refusal["retryable"] is False
    assert len(refusal["message"]) < 300
    # Who asks for no acknowledgement hears it as an event.
    client.write(f"42{packet}")
    assert client.error() == refusal
    assert still_answers(client)


UNREADABLE = {
    "an event that is an object": '42{"call:subscribe":{}}',
    "an event that is empty": "42[]",
    "an event named by null": "42[null]",
    "JSON cut short": '42["call:subscribe",{"call_id":"a"',
    "no JSON": "42call:subscribe",
    "JSON and more": '42["call:subscribe",{"call_id":"a"}]]',
    "not a number": '42["client:report",{"paint_ms":[NaN]}]',
    "nested beyond any stack": f'42["call:subscribe",{DEEP}]',
    "a type we do not know": "49[]",
    "an id too long": "42" + "1" * 200 + '["call:subscribe",{}]',
    "too many attachments": '4599999999999-["doc:feedback",{}]',
    "an error for the server": '44{"message":"no"}',
}


@pytest.mark.parametrize("packet", UNREADABLE.values(), ids=UNREADABLE)
def test_a_packet_that_cannot_be_read_is_answered_and_ends_the_connection(
    client: RawClient, packet: str
) -> None:
    client.write(packet)
    refusal = client.error()
    assert (refusal["code"], refusal["field"]) == ("bad_request", "data")
    assert client.until(lambda packet: packet.kind == "closed", AT_ONCE_S)


def test_binary_is_refused_naming_the_field(client: RawClient) -> None:
    body = '{"doc_id":{"_placeholder":true,"num":0},"helpful":true,"call_id":"a"}'
    client.write(f'451-["doc:feedback",{body}]')
    client.write_binary(b"\x00\xff")
    refusal = client.error()
    assert (refusal["code"], refusal["field"]) == ("bad_request", "doc_id")
    client.write(f'451-7["doc:feedback",{body}]')
    client.write_binary(b"\x00\xff")
    answer = client.until(lambda packet: packet.kind == "ack" and packet.ack_id == 7)
    assert refusal_in(answer.data[0])["field"] == "doc_id"
    assert still_answers(client)


def test_binary_that_was_not_announced_ends_the_connection(client: RawClient) -> None:
    client.write_binary(b"\x02\xff not announced")
    assert client.error()["field"] == "data"
    assert client.until(lambda packet: packet.kind == "closed", AT_ONCE_S)


def test_binary_for_a_place_that_is_not_there_ends_the_connection(client: RawClient) -> None:
    client.write('451-["doc:feedback",{"_placeholder":true,"num":7}]')
    client.write_binary(b"for a place that is not there")
    assert client.error()["field"] == "data"
    assert client.until(lambda packet: packet.kind == "closed", AT_ONCE_S)


BROKEN = {
    "no digit": "x",
    "nothing": "",
    "a letter of no type": "é",
    "nested beyond any stack": "4" + DEEP,
}


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN)
def test_a_frame_that_is_no_packet_ends_that_connection_alone(
    listening: LiveServer, client: RawClient, frame: str
) -> None:
    before = listening.metric("connections")
    client.write(frame)
    client.closed(AT_ONCE_S)
    until(lambda: listening.metric("connections") < before)


def test_an_oversized_frame_ends_that_connection_alone(
    listening: LiveServer, client: RawClient
) -> None:
    before = listening.metric("connections")
    client.emit("client:report", {"paint_ms": [], "more": "x" * FRAME_BYTES})
    client.closed(AT_ONCE_S)
    until(lambda: listening.metric("connections") < before)


def test_a_frame_just_within_the_size_is_taken(client: RawClient) -> None:
    assert client.ok("client:report", {"paint_ms": [], "more": "x" * (FRAME_BYTES - 200)}) == {}


@pytest.mark.parametrize(
    "body",
    ["x" * (FRAME_BYTES + 1), "4x\x1e", "x", "\x1e" * 1000, "4" + DEEP],
    ids=["oversized", "an empty packet", "no packet", "a thousand empty packets", "nested"],
)
def test_an_ill_post_of_a_client_that_polls_ends_that_connection_alone(
    listening: LiveServer, bystander: Bystander, body: str
) -> None:
    address = f"{listening.url}/socket.io/?EIO=4&transport=polling"
    with requests.Session() as session:
        opened = session.get(address, timeout=AT_ONCE_S)
        address += f"&sid={json.loads(opened.text[1:])['sid']}"
        assert session.post(address, data="40", timeout=AT_ONCE_S).text.lower() == "ok"
        assert session.get(address, timeout=AT_ONCE_S).text.startswith("40")
        refused = session.post(address, data=body.encode(), timeout=AT_ONCE_S)
        assert refused.status_code in (400, 413)
        assert "Traceback" not in refused.text
        ended = session.get(address, timeout=AT_ONCE_S)
        assert ended.status_code == 400 or ended.text in ("1", "6", "")
    assert bystander.is_unharmed()


# --- calls and roles --------------------------------------------------------------------------


def test_a_call_of_others_is_answered_like_one_that_is_not_there(
    client: RawClient, bystander: Bystander
) -> None:
    theirs = client.refusal("call:subscribe", {"call_id": bystander.call_id})
    none = client.refusal("call:subscribe", {"call_id": new_id("nobodys")})
    assert theirs == none
    assert (none["code"], none["field"], none["retryable"]) == ("unknown_call", "call_id", True)
    history = {"call_id": bystander.call_id, "epoch": "1", "before": 9}
    assert client.refusal("call:history", history) == none
    verdict = {"call_id": bystander.call_id, "doc_id": "d1", "helpful": True}
    assert client.refusal("doc:feedback", verdict)["code"] == "unknown_call"
    seen = {"call_id": bystander.call_id, "items": [{"doc_id": "d1", "action": "dismissed"}]}
    assert client.refusal("doc:seen", seen)["code"] == "unknown_call"
    assert still_answers(client)


def test_a_verdict_on_a_document_nobody_suggested_is_refused(
    listening: LiveServer, producer: Caller
) -> None:
    agent_id = new_id("agent")
    call_id = producer.create(agent_id)
    with RawClient(listening.url, {"token": listening.token(agent_id)}) as client:
        verdict = {"call_id": call_id, "doc_id": "never-shown", "helpful": True}
        refusal = client.refusal("doc:feedback", verdict)
        assert (refusal["code"], refusal["field"]) == ("not_found", "doc_id")
    assert producer.get(f"/v1/calls/{call_id}")["seq"] == 1


def test_what_a_role_may_not_do_is_forbidden_and_leaves_nothing(
    client: RawClient, producer: Caller, bystander: Bystander
) -> None:
    before = producer.get(f"/v1/calls/{bystander.call_id}")
    segments = {"call_id": bystander.call_id, "segments": [line("mine")]}
    assert client.refusal("segment:append", segments)["code"] == "forbidden"
    assert client.refusal("calls:watch", {})["code"] == "forbidden"
    assert client.refusal("call:create", {"agent_ids": []})["code"] == "forbidden"
    update = {"call_id": bystander.call_id, "status": "ended"}
    assert client.refusal("call:update", update)["code"] == "forbidden"
    after = producer.get(f"/v1/calls/{bystander.call_id}")
    assert (after["seq"], after["call"]["status"]) == (before["seq"], "active")


SEGMENTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no text": ({"text": ""}, "bad_request", ".text"),
    "text of 100 kB": ({"text": "x" * 100_000}, "bad_request", ".text"),
    "NUL": ({"text": "a\x00"}, "bad_request", ".text"),
    "a lone surrogate": ({"text": "\ud83d"}, "bad_request", ".text"),
    "a time without a zone": ({"timestamp": "2026-01-01T00:00:00"}, "bad_request", ".timestamp"),
    "nobody's speech": ({"speaker": "robot"}, "bad_request", ".speaker"),
    "another text for a final": ({"segment_id": "said", "text": "no"}, "final", ".segment_id"),
}


@pytest.mark.parametrize(("change", "code", "field"), SEGMENTS.values(), ids=SEGMENTS)
def test_one_bad_segment_in_a_batch_and_nothing_of_it_lands(
    listening: LiveServer, producer: Caller, change: dict[str, Any], code: str, field: str
) -> None:
    call_id = producer.create("anna")
    producer.say(call_id, line("said"))
    batch = {"call_id": call_id, "segments": [line("good"), line("bad") | change, line("better")]}
    with RawClient(listening.url, {"token": listening.token("p", "producer")}) as client:
        refusal = client.refusal("segment:append", batch)
        assert (refusal["code"], refusal["field"]) == (code, f"segments[1]{field}")
        assert producer.get(f"/v1/calls/{call_id}")["seq"] == 2
        good = {"call_id": call_id, "segments": [line("good"), line("better")]}
        results = client.ok("segment:append", good)["results"]
        assert [(r["seq"], r["outcome"]) for r in results] == [(3, "appended"), (4, "appended")]


@pytest.mark.parametrize("name", ["connect", "connect_error", "disconnect"])
def test_the_servers_own_words_are_no_events_of_a_client(client: RawClient, name: str) -> None:
    error = client.refusal(name, {"token": "whatever"})
    assert (error["code"], error["field"]) == ("bad_request", "event")
    assert still_answers(client)


def test_more_attachments_than_anybody_needs_are_refused(client: RawClient) -> None:
    client.write('459999-["x",{"_placeholder":true,"num":0}]')
    assert client.error()["field"] == "data"
    assert client.until(lambda packet: packet.kind == "closed", AT_ONCE_S)


def test_every_command_of_a_long_pipeline_is_answered(
    listening: LiveServer, producer: Caller
) -> None:
    call_id = producer.create()
    with RawClient(listening.url, {"token": listening.token("p", "producer")}) as client:
        for number in range(600):
            body = {"call_id": call_id, "segments": [line(f"s{number}", "hello")]}
            client.write(f"42{1000 + number}" + json.dumps(["segment:append", body]))
        answers: dict[int, Any] = {}
        while len(answers) < 600:
            packet = client.next()
            assert packet.kind != "closed"
            if packet.kind == "ack":
                answers[packet.ack_id] = packet.data[0]
    done = sum(answer["ok"] for answer in answers.values())
    refused = {a["error"]["code"] for a in answers.values() if not a["ok"]}
    assert done >= 64
    assert refused <= {"busy"}
    said = [e for e in producer.log(call_id) if e["event"] == "transcription:update"]
    assert len(said) == done

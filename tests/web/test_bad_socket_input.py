"""Ill input over Socket.IO: a coded error that names the field, and nobody else is harmed."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from tests.live.raw_client import RawClient, refusal_in
from tests.live.server import SECRET, Caller, LiveServer, line, new_id, running, until

FRAME_BYTES = 1_000_000
AT_ONCE_S = 3.0  # on a busy machine; a time-out would take longer
HOUR_S = 3600


class Bystander:
    """Another agent's call, with its connection: it must hear everything all the time."""

    def __init__(self, server: LiveServer) -> None:
        self.agent_id = new_id("bystander")
        self._producer = server.caller()
        self.call_id = self._producer.create(self.agent_id)
        self._client = RawClient(server.url, {"token": server.token(self.agent_id)})
        self._client.ok("call:subscribe", {"call_id": self.call_id})
        self._spoken = 0

    def is_unharmed(self) -> bool:
        self._spoken += 1
        segment = line(f"s{self._spoken}", "still here", speaker="agent")
        result = self._producer.say(self.call_id, segment)[0]
        heard = self._client.event("transcription:update")
        return bool(heard["seq"] == result["seq"] == self._spoken + 1)

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def bystander(listening: LiveServer) -> Iterator[Bystander]:
    with contextlib.closing(Bystander(listening)) as found:
        yield found


@pytest.fixture
def producer(listening: LiveServer) -> Iterator[Caller]:
    token = listening.token("producer-1", "producer")
    with Caller(listening.url, token) as caller:
        yield caller


@pytest.fixture
def client(listening: LiveServer, bystander: Bystander) -> Iterator[RawClient]:
    """An agent's connection; whatever the test did to it, the bystander is unharmed."""
    with RawClient(listening.url, {"token": listening.token(new_id("agent"))}) as found:
        yield found
    assert bystander.is_unharmed()


def still_answers(client: RawClient) -> bool:
    return client.ok("client:report", {"paint_ms": [1.5]}) == {}


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
    "a cursor without seq": ('["call:subscribe",{"call_id":"a","since":{"epoch":"1"}}]', "since.seq"),
    "a seq below 0": ('["call:subscribe",{"call_id":"a","since":{"epoch":"1","seq":-1}}]', "since.seq"),
    "a seq beyond 2**53": (
        '["call:history",{"call_id":"a","epoch":"1","before":9007199254740993}]',
        "before",
    ),
    "a limit of none": ('["call:history",{"call_id":"a","epoch":"1","before":9,"limit":0}]', "limit"),
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
    "an event that is an object": ('{"call:subscribe":{}}', "event"),
    "an event that is empty": ("[]", "event"),
    "an event named by a number": ("[5,{}]", "event"),
    "an event named by null": ("[null]", "event"),
}


@pytest.mark.parametrize(("packet", "field"), FIELDS.values(), ids=FIELDS)
def test_an_ill_command_is_refused_naming_the_field(
    client: RawClient, packet: str, field: str
) -> None:
    refusal = refusal_in(client.ask_raw(packet))
    assert (refusal["code"], refusal["field"], refusal["retryable"]) == ("bad_request", field, False)
    assert len(refusal["message"]) < 300
    # Who asks for no acknowledgement hears it as an event.
    client.write(f"42{packet}")
    assert client.error() == refusal
    assert still_answers(client)


UNREADABLE = {
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
def test_a_packet_that_cannot_be_read_is_answered_and_the_connection_goes_on(
    client: RawClient, packet: str
) -> None:
    client.write(packet)
    refusal = client.error()
    assert (refusal["code"], refusal["field"]) == ("bad_request", "data")
    assert still_answers(client)


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


def test_binary_out_of_place_is_refused_and_the_connection_goes_on(client: RawClient) -> None:
    client.write_binary(b"\x02\xff not announced")
    assert client.error()["field"] == "data"
    client.write('451-["doc:feedback",{"_placeholder":true,"num":7}]')
    client.write_binary(b"for a place that is not there")
    assert client.error()["field"] == "data"
    assert still_answers(client)


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
    "no text": ({"text": ""}, "bad_request", "segments[1].text"),
    "text of 100 kB": ({"text": "x" * 100_000}, "bad_request", "segments[1].text"),
    "NUL": ({"text": "a\x00"}, "bad_request", "segments[1].text"),
    "a lone surrogate": ({"text": "\ud83d"}, "bad_request", "segments[1].text"),
    "a time without a zone": ({"timestamp": "2026-01-01T00:00:00"}, "bad_request", "segments[1].timestamp"),
    "nobody's speech": ({"speaker": "robot"}, "bad_request", "segments[1].speaker"),
    "another text for a final": ({"segment_id": "said", "text": "no"}, "final", "segments[1].text"),
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
        assert refusal["code"] == code
        assert refusal["field"].startswith("segments[1]")
        assert code == "final" or refusal["field"] == field
        assert producer.get(f"/v1/calls/{call_id}")["seq"] == 2
        good = {"call_id": call_id, "segments": [line("good"), line("better")]}
        results = client.ok("segment:append", good)["results"]
        assert [(r["seq"], r["outcome"]) for r in results] == [(3, "appended"), (4, "appended")]


# --- tokens -----------------------------------------------------------------------------------


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def tokens(agent_id: str) -> dict[str, tuple[Any, str]]:
    """Ill tokens by what is wrong with them, and the code each is answered with."""
    now = int(time.time())
    claims: dict[str, Any] = {"sub": agent_id, "role": "agent", "exp": now + HOUR_S}
    good = jwt.encode(claims, SECRET, algorithm="HS256")

    def without(name: str) -> str:
        rest = {key: value for key, value in claims.items() if key != name}
        return jwt.encode(rest, SECRET, algorithm="HS256")

    def with_claims(**changes: Any) -> str:
        return jwt.encode(claims | changes, SECRET, algorithm="HS256")

    def unsigned(algorithm: str) -> str:
        return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims)}."

    none = "unauthenticated"
    return {
        "alg none": (unsigned("none"), none),
        "alg None": (unsigned("None"), none),
        "another algorithm": (jwt.encode(claims, SECRET * 2, algorithm="HS512"), none),
        "another key": (jwt.encode(claims, "x" * 40, algorithm="HS256"), none),
        "no signature": (good.rsplit(".", 1)[0] + ".", none),
        "no token": ("", none),
        "no JWT": ("hello", none),
        "a token too long": ("x" * 20_000, none),
        "no exp": (without("exp"), none),
        "expired": (with_claims(exp=now - 1), "expired"),
        "an end that is no time": (with_claims(exp="soon"), none),
        "not valid yet": (with_claims(nbf=now + HOUR_S), none),
        "no sub": (without("sub"), none),
        "no role": (without("role"), none),
        "a role we do not know": (with_claims(role="king"), none),
        "a sub that is no id": (with_claims(sub="a b"), none),
        "a tenant that is no id": (with_claims(tenant="a/b"), none),
    }


KINDS_OF_TOKENS = list(tokens("anybody"))


@pytest.mark.parametrize("kind", KINDS_OF_TOKENS)
def test_an_ill_token_in_the_handshake_is_refused_with_a_code(
    listening: LiveServer, kind: str
) -> None:
    token, code = tokens(new_id("agent"))[kind]
    with RawClient(listening.url, {"token": token}) as client:
        assert client.joined.kind == "connect_error"
        refusal = refusal_in({"ok": False, "error": client.joined.data["data"]})
        assert (refusal["code"], refusal["field"]) == (code, "auth_token")
        assert client.joined.data["message"] == refusal["message"]


@pytest.mark.parametrize(
    ("auth", "code", "field"),
    [
        ({"token": 5}, "unauthenticated", "auth.token"),
        ({"token": ["a"]}, "unauthenticated", "auth.token"),
        ({"token": "x", "client_id": 5}, "bad_request", "auth.client_id"),
        ({"token": "x", "client_id": "a b"}, "bad_request", "auth.client_id"),
    ],
)
def test_an_ill_handshake_is_refused_naming_the_field(
    listening: LiveServer, auth: dict[str, Any], code: str, field: str
) -> None:
    with RawClient(listening.url, auth) as client:
        refusal = client.joined.data["data"]
        assert (refusal["code"], refusal["field"]) == (code, field)


@pytest.mark.parametrize("kind", KINDS_OF_TOKENS)
def test_an_ill_token_in_agent_connect_is_refused_and_a_good_one_still_taken(
    listening: LiveServer, kind: str
) -> None:
    agent_id = new_id("agent")
    token, code = tokens(agent_id)[kind]
    with RawClient(listening.url) as client:
        client.emit("calls:watch", {})  # held, and refused with the session
        refusal = client.refusal("agent:connect", {"agent_id": agent_id, "auth_token": token})
        too_long = kind == "a token too long"
        assert (refusal["code"], refusal["field"]) == (
            "bad_request" if too_long else code,
            "auth_token",
        )
        good = {"agent_id": agent_id, "auth_token": listening.token(agent_id)}
        assert client.ok("agent:connect", good)["agent_id"] == agent_id


def test_a_token_of_another_agent_is_refused(listening: LiveServer) -> None:
    mine, other = new_id("agent"), new_id("agent")
    with RawClient(listening.url) as client:
        refusal = client.refusal(
            "agent:connect", {"agent_id": mine, "auth_token": listening.token(other)}
        )
        assert (refusal["code"], refusal["field"]) == ("unauthenticated", "agent_id")


def test_a_connection_keeps_its_agent_whatever_it_is_sent(
    listening: LiveServer, producer: Caller
) -> None:
    mine, other = new_id("agent"), new_id("agent")
    call_id = producer.create(mine)
    with RawClient(listening.url, {"token": listening.token(mine)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        for agent_id, token, code in (
            (other, listening.token(other), "forbidden"),
            (mine, listening.token(other), "unauthenticated"),
            (mine, "nonsense", "unauthenticated"),
        ):
            refusal = client.refusal("agent:connect", {"agent_id": agent_id, "auth_token": token})
            assert refusal["code"] == code
        producer.say(call_id, line("s1", "still yours", speaker="agent"))
        assert client.event("transcription:update")["text"] == "still yours"
        renewed = {"agent_id": mine, "auth_token": listening.token(mine)}
        assert client.ok("agent:connect", renewed)["agent_id"] == mine


def test_a_token_that_ends_closes_its_connection(
    listening: LiveServer, bystander: Bystander
) -> None:
    agent_id = new_id("agent")
    claims = {"sub": agent_id, "role": "agent", "exp": int(time.time()) + 2}
    with RawClient(listening.url, {"token": jwt.encode(claims, SECRET, "HS256")}) as client:
        assert client.joined.kind == "connect"
        closing = client.event("session:closing")
        assert (closing["code"], closing["reconnect"]) == ("expired", False)
        client.closed()
    assert bystander.is_unharmed()


# --- bounds -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of few connections and little patience."""
    folder = tmp_path_factory.mktemp("narrow")
    limits = {"MAX_CONNECTIONS": 3, "AUTHENTICATE_S": 1}
    settings = {f"EARSHOT__LIMITS__{name}": value for name, value in limits.items()}
    with running(Path(folder), **settings) as server:
        yield server


def test_one_connection_too_many_is_refused_at_once_and_room_is_found_again(
    narrow: LiveServer,
) -> None:
    auth = {"token": narrow.token("anna")}
    with contextlib.ExitStack() as clients:
        inside = [clients.enter_context(RawClient(narrow.url, auth)) for _ in range(3)]
        began = time.monotonic()
        for _ in range(3):
            with RawClient(narrow.url, auth) as refused:
                refusal = refusal_in({"ok": False, "error": refused.joined.data["data"]})
                assert (refusal["code"], refusal["retryable"]) == ("too_many_connections", True)
                assert refusal["retry_after_ms"] > 0
        assert time.monotonic() - began < AT_ONCE_S
        assert all(still_answers(client) for client in inside)
        inside[0].close()
        until(lambda: narrow.metric("connections") < 3)
        with RawClient(narrow.url, auth) as late:
            assert late.joined.kind == "connect"
    until(lambda: narrow.metric("connections") == 0)


def test_who_does_not_authenticate_in_time_is_closed(narrow: LiveServer) -> None:
    with RawClient(narrow.url) as client:
        client.emit("call:subscribe", {"call_id": "a"})
        closing = client.event("session:closing")
        assert (closing["code"], closing["reconnect"]) == ("unauthenticated", False)
        client.closed()
    until(lambda: narrow.metric("connections") == 0)


def test_a_transport_that_joins_nothing_is_closed(narrow: LiveServer) -> None:
    """Else it would stay for ever, beside the limit on connections."""
    with RawClient(narrow.url, join=False) as client:
        client.closed()

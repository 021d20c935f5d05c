"""Engine.IO v4, the session: handshake, messages, heartbeat and close, over HTTP and over
WebSockets, as docs/engine.io-protocol in socketio/socket.io asks it of a server.
"""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import Any

import pytest
import websocket

from tests.live.server import until
from tests.web.protocol_place import (
    FRAME_BYTES,
    PATIENT_S,
    SEPARATOR,
    SLACK_S,
    SUSPENDED_S,
    Channel,
    Polling,
    ProtocolServer,
    text_of,
)

UNKNOWN_TRANSPORT = (0, "Transport unknown")
UNKNOWN_SESSION = (1, "Session ID unknown")
BAD_METHOD = (2, "Bad handshake method")
BAD_REQUEST = (3, "Bad request")
UNSUPPORTED_VERSION = (5, "Unsupported protocol version")


def refused(response: Any) -> tuple[int, str]:
    """Code and message of a request that must be refused as JavaScript's server does it."""
    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert set(body) == {"code", "message"}
    return body["code"], body["message"]


# --- handshake --------------------------------------------------------------------------------


def test_a_poll_without_session_opens_one(lively: ProtocolServer) -> None:
    session = Polling(lively)
    assert isinstance(session.sid, str)
    assert len(session.sid) >= 20
    assert session.handshake == {
        "sid": session.sid,
        "upgrades": ["websocket"],
        "pingInterval": 1000 * PATIENT_S,
        "pingTimeout": 1000 * PATIENT_S,
        "maxPayload": FRAME_BYTES,
    }
    assert Polling(lively).sid != session.sid


def test_a_websocket_without_session_opens_one(lively: ProtocolServer) -> None:
    with Channel(lively) as channel:
        handshake = channel.handshake()
    assert handshake == {
        "sid": handshake["sid"],
        "upgrades": [],
        "pingInterval": 1000 * PATIENT_S,
        "pingTimeout": 1000 * PATIENT_S,
        "maxPayload": FRAME_BYTES,
    }


ILL_HANDSHAKES = {
    "no version": ("transport=polling", "GET", UNSUPPORTED_VERSION),
    "a version of letters": ("EIO=abc&transport=polling", "GET", UNSUPPORTED_VERSION),
    "an old version": ("EIO=3&transport=polling", "GET", UNSUPPORTED_VERSION),
    "no transport": ("EIO=4", "GET", UNKNOWN_TRANSPORT),
    "a transport we do not know": ("EIO=4&transport=abc", "GET", UNKNOWN_TRANSPORT),
    "nothing": ("", "GET", UNKNOWN_TRANSPORT),
    "POST": ("EIO=4&transport=polling", "POST", BAD_METHOD),
    "PUT": ("EIO=4&transport=polling", "PUT", BAD_METHOD),
    "DELETE": ("EIO=4&transport=polling", "DELETE", BAD_METHOD),
    "a WebSocket without Upgrade": ("EIO=4&transport=websocket", "GET", BAD_REQUEST),
    "a session we do not know": ("EIO=4&transport=polling&sid=abc", "GET", UNKNOWN_SESSION),
    "a POST to such a session": ("EIO=4&transport=polling&sid=abc", "POST", UNKNOWN_SESSION),
    "a PUT to such a session": ("EIO=4&transport=polling&sid=abc", "PUT", UNKNOWN_SESSION),
    "a WebSocket's session without Upgrade": (
        "EIO=4&transport=websocket&sid=abc",
        "GET",
        UNKNOWN_SESSION,
    ),
}


@pytest.mark.parametrize(("query", "method", "why"), ILL_HANDSHAKES.values(), ids=ILL_HANDSHAKES)
def test_an_ill_handshake_is_a_400_that_says_why(
    lively: ProtocolServer, query: str, method: str, why: tuple[int, str]
) -> None:
    assert refused(lively.ask(query, method)) == why


@pytest.mark.parametrize(
    "query",
    [
        "transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=3&transport=websocket",
        "EIO=4",
        "EIO=4&transport=abc",
        "EIO=4&transport=polling",
        "EIO=4&transport=websocket&sid=abc",
    ],
)
def test_an_ill_handshake_of_a_websocket_leaves_it_closed_and_no_session(
    lively: ProtocolServer, query: str
) -> None:
    try:
        channel = Channel(lively, query)
    except websocket.WebSocketException:
        return  # answered before there was a WebSocket, which is as good
    with channel:
        assert channel.next(SLACK_S) is None


def test_a_refused_request_can_be_read_by_a_page_of_an_allowed_origin(
    lively: ProtocolServer,
) -> None:
    headers = {"Origin": lively.url}
    answer = lively.ask("EIO=4&transport=abc", headers=headers)
    assert refused(answer) == UNKNOWN_TRANSPORT
    assert answer.headers["Access-Control-Allow-Origin"] == lively.url


def test_what_a_session_is_asked_by_another_method_is_refused_and_it_goes_on(
    lively: ProtocolServer,
) -> None:
    session = Polling(lively)
    for method in ("PUT", "DELETE", "PATCH"):
        answer = lively.ask(f"EIO=4&transport=polling&sid={session.sid}", method)
        assert refused(answer) == BAD_REQUEST
    assert session.join().startswith('40{"sid":')


# --- messages ---------------------------------------------------------------------------------


def test_a_post_is_answered_ok_and_a_poll_brings_the_message(lively: ProtocolServer) -> None:
    session = Polling(lively)
    session.join()
    answer = session.post('42["echo","h\u00e9llo \U0001f600"]')
    assert text_of(answer) == "ok"
    assert session.packets() == ['42["echoed","h\u00e9llo \U0001f600"]']


def test_many_packets_fit_in_one_post_and_come_in_order(lively: ProtocolServer) -> None:
    session = Polling(lively)
    session.join()
    said = SEPARATOR.join(f'42["echo",{number}]' for number in range(100))
    assert text_of(session.post(said)) == "ok"
    heard: list[str] = []
    while len(heard) < 100:
        found = session.packets()
        assert len(found) <= 16, "python-socketio's own client refuses a longer payload"
        heard += found
    assert heard == [f'42["echoed",{number}]' for number in range(100)]


def test_binary_travels_as_base64_over_http(lively: ProtocolServer) -> None:
    session = Polling(lively)
    session.join()
    attached = "b" + base64.b64encode(b"\x01\x02\x03\x04").decode()
    place = '{"_placeholder":true,"num":0}'
    assert text_of(session.post(f'451-["echo",{place}]{SEPARATOR}{attached}')) == "ok"
    assert session.packets() == [f'451-["echoed",{place}]', attached]


def test_text_and_binary_travel_over_a_websocket(lively: ProtocolServer) -> None:
    with Channel(lively) as channel:
        channel.handshake()
        channel.say("40")
        assert channel.text().startswith("40")
        channel.say('42["echo","h\u00e9llo \U0001f600"]')
        assert channel.read() == '42["echoed","h\u00e9llo \U0001f600"]'
        channel.say('451-["echo",{"_placeholder":true,"num":0}]', b"\x01\x02\x03\x04")
        assert channel.read() == '451-["echoed",{"_placeholder":true,"num":0}]'
        assert channel.read() == b"\x01\x02\x03\x04"


ILL_PAYLOADS = ["abc", "", "4x\x1e", "\x1e", "0{}", "9", "bnot base64!", "2", b"4\xff"]


@pytest.mark.parametrize("body", ILL_PAYLOADS)
def test_an_ill_payload_is_refused_and_ends_the_session(
    lively: ProtocolServer, body: str | bytes
) -> None:
    session = Polling(lively)
    session.join()
    assert refused(session.post(body)) == BAD_REQUEST
    assert refused(session.poll()) == UNKNOWN_SESSION
    assert refused(session.post("3")) == UNKNOWN_SESSION


@pytest.mark.parametrize("frame", ["abc", "é", "9", "0{}", "2"])
def test_an_ill_packet_closes_the_websocket(lively: ProtocolServer, frame: str) -> None:
    with Channel(lively) as channel:
        channel.handshake()
        channel.say("40")
        assert channel.text().startswith("40")
        channel.say(frame)
        assert channel.is_closed()


def test_a_payload_beyond_maxpayload_is_refused_before_it_is_read(lively: ProtocolServer) -> None:
    session = Polling(lively)
    head = (
        f"POST /socket.io/?EIO=4&transport=polling&sid={session.sid} HTTP/1.1\r\n"
        f"Host: localhost\r\nContent-Length: {FRAME_BYTES + 1}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", lively.port), SLACK_S) as client:
        client.sendall(head.encode())
        assert client.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))
    assert refused(session.poll()) == UNKNOWN_SESSION


def test_a_payload_of_maxpayload_is_taken(lively: ProtocolServer) -> None:
    session = Polling(lively)
    session.join()
    body = '42["ask",""]'
    body = '42["ask","' + "x" * (FRAME_BYTES - len(body)) + '"]'
    assert text_of(session.post(body)) == "ok"


def test_a_body_that_ends_too_early_ends_the_session(lively: ProtocolServer) -> None:
    session = Polling(lively)
    head = (
        f"POST /socket.io/?EIO=4&transport=polling&sid={session.sid} HTTP/1.1\r\n"
        "Host: localhost\r\nContent-Length: 100\r\n\r\n42["
    )
    with socket.create_connection(("127.0.0.1", lively.port), SLACK_S) as client:
        client.sendall(head.encode())
    until(session.is_over, SLACK_S)
    assert lively.is_well()


# --- one request at a time --------------------------------------------------------------------


def test_a_second_poll_closes_the_session_and_the_first_hears_it(lively: ProtocolServer) -> None:
    session = Polling(lively)
    with session.suspended() as first:
        assert refused(session.poll()) == BAD_REQUEST
        assert first() == "1"
    assert refused(session.poll()) == UNKNOWN_SESSION


def test_a_second_post_closes_the_session(lively: ProtocolServer) -> None:
    session = Polling(lively)
    head = (
        f"POST /socket.io/?EIO=4&transport=polling&sid={session.sid} HTTP/1.1\r\n"
        "Host: localhost\r\nContent-Length: 2\r\n\r\n4"
    )
    with socket.create_connection(("127.0.0.1", lively.port), SLACK_S) as client:
        client.sendall(head.encode())
        time.sleep(SUSPENDED_S)
        assert refused(session.post("40")) == BAD_REQUEST
        client.sendall(b"0")
        client.recv(100)
    assert refused(session.poll()) == UNKNOWN_SESSION


def test_a_poll_that_is_given_up_ends_the_session(lively: ProtocolServer) -> None:
    session = Polling(lively)
    head = (
        f"GET /socket.io/?EIO=4&transport=polling&sid={session.sid} HTTP/1.1\r\n"
        "Host: localhost\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", lively.port), SLACK_S) as client:
        client.sendall(head.encode())
        time.sleep(SUSPENDED_S)
    time.sleep(SUSPENDED_S)
    assert refused(session.poll()) == UNKNOWN_SESSION


def test_a_post_passes_a_poll_that_waits(lively: ProtocolServer) -> None:
    session = Polling(lively)
    session.join()
    with session.suspended() as poll:
        assert text_of(session.post('42["echo",1]')) == "ok"
        assert poll() == '42["echoed",1]'


# --- close ------------------------------------------------------------------------------------


def test_a_client_that_closes_while_it_polls_gets_a_noop(lively: ProtocolServer) -> None:
    session = Polling(lively)
    with session.suspended() as poll:
        assert text_of(session.post("1")) == "ok"
        assert poll() == "6"
    assert refused(session.poll()) == UNKNOWN_SESSION
    assert refused(session.post("40")) == UNKNOWN_SESSION


def test_packets_behind_a_close_are_not_looked_at(lively: ProtocolServer) -> None:
    before = lively.metric("connections")
    session = Polling(lively)
    assert text_of(session.post(f"1{SEPARATOR}40{SEPARATOR}42{json.dumps(['echo'])}")) == "ok"
    assert refused(session.poll()) == UNKNOWN_SESSION
    with Channel(lively) as channel:
        channel.handshake()
        channel.say("1", "40", '42["echo"]')
        assert channel.next() is None
    until(lambda: lively.metric("connections") <= before)
    assert lively.is_well()


def test_a_client_closes_its_websocket_by_a_packet(lively: ProtocolServer) -> None:
    with Channel(lively) as channel:
        channel.handshake()
        channel.say("1")
        assert channel.is_closed()

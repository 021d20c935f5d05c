"""Who may come in over Socket.IO: ill tokens and handshakes are refused with a code, and a
full server says so at once.
"""

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
import websocket

from tests.live.plain_clients import PlainClient
from tests.live.raw_client import RawClient, refusal_in, still_answers
from tests.live.server import BOUND_S, SECRET, Caller, LiveServer, line, new_id, running, until
from tests.web.conftest import Bystander

AT_ONCE_S = 8.0  # on a busy machine; a time-out would take longer
HOUR_S = 3600


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
    claims = {"sub": agent_id, "role": "agent", "exp": int(time.time()) + 4}
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
    limits = {"MAX_CONNECTIONS": 3, "AUTHENTICATE_S": 2}
    settings = {f"EARSHOT__LIMITS__{name}": value for name, value in limits.items()}
    with running(Path(folder), **settings) as server:
        yield server


def test_one_connection_too_many_is_refused_at_once_and_room_is_found_again(
    narrow: LiveServer,
) -> None:
    """In HTTP's words: standard clients try again, and a load balancer asks the next node."""
    auth = {"token": narrow.token("anna")}
    burst = [("agent:connect", {"agent_id": "anna", "auth_token": auth["token"]})]
    handshake = f"{narrow.url}/socket.io/?EIO=4&transport=polling"
    with contextlib.ExitStack() as clients:
        early = clients.enter_context(RawClient(narrow.url, join=False))
        inside = [clients.enter_context(RawClient(narrow.url, auth)) for _ in range(3)]
        began = time.monotonic()
        for _ in range(3):
            answer = requests.get(handshake, timeout=BOUND_S)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            refusal = refusal_in({"ok": False, "error": answer.json()["error"]})
            assert (refusal["code"], refusal["retryable"]) == ("too_many_connections", True)
            with pytest.raises(websocket.WebSocketBadStatusException) as refused:
                RawClient(narrow.url, auth)
            assert refused.value.status_code == 503
        early.write("40" + json.dumps(auth))
        early.closed()  # and not refused, which a client would take for the last word
        assert [packet.kind for packet in early.heard] == ["closed"]
        assert time.monotonic() - began < AT_ONCE_S
        assert all(still_answers(client) for client in inside)
        default = PlainClient("socket.io-client", "polling then upgrade", narrow.url, burst)
        clients.callback(default.close)
        default.until("(connect_error)")
        inside[0].close()
        default.until("(connect)")
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

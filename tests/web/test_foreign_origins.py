"""Pages of an origin that is not taken: refused before there is a connection, in words that they
may read, so that a browser's client can stop instead of trying for ever."""

from __future__ import annotations

import base64

import pytest

from tests.live.server import until
from tests.web.protocol_place import Channel, Polling, ProtocolServer

THEIRS = "https://evil.example"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
}
WAYS = {"polling": {}, "websocket": UPGRADE}


@pytest.mark.parametrize("transport", list(WAYS))
def test_a_foreign_page_is_refused_in_http_and_may_read_why(
    transport: str, lively: ProtocolServer
) -> None:
    headers = WAYS[transport] | {"Origin": THEIRS}
    answer = lively.ask(f"EIO=4&transport={transport}", headers=headers)
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert (error["code"], error["field"], error["retryable"]) == ("forbidden", "origin", False)
    assert "server.origins" in error["message"]
    assert answer.headers["Access-Control-Allow-Origin"] == THEIRS
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Retry-After" not in answer.headers
    assert lively.is_well()


def test_the_log_names_a_foreign_page_once(lively: ProtocolServer) -> None:
    for _ in range(3):
        lively.ask("EIO=4&transport=polling", headers={"Origin": "https://crm.example"})
    until(lambda: "https://crm.example" in lively.log)
    lines = [line for line in lively.log.splitlines() if "https://crm.example" in line]
    assert ["origin.refused origin=https://crm.example:" in line for line in lines] == [True]


def test_our_own_page_and_who_is_no_page_come_in(lively: ProtocolServer) -> None:
    Polling(lively)  # names no origin
    own = lively.ask("EIO=4&transport=polling", headers={"Origin": lively.url})
    assert own.status_code == 200
    with Channel(lively) as channel:  # names ours
        assert channel.handshake()["sid"]

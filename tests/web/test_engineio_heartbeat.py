"""Engine.IO v4, the heartbeat: who is pinged when, and who is given up, over HTTP and over
WebSockets.
"""

from __future__ import annotations

import time

import pytest

from tests.web.protocol_place import (
    PING_INTERVAL_S,
    PING_TIMEOUT_S,
    SLACK_S,
    Channel,
    Polling,
    ProtocolServer,
    text_of,
    upgraded,
)

GONE_S = PING_INTERVAL_S + PING_TIMEOUT_S
PINGS = 4


def took_pings(began: float) -> bool:
    """PINGS of them came neither sooner than they may nor much later."""
    took_s = time.monotonic() - began
    return 0.5 * PINGS * PING_INTERVAL_S < took_s < PINGS * PING_INTERVAL_S + SLACK_S


def test_a_client_that_polls_is_pinged_at_the_interval(pinging: ProtocolServer) -> None:
    began = time.monotonic()
    session = Polling(pinging)
    for _ in range(PINGS):
        assert text_of(session.poll()) == "2"
        assert text_of(session.post("3")) == "ok"
    assert took_pings(began)


def test_a_websocket_is_pinged_at_the_interval(pinging: ProtocolServer) -> None:
    began = time.monotonic()
    with Channel(pinging) as channel:
        channel.handshake()
        for _ in range(PINGS):
            assert channel.next() == "2"
            channel.say("3")
    assert took_pings(began)


def test_a_session_is_pinged_over_the_websocket_after_an_upgrade(pinging: ProtocolServer) -> None:
    session = Polling(pinging)
    session.join()
    with upgraded(pinging, session) as channel:
        began = time.monotonic()
        for _ in range(PINGS):
            assert channel.next() == "2"
            channel.say("3")
        assert time.monotonic() - began < PINGS * PING_INTERVAL_S + SLACK_S


def test_a_client_that_neither_polls_nor_pongs_is_gone_after_interval_and_timeout(
    hasty: ProtocolServer,
) -> None:
    session = Polling(hasty)
    time.sleep(GONE_S + 0.1)
    assert session.is_over()


def test_a_client_that_polls_without_pongs_is_gone_after_interval_and_timeout(
    hasty: ProtocolServer,
) -> None:
    """Unless it was held up for so long that it was gone before."""
    began = time.monotonic()
    session = Polling(hasty)
    heard = [session.poll(), session.poll()]
    assert time.monotonic() - began < GONE_S + SLACK_S
    if all(answer.status_code == 200 for answer in heard):
        assert text_of(heard[0]) == "2"
        assert text_of(heard[1]) in ("1", "6")
    assert session.is_over()


@pytest.mark.parametrize("join", [False, True], ids=["transport", "namespace"])
def test_a_websocket_without_pongs_is_closed_after_interval_and_timeout(
    hasty: ProtocolServer, join: bool
) -> None:
    with Channel(hasty) as channel:
        channel.handshake()
        began = time.monotonic()
        if join:
            channel.say("40")
            assert str(channel.next()).startswith("40")
        assert channel.next() == "2"
        assert channel.next() in ("1", None)  # a CLOSE packet first, or at once
        assert channel.next() is None
        assert time.monotonic() - began < GONE_S + SLACK_S


def test_a_session_without_pongs_is_closed_after_an_upgrade_too(hasty: ProtocolServer) -> None:
    session = Polling(hasty)
    with upgraded(hasty, session) as channel:
        began = time.monotonic()
        assert channel.next() == "2"
        assert channel.next() in ("1", None)
        assert time.monotonic() - began < GONE_S + SLACK_S
    assert session.is_over()

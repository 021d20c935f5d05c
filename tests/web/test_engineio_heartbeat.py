"""Engine.IO v4, the heartbeat: who is pinged when, and who is given up, over HTTP and over
WebSockets.
"""

from __future__ import annotations

import statistics
import time

import pytest

from tests.live.server import until
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
PINGS = 5


class Intervals:
    """Between pings. The middle one counts: a machine that stands still makes one or two long."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._seen: list[float] = []

    def ping(self) -> None:
        now = time.monotonic()
        self._seen.append(now - self._last)
        self._last = now

    @property
    def are_right(self) -> bool:
        return 0.5 * PING_INTERVAL_S < statistics.median(self._seen) < 2 * PING_INTERVAL_S


def test_a_client_that_polls_is_pinged_at_the_interval(pinging: ProtocolServer) -> None:
    intervals = Intervals()
    session = Polling(pinging)
    for _ in range(PINGS):
        assert text_of(session.poll()) == "2"
        intervals.ping()
        assert text_of(session.post("3")) == "ok"
    assert intervals.are_right


def test_a_websocket_is_pinged_at_the_interval(pinging: ProtocolServer) -> None:
    intervals = Intervals()
    with Channel(pinging) as channel:
        channel.handshake()
        for _ in range(PINGS):
            assert channel.next() == "2"
            intervals.ping()
            channel.say("3")
    assert intervals.are_right


def test_a_session_is_pinged_over_the_websocket_after_an_upgrade(pinging: ProtocolServer) -> None:
    session = Polling(pinging)
    session.join()
    with upgraded(pinging, session) as channel:
        intervals = Intervals()
        for _ in range(PINGS):
            assert channel.next() == "2"
            intervals.ping()
            channel.say("3")
    assert intervals.are_right


def test_a_client_that_neither_polls_nor_pongs_is_gone_after_interval_and_timeout(
    hasty: ProtocolServer,
) -> None:
    session = Polling(hasty)
    time.sleep(GONE_S + 0.1)
    until(session.is_over, SLACK_S)


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

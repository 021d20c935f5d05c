"""Engine.IO v4, from HTTP to a WebSocket: nothing is lost, said twice or said to the wrong one,
and an upgrade that fails harms nobody.
"""

from __future__ import annotations

import time

import pytest

from tests.live.server import until
from tests.web.protocol_place import (
    PING_INTERVAL_S,
    PING_TIMEOUT_S,
    SLACK_S,
    SUSPENDED_S,
    Channel,
    Polling,
    ProtocolServer,
    channel_of,
    text_of,
    upgraded,
)

REFUSED = '{"code":3,"message":"Bad request"}'


def echoes(channel: Channel) -> bool:
    channel.say('42["echo","there?"]')
    return channel.read() == '42["echoed","there?"]'


@pytest.fixture
def session(lively: ProtocolServer) -> Polling:
    found = Polling(lively)
    found.join()
    return found


def test_a_probe_ends_the_poll_and_the_rest_goes_over_the_websocket(
    lively: ProtocolServer, session: Polling
) -> None:
    with session.suspended() as poll, channel_of(lively, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        assert poll() == "6"
        channel.say("5")
        assert echoes(channel)


def test_a_poll_after_the_probe_is_answered_at_once(
    lively: ProtocolServer, session: Polling
) -> None:
    with channel_of(lively, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        assert text_of(session.poll()) == "6"
        channel.say("5")
        assert echoes(channel)


def test_no_noop_is_left_over_by_an_upgrade_without_a_poll(
    lively: ProtocolServer, session: Polling
) -> None:
    with upgraded(lively, session) as channel:
        channel.say('42["echo",1]')
        assert channel.next() == '42["echoed",1]', "and nothing before it"


def test_everything_in_one_burst_is_an_upgrade_too(
    lively: ProtocolServer, session: Polling
) -> None:
    with channel_of(lively, session) as channel:
        channel.say("2probe", "5", '42["echo",1]')
        assert [channel.next(), channel.next()] == ["3probe", '42["echoed",1]']


def test_messages_during_an_upgrade_come_once_and_in_order(
    lively: ProtocolServer, session: Polling
) -> None:
    """The client polls until it is told to stop, as JavaScript's does."""
    most = 60
    assert text_of(session.post(f'42["count",{most}]')) == "ok"
    heard = session.packets()
    with channel_of(lively, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        while "6" not in heard[-1:]:
            heard += session.packets()
        heard.pop()
        time.sleep(SUSPENDED_S)  # so that some wait
        channel.say("5")
        while len(heard) < most:
            heard.append(channel.text())
        assert heard == [f'42["number",{number}]' for number in range(1, most + 1)]
        assert echoes(channel)


def test_what_waited_for_a_poll_comes_over_the_websocket(
    lively: ProtocolServer, session: Polling
) -> None:
    assert text_of(session.post('42["echo",1]\x1e42["echo",2]')) == "ok"
    with upgraded(lively, session) as channel:
        assert [channel.read(), channel.read()] == ['42["echoed",1]', '42["echoed",2]']
        assert echoes(channel)


def test_http_requests_are_refused_after_an_upgrade_and_harm_nothing(
    lively: ProtocolServer, session: Polling
) -> None:
    with upgraded(lively, session) as channel:
        assert echoes(channel)
        for answer in (session.poll(), session.post('42["echo",2]'), session.post("1")):
            assert (answer.status_code, answer.text) == (400, REFUSED)
        assert echoes(channel)


def test_a_second_websocket_is_closed_and_the_first_goes_on(
    lively: ProtocolServer, session: Polling
) -> None:
    with upgraded(lively, session) as channel:
        assert echoes(channel)
        with channel_of(lively, session) as second:
            second.say("2probe")
            assert second.next(SLACK_S) is None
        assert echoes(channel)


def test_a_session_that_began_as_a_websocket_takes_no_other(lively: ProtocolServer) -> None:
    with Channel(lively) as channel:
        sid = channel.handshake()["sid"]
        with Channel(lively, f"EIO=4&transport=websocket&sid={sid}") as second:
            second.say("2probe")
            assert second.next(SLACK_S) is None
        assert lively.ask(f"EIO=4&transport=polling&sid={sid}").text == REFUSED
        channel.say("40")
        assert channel.text().startswith("40")


def test_a_second_websocket_during_an_upgrade_is_closed_and_the_first_completes(
    lively: ProtocolServer, session: Polling
) -> None:
    with channel_of(lively, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        with channel_of(lively, session) as second:
            second.say("2probe")
            assert second.next(SLACK_S) is None
        channel.say("5")
        assert echoes(channel)


@pytest.mark.parametrize("first", ["2", "2other", '42["echo"]', "5", "x", "1"])
def test_a_websocket_without_a_probe_is_closed_and_polling_goes_on(
    lively: ProtocolServer, session: Polling, first: str
) -> None:
    with channel_of(lively, session) as channel:
        channel.say(first)
        assert channel.next(SLACK_S) is None
    assert text_of(session.post('42["echo",1]')) == "ok"
    assert session.packets()[-1] == '42["echoed",1]'


@pytest.mark.parametrize("second", ["2probe", '42["echo"]', "x", None])
def test_an_upgrade_that_is_not_completed_leaves_polling_as_it_was(
    lively: ProtocolServer, session: Polling, second: str | None
) -> None:
    with channel_of(lively, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        assert text_of(session.post('42["echo",1]')) == "ok"
        if second is not None:
            channel.say(second)
            assert channel.next(SLACK_S) is None
    heard: list[str] = []
    while not heard or heard[-1] == "6":
        heard = session.packets()
    assert heard[-1] == '42["echoed",1]'
    with upgraded(lively, session) as again:
        assert echoes(again)


def test_a_session_that_ends_during_an_upgrade_closes_both(
    lively: ProtocolServer, session: Polling
) -> None:
    with channel_of(lively, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        assert text_of(session.post("1")) == "ok"
        assert channel.is_closed()
        channel.say("5")
    assert session.is_over()


def test_an_upgrade_that_never_goes_on_ends_with_its_session(hasty: ProtocolServer) -> None:
    session = Polling(hasty)
    assert text_of(session.post("40")) == "ok"
    with channel_of(hasty, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        assert channel.is_closed(PING_INTERVAL_S + PING_TIMEOUT_S + SLACK_S)
    assert session.is_over()
    until(lambda: hasty.metric("connections") == 0)
    assert hasty.is_well()

"""Socket.IO v5 as docs/socket.io-protocol in socketio/socket.io asks it of a server, with a
user's own handlers beside our events.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.server import until
from tests.web.protocol_place import (
    JOIN_S,
    SLACK_S,
    Channel,
    Polling,
    ProtocolServer,
    joined,
    text_of,
)

FIRST, SECOND = '{"_placeholder":true,"num":0}', '{"_placeholder":true,"num":1}'


@pytest.fixture
def opened(lively: ProtocolServer) -> Iterator[Channel]:
    """A WebSocket after Engine.IO's handshake."""
    with Channel(lively) as channel:
        channel.handshake()
        yield channel


@pytest.fixture
def channel(lively: ProtocolServer) -> Iterator[Channel]:
    """Connected to the main namespace."""
    with joined(lively) as found:
        yield found


def frames(channel: Channel, count: int) -> list[Any]:
    return [channel.read() for _ in range(count)]


def event_of(packet: str) -> tuple[str, Any]:
    """Acknowledgement id and array of an event of the main namespace."""
    assert packet.startswith("42"), packet
    bracket = packet.index("[")
    return packet[2:bracket], json.loads(packet[bracket:])


# --- connect ----------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["", "{}"])
def test_the_main_namespace_is_joined_without_auth(opened: Channel, auth: str) -> None:
    opened.say(f"40{auth}")
    answer = opened.text()
    assert answer[:2] == "40"
    session = json.loads(answer[2:])
    assert set(session) == {"sid"}
    assert isinstance(session["sid"], str)
    opened.say('42["echo",1]')
    assert opened.read() == '42["echoed",1]'


def test_the_main_namespace_is_joined_with_auth(lively: ProtocolServer, opened: Channel) -> None:
    opened.say("40" + json.dumps({"token": lively.token("anna")}))
    answer = opened.text()
    assert answer[:2] == "40"
    assert set(json.loads(answer[2:])) == {"sid"}
    opened.say('421["client:report",{"paint_ms":[1.5]}]')
    assert opened.read() == '431[{"ok":true,"data":{}}]'


def test_a_refused_connection_says_why_in_an_object(opened: Channel) -> None:
    opened.say('40{"token":"nonsense"}')
    answer = opened.text()
    assert answer[:2] == "44"
    assert {"message", "data"} == set(json.loads(answer[2:]))


@pytest.mark.parametrize(("auth", "heard"), [("", "{}"), ('{"token":"abc"}', '{"token":"abc"}')])
def test_a_users_namespace_is_joined_and_greets_after_it(
    opened: Channel, auth: str, heard: str
) -> None:
    opened.say(f"40/custom,{auth}")
    answer = opened.text()
    assert answer.startswith('40/custom,{"sid":"')
    assert set(json.loads(answer[len("40/custom,") :])) == {"sid"}
    assert opened.read() == f'42/custom,["auth",{heard}]'


def test_sids_of_namespaces_and_of_the_transport_are_apart(lively: ProtocolServer) -> None:
    with Channel(lively) as channel:
        sids = {channel.handshake()["sid"]}
        channel.say("40", "40/custom,")
        for packet in frames(channel, 3):
            if packet[:2] == "40":
                sids.add(json.loads(packet[packet.index("{") :])["sid"])
    assert len(sids) == 3


@pytest.mark.parametrize("packet", ["40/random", "40/random,", '40/random,{"token":"abc"}'])
def test_an_unknown_namespace_is_refused_and_the_connection_goes_on(
    opened: Channel, packet: str
) -> None:
    opened.say(packet)
    assert opened.read() == '44/random,{"message":"Invalid namespace"}'
    opened.say("40")
    assert opened.text().startswith('40{"sid":')


def test_an_unknown_namespace_is_refused_over_http_too(lively: ProtocolServer) -> None:
    session = Polling(lively)
    assert text_of(session.post("40/random,")) == "ok"
    assert session.packets() == ['44/random,{"message":"Invalid namespace"}']


@pytest.mark.parametrize(
    "packet", ["4abc", '42["echo",1]', '421["ask"]', "431[]", "4", '40"text"', "40[1]", "49"]
)
def test_anything_but_connect_at_first_closes_the_connection(opened: Channel, packet: str) -> None:
    opened.say(packet)
    assert opened.is_closed(SLACK_S)


def test_who_never_connects_is_closed(hasty: ProtocolServer) -> None:
    began = time.monotonic()
    with Channel(hasty) as channel:
        channel.handshake()
        assert channel.is_closed(JOIN_S + SLACK_S)
        assert time.monotonic() - began > JOIN_S / 2


def test_who_was_refused_and_does_not_try_again_is_closed(hasty: ProtocolServer) -> None:
    with Channel(hasty) as channel:
        channel.handshake()
        channel.say("40/random")
        assert channel.text().startswith("44")
        assert channel.is_closed(JOIN_S + SLACK_S)


def test_a_second_connect_to_a_namespace_closes_the_connection(channel: Channel) -> None:
    channel.say("40")
    assert channel.is_closed(SLACK_S)


# --- disconnect -------------------------------------------------------------------------------


def test_a_client_leaves_the_main_namespace_and_the_transport_lives_on(
    pinging: ProtocolServer,
) -> None:
    before = pinging.metric("connections")
    with joined(pinging) as channel:
        channel.say("41")
        assert channel.next() == "2", "no answer, only the next ping"
        channel.say("3")
        until(lambda: pinging.metric("connections") <= before)
        channel.say("40")
        assert channel.text().startswith('40{"sid":')


def test_leaving_a_users_namespace_leaves_the_main_one_alone(channel: Channel) -> None:
    channel.say("40/custom,")
    assert frames(channel, 2)[1] == '42/custom,["auth",{}]'
    channel.say('42/custom,["echo",1]')
    assert channel.read() == '42/custom,["echoed",1]'
    channel.say("41/custom,", '42["echo",2]')
    assert channel.read() == '42["echoed",2]'


def test_a_disconnect_by_the_server_is_told(channel: Channel) -> None:
    channel.say('42["go"]')
    assert channel.read() == "41"


def test_an_event_to_a_namespace_that_was_left_closes_the_connection(channel: Channel) -> None:
    channel.say("40/custom,")
    frames(channel, 2)
    channel.say("41/custom,", '42/custom,["echo",1]')
    assert channel.is_closed(SLACK_S)


# --- events and acknowledgements --------------------------------------------------------------


def test_an_event_of_several_arguments_comes_back(channel: Channel) -> None:
    channel.say('42["echo",1,"2",{"3":[true,null,1.5]}]')
    assert channel.read() == '42["echoed",1,"2",{"3":[true,null,1.5]}]'
    channel.say('42["echo"]')
    assert channel.read() == '42["echoed"]'


def test_an_event_with_attachments_comes_back(channel: Channel) -> None:
    channel.say(f'452-["echo",{FIRST},{{"deep":[{SECOND}]}}]', b"\x01\x02\x03", b"\x04")
    heard = frames(channel, 3)
    deep = f'452-["echoed",{FIRST},{{"deep":[{SECOND}]}}]'
    assert heard == [deep, b"\x01\x02\x03", b"\x04"]


def test_an_event_is_acknowledged_by_its_id(channel: Channel) -> None:
    channel.say('42456["ask",1,"2",{"3":[false]}]')
    assert channel.read() == '43456[1,"2",{"3":[false]}]'
    channel.say('420["ask"]')
    assert channel.read() == "430[]"
    channel.say('4212["ask",null]')
    assert channel.read() == "4312[null]"


def test_an_event_with_attachments_is_acknowledged_with_them(channel: Channel) -> None:
    channel.say(f'452-789["ask",{FIRST},{SECOND}]', b"\x01\x02\x03", b"\x04\x05\x06")
    assert frames(channel, 3) == [f"462-789[{FIRST},{SECOND}]", b"\x01\x02\x03", b"\x04\x05\x06"]


def test_the_server_asks_and_hears_the_acknowledgement(channel: Channel) -> None:
    for said in ("[]", '["yes",{"n":[1]}]'):
        channel.say('42["question","well?"]')
        ack_id, asked = event_of(channel.text())
        assert asked == ["asked", "well?"]
        assert ack_id.isdigit()
        channel.say(f"43{ack_id}{said}")
        assert event_of(channel.text()) == ("", ["answered", *json.loads(said)])


def test_the_server_asks_and_hears_a_binary_acknowledgement(channel: Channel) -> None:
    channel.say('42["question"]')
    ack_id, _ = event_of(channel.text())
    channel.say(f"461-{ack_id}[{FIRST}]", b"\x01\x02")
    assert frames(channel, 2) == [f'451-["answered",{FIRST}]', b"\x01\x02"]


def test_an_acknowledgement_nobody_waits_for_is_passed_over(channel: Channel) -> None:
    channel.say("43999[]", '42["echo",1]')
    assert channel.read() == '42["echoed",1]'


def test_events_of_one_burst_are_answered_in_order(channel: Channel) -> None:
    channel.say(*(f'42{number}["ask",{number}]' for number in range(200)))
    assert frames(channel, 200) == [f"43{number}[{number}]" for number in range(200)]


# --- what is ill ------------------------------------------------------------------------------

ILL_PACKETS = {
    "no type": "4",
    "a type of a letter": "4abc",
    "a type we do not know": "49[]",
    "an error for the server": '44{"message":"no"}',
    "an event that is an object": "42{}",
    "an event that is text": '42"echo"',
    "an event without payload": "42",
    "an event that is empty": "42[]",
    "an event named by null": "42[null]",
    "an event named by a list": "42[[]]",
    "JSON cut short": '42["echo",',
    "JSON and more": '42["echo"]]',
    "no JSON": "42echo",
    "an id of letters": '42abc["ask"]',
    "an acknowledgement that is an object": "431{}",
    "an acknowledgement without payload": "431",
    "an acknowledgement without id": "43[]",
    "a binary event without a number": f'45["echo",{FIRST}]',
    "a binary event of too many": "4599999999-[]",
    "a connect that is text": '40/custom,"text"',
    "a disconnect that says something": '41/custom,{"a":1}',
    "a namespace that is not joined": '42/custom,["echo"]',
    "a namespace that is not there": '42/random,["echo"]',
    "binary for such a namespace": f'451-/custom,["echo",{FIRST}]',
}


@pytest.mark.parametrize("packet", ILL_PACKETS.values(), ids=ILL_PACKETS)
def test_an_ill_packet_closes_the_connection(channel: Channel, packet: str) -> None:
    channel.say(packet)
    assert channel.is_closed(SLACK_S)


def test_an_ill_packet_over_http_closes_the_session(lively: ProtocolServer) -> None:
    session = Polling(lively)
    session.join()
    session.post("42{}")
    until(session.is_over, SLACK_S)


@pytest.mark.parametrize(
    "said",
    [(b"\x01",), (f'451-["echo",{FIRST}]', '42["echo"]'), (f'451-["echo",{SECOND}]', b"\x01")],
    ids=["not announced", "announced and not sent", "for no place"],
)
def test_attachments_out_of_place_close_the_connection(
    channel: Channel, said: tuple[str | bytes, ...]
) -> None:
    channel.say(*said)
    assert channel.is_closed(SLACK_S)


def test_no_fault_of_a_client_was_a_fault_of_the_server(lively: ProtocolServer) -> None:
    assert lively.is_well(), lively.log[-4000:]

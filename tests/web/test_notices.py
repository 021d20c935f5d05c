"""Of a tab's connections on several nodes the last one announced stays, in every order."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from actors import messages as m
from actors.directory import Directory
from engine.config import Settings
from engine.identity import Identity
from engine.log import CallKey
from engine.notices import Tab, free_command, parse_calls, parse_tab, tab_command
from web.notices import ECHO_S, Notices

ANN = Identity("ann", "agent", "default", 9e9)


class Channel:
    """What the store publishes: told to all, in one order, when the test says so."""

    def __init__(self, count: int) -> None:
        self.time = 0.0
        self.said: list[bytes] = []
        self.closed: list[str] = []
        self.nodes = [self._node() for _ in range(count)]

    def _node(self) -> Any:
        directory = Directory()
        dispatcher = SimpleNamespace(send=self._send)
        context = SimpleNamespace(dispatcher=dispatcher, settings=Settings())
        directory._context = context  # type: ignore[assignment]
        notices = Notices(
            directory,
            dispatcher,  # type: ignore[arg-type]
            lambda packed, done: self.said.append(body_of(packed)),
            lambda: self.time,
        )
        return SimpleNamespace(directory=directory, notices=notices)

    def _send(self, ref: Any, message: Any) -> None:
        assert isinstance(message, m.Close)
        assert message.error.code == "replaced"
        self.closed.append(ref)

    def come(self, node: int, connection_id: str, client_id: str = "tab") -> None:
        here = self.nodes[node]
        if here.directory.identified(connection_id, connection_id, ANN, client_id):
            here.notices.came(ANN, client_id, connection_id)

    def tell(self) -> None:
        for body in self.said:
            for node in self.nodes:
                node.notices.on_tab(body)
        self.said.clear()


def body_of(packed: bytes) -> bytes:
    return packed.split(b"\r\n")[-2]


@pytest.mark.parametrize("nodes", list(itertools.product((0, 1, 2), repeat=3)))
def test_the_last_announced_stays_alone(nodes: tuple[int, ...]) -> None:
    for told_after in itertools.product((True, False), repeat=3):
        channel = Channel(3)
        for number, (node, tell) in enumerate(zip(nodes, told_after, strict=True)):
            channel.come(node, f"c{number}")
            if tell:
                channel.tell()
        channel.tell()
        assert sorted(channel.closed) == ["c0", "c1"]


def test_other_tabs_and_agents_are_left_alone() -> None:
    channel = Channel(2)
    channel.come(0, "c0", "one tab")
    channel.come(1, "c1", "other tab")
    for node in channel.nodes:
        stranger = Identity("ben", "agent", "default", 9e9)
        node.directory.identified("b", "b", stranger, "one tab")
        elsewhere = Identity("ann", "agent", "other", 9e9)
        node.directory.identified("e", "e", elsewhere, "one tab")
    channel.tell()
    assert channel.closed == []


def test_a_renewal_of_the_token_announces_nothing() -> None:
    channel = Channel(2)
    channel.come(0, "c0")
    channel.come(0, "c0")
    assert len(channel.said) == 1
    channel.nodes[0].directory.identified("c0", "c0", ANN, None)
    channel.come(0, "c0")
    assert len(channel.said) == 1


def test_a_connection_whose_announcement_was_lost_is_replaced_all_the_same() -> None:
    channel = Channel(2)
    channel.come(0, "c0")
    channel.said.clear()
    channel.time += ECHO_S
    channel.come(1, "c1")
    channel.tell()
    assert channel.closed == ["c0"]


def test_notices_survive_their_form_and_nonsense_is_none() -> None:
    tab = Tab("default", "ann", "tab", "c1")
    assert parse_tab(body_of(tab_command(tab))) == tab
    calls = [CallKey("default", "one"), CallKey("other", "two")]
    assert parse_calls(body_of(free_command(calls))) == calls
    for nonsense in (b"", b"{}", b"\xff", b'{"calls":[["a"]]}', b"[1]"):
        assert parse_tab(nonsense) is None
        assert parse_calls(nonsense) == []


def test_tables_do_not_grow() -> None:
    channel = Channel(1)
    for number in range(100):
        channel.come(0, f"c{number}", f"tab {number}")
        channel.said.clear()  # none of them comes back
        channel.time += 1
    assert len(channel.nodes[0].notices._awaited) <= ECHO_S + 1

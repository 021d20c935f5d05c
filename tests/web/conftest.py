"""Fixtures of the web tests: a server that listens, for what has to cross a real socket."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.examples import be_patient
from tests.live.raw_client import RawClient
from tests.live.server import Caller, LiveServer, line, new_id, running
from tests.web.protocol_place import (
    JOIN_S,
    PING_INTERVAL_S,
    PING_TIMEOUT_S,
    ProtocolServer,
    serving,
)

be_patient()


@pytest.fixture(scope="session")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Shared: no test may stop it or change what others see."""
    folder = tmp_path_factory.mktemp("listening")
    with running(folder, EARSHOT__SERVER__PING_TIMEOUT_S=120) as server:  # of who is not read
        yield server


@pytest.fixture(scope="session")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProtocolServer]:
    """Has a user's handlers, and patience: nothing ends here, and no ping comes between, while
    a test is held up. Shared."""
    with serving(tmp_path_factory.mktemp("lively")) as server:
        yield server


@pytest.fixture(scope="session")
def pinging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProtocolServer]:
    """Pings several times a second and waits long for the answers. Shared."""
    folder = tmp_path_factory.mktemp("pinging")
    with serving(folder, ping_interval_s=PING_INTERVAL_S) as server:
        yield server


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProtocolServer]:
    """Gives up soon who does not answer its pings, and who joins nothing. Shared."""
    folder, interval_s, timeout_s = (
        tmp_path_factory.mktemp("hasty"),
        PING_INTERVAL_S,
        PING_TIMEOUT_S,
    )
    with serving(folder, interval_s, timeout_s, join_s=JOIN_S) as server:
        yield server


@pytest.fixture
def producer(listening: LiveServer) -> Iterator[Caller]:
    token = listening.token("producer-1", "producer")
    with Caller(listening.url, token) as caller:
        yield caller


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

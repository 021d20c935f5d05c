"""Fixtures of the web tests: a server that listens, for what has to cross a real socket."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.live.raw_client import RawClient
from tests.live.server import Caller, LiveServer, line, new_id, running
from tests.web.protocol_place import ProtocolServer


@pytest.fixture(scope="session")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Shared: no test may stop it or change what others see."""
    with running(tmp_path_factory.mktemp("listening")) as server:
        yield server


@pytest.fixture(scope="session")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProtocolServer]:
    """Pings several times a second, and has a user's handlers. Shared."""
    server = ProtocolServer(tmp_path_factory.mktemp("lively"))
    try:
        yield server.start()
    finally:
        server.end()


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


@pytest.fixture(scope="session")
def bystander(listening: LiveServer) -> Iterator[Bystander]:
    with contextlib.closing(Bystander(listening)) as found:
        yield found

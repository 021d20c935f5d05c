"""Fixtures of the live tests: real server processes, shared where a test harms none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.server import LiveServer, running

Start = Callable[..., LiveServer]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One for all tests that neither stop nor fill it, on whatever port is free. It suggests
    whatever has any relevance: how good that is, is tested elsewhere. Who reads nothing for
    long is not ended: it may be a busy machine that does not let them."""
    folder = tmp_path_factory.mktemp("shared")
    patient = {"EARSHOT__LIMITS__SLOW_S": 300, "EARSHOT__SERVER__PING_TIMEOUT_S": 300}
    with running(folder, PORT=0, EARSHOT__ASSIST__THRESHOLD=0.01, **patient) as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[LiveServer]:
    """One that the test may stop, kill and start again."""
    with running(tmp_path / "own", EARSHOT__ASSIST__THRESHOLD=0.01) as server:
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers by name with settings of their own; all end with the test."""
    with contextlib.ExitStack() as servers:

        def begin(name: str = "server", **settings: Any) -> LiveServer:
            return servers.enter_context(running(tmp_path / name, **settings))

        yield begin

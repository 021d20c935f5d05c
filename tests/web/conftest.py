"""Fixtures of the web tests: a server that listens, for what has to cross a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.server import LiveServer, running


@pytest.fixture(scope="session")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Shared: no test may stop it or change what others see."""
    with running(tmp_path_factory.mktemp("listening")) as server:
        yield server

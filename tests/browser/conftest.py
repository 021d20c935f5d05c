"""What the browser's tests share: one server, and the tools that must be there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.live.server import LiveServer, running


def needed(name: str) -> str:
    """The path of a program; without it the test is skipped, in CI it fails."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="session")
def node() -> str:
    return needed("node")


@pytest.fixture(scope="session")
def chromium() -> str:
    return needed("chromium")


@pytest.fixture(scope="session")
def browser_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One for all scenarios: pages of other origins may use it, and it pings often, so that a
    dead connection is noticed while a test waits."""
    settings = {
        "EARSHOT__SERVER__ORIGINS": '["*"]',
        "EARSHOT__SERVER__PING_INTERVAL_S": "1",
        "EARSHOT__SERVER__PING_TIMEOUT_S": "4",
        "EARSHOT__ASSIST__THRESHOLD": "0.01",
    }
    with running(tmp_path_factory.mktemp("browser"), **settings) as server:
        yield server

"""The desk on a server that gives tokens to nobody: who comes in, and what the others see. The
scenarios are in entrance/scenarios.mjs; they run a few at a time, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.scenarios import names_in, outcomes_of
from tests.held_ports import held_port
from tests.live.server import LiveServer, running

FOLDER = Path(__file__).with_name("entrance")
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    settings = {
        "EARSHOT__DEVELOPMENT__TOKENS": "false",
        # A scenario's page listens there.
        "EARSHOT__SERVER__EMBEDDERS": f'["http://127.0.0.1:{held_port()}"]',
        "EARSHOT__ASSIST__THRESHOLD": "0.01",
    }
    with running(tmp_path_factory.mktemp("entrance"), **settings) as server:
        yield server


@pytest.fixture(scope="module")
def outcomes(server: LiveServer, node: str, chromium: str) -> dict[str, str | None]:
    return outcomes_of(FOLDER, server, node, chromium, TIMEOUT_S)


@pytest.mark.parametrize("scenario", names_in(FOLDER))
def test_whoever_comes_in_sees_what_is_theirs(
    scenario: str, outcomes: dict[str, str | None]
) -> None:
    problem = outcomes[scenario]
    assert problem is None, problem

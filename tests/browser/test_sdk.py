"""The browser's client in a real browser, against the real server, through a proxy that fails
as networks do. The scenarios are in sdk/scenarios.mjs; they run a few at a time, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.scenarios import names_in, outcomes_of
from tests.live.server import LiveServer

FOLDER = Path(__file__).with_name("sdk")
TIMEOUT_S = 480


@pytest.fixture(scope="module")
def outcomes(browser_server: LiveServer, node: str, chromium: str) -> dict[str, str | None]:
    return outcomes_of(FOLDER, browser_server, node, chromium, TIMEOUT_S)


@pytest.mark.parametrize("scenario", names_in(FOLDER))
def test_the_client_keeps_its_promise(scenario: str, outcomes: dict[str, str | None]) -> None:
    problem = outcomes[scenario]
    assert problem is None, problem

"""The transcript in a real browser, when there is very much of it or it comes as no server
should send it: desk/transcript.mjs and desk/orders.mjs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.scenarios import names_in, outcomes_of
from tests.live.server import LiveServer

FOLDER = Path(__file__).with_name("desk")
FILES = ("transcript.mjs", "orders.mjs")
TIMEOUT_S = 480


@pytest.fixture(scope="module")
def outcomes(browser_server: LiveServer, node: str, chromium: str) -> dict[str, str | None]:
    return outcomes_of(FOLDER, browser_server, node, chromium, TIMEOUT_S, FILES)


@pytest.mark.parametrize("scenario", names_in(FOLDER, FILES))
def test_the_transcript_keeps_its_promise(scenario: str, outcomes: dict[str, str | None]) -> None:
    problem = outcomes[scenario]
    assert problem is None, problem

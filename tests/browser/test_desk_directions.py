"""Text that runs from right to left, or pretends to, and links in documents, on the desk and the
wall in a real browser: desk/directions.mjs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.scenarios import names_in, outcomes_of
from tests.live.server import LiveServer

FOLDER = Path(__file__).with_name("desk")
FILES = ("directions.mjs",)
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def outcomes(browser_server: LiveServer, node: str, chromium: str) -> dict[str, str | None]:
    return outcomes_of(FOLDER, browser_server, node, chromium, TIMEOUT_S, FILES)


@pytest.mark.parametrize("scenario", names_in(FOLDER, FILES))
def test_no_text_turns_another(scenario: str, outcomes: dict[str, str | None]) -> None:
    problem = outcomes[scenario]
    assert problem is None, problem

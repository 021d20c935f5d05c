"""A connection that carries nothing any more is noticed at the settings that are shipped."""

from __future__ import annotations

from pathlib import Path

from tests.browser.conftest import needed
from tests.browser.scenarios import names_in, outcomes_of
from tests.live.server import running

FOLDER = Path(__file__).with_name("desk")
FILES = ("half_open.mjs",)
TIMEOUT_S = 180


def test_a_half_open_connection_is_noticed_and_the_desk_works_on(tmp_path: Path) -> None:
    with running(tmp_path, EARSHOT__ASSIST__THRESHOLD="0.01") as server:
        outcomes = outcomes_of(FOLDER, server, needed("node"), needed("chromium"), TIMEOUT_S, FILES)
    assert outcomes == dict.fromkeys(names_in(FOLDER, FILES)), outcomes

"""The desk in a real browser when the server's history begins anew: desk/epoch.mjs."""

from __future__ import annotations

from pathlib import Path

from tests.browser.scenarios import names_in, outcomes_of
from tests.live.server import LiveServer

FOLDER = Path(__file__).with_name("desk")
FILES = ("epoch.mjs",)
TIMEOUT_S = 300


def test_a_new_epoch_is_a_snapshot_that_disturbs_nobody(
    browser_server: LiveServer, node: str, chromium: str
) -> None:
    outcomes = outcomes_of(
        FOLDER,
        browser_server,
        node,
        chromium,
        TIMEOUT_S,
        FILES,
        {"STORE_PID": str(browser_server.store_pid)},
    )
    assert outcomes == dict.fromkeys(names_in(FOLDER, FILES)), outcomes

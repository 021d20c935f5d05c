"""The desk and the wall in a real browser, against the real server, through a proxy that fails
as networks do. The scenarios are in desk/scenarios.mjs; they run a few at a time, once."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.live.server import SECRET, LiveServer

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).with_name("desk")
SCENARIOS = re.findall(
    r"^  async (\w+)\(place", (FOLDER / "scenarios.mjs").read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.fixture(scope="module")
def outcomes(browser_server: LiveServer, node: str, chromium: str) -> dict[str, str | None]:
    """What each scenario found wrong; None: nothing."""
    ran = subprocess.run(
        [node, str(FOLDER / "run.mjs"), browser_server.url],
        cwd=ROOT,
        env=os.environ | {"CHROMIUM": chromium, "JWT_SECRET": SECRET},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    outcomes: dict[str, str | None] = json.loads(ran.stdout)
    return outcomes


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_desk_keeps_its_promise(scenario: str, outcomes: dict[str, str | None]) -> None:
    problem = outcomes[scenario]
    assert problem is None, problem

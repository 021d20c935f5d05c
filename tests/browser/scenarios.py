"""Scenarios in a real browser, written in JavaScript and judged one by one in Python.

Owns how a folder's files are read for the names of their scenarios and its `run.mjs` is run, once
for all of them. What a scenario does, and through which failing network, is the folder's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from tests.live.server import SECRET, LiveServer

ROOT = Path(__file__).parents[2]
_SCENARIO = re.compile(r"^  async (\w+)\(place", re.MULTILINE)


def names_in(folder: Path, files: tuple[str, ...] = ("scenarios.mjs",)) -> list[str]:
    texts = ((folder / file).read_text(encoding="utf-8") for file in files)
    return [name for text in texts for name in _SCENARIO.findall(text)]


def outcomes_of(
    folder: Path,
    server: LiveServer,
    node: str,
    chromium: str,
    timeout_s: float,
    files: tuple[str, ...] = ("scenarios.mjs",),
    environment: dict[str, str] | None = None,
) -> dict[str, str | None]:
    """What each scenario found wrong; None: nothing. `environment`: what they need beside it."""
    ran = subprocess.run(
        [node, str(folder / "run.mjs"), server.url, *(str(folder / file) for file in files)],
        cwd=ROOT,
        env=os.environ | {"CHROMIUM": chromium, "JWT_SECRET": SECRET} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    outcomes: dict[str, str | None] = json.loads(ran.stdout)
    return outcomes

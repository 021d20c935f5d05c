"""Scenarios in a real browser, written in JavaScript and judged one by one in Python.

Owns how a folder's files are read for the names of their scenarios and its `run.mjs` is run, once
for all of them. What a scenario does, and through which failing network, is the folder's.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.script import seen_by
from tests.live.server import SECRET, LiveServer

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
    outcomes: dict[str, str | None] = seen_by(
        folder / "run.mjs",
        server.url,
        *(str(folder / file) for file in files),
        node=node,
        chromium=chromium,
        timeout_s=timeout_s,
        environment={"JWT_SECRET": SECRET} | (environment or {}),
    )
    return outcomes

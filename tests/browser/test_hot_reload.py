"""React's StrictMode and a developer's edits leave one socket and no listener behind: a real Vite
server, twenty edits of the file that holds the provider, in a real browser (hot_reload.mjs)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.live.server import SECRET, LiveServer, until

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 240


@pytest.mark.parametrize("where", ["apart", "together"])
def test_twenty_edits_of_the_provider_leave_one_socket_and_no_listener(
    browser_server: LiveServer, node: str, chromium: str, tmp_path: Path, where: str
) -> None:
    """The client in a file of its own, and beside the provider: a new one with each edit."""
    until(lambda: browser_server.metric("connections") == 0)
    ran = subprocess.run(
        [node, "tests/browser/hot_reload.mjs", browser_server.url, str(tmp_path), where],
        cwd=ROOT,
        env=os.environ | {"CHROMIUM": chromium, "JWT_SECRET": SECRET},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["loads"] == 1, "the page was never loaded anew"
    assert seen["connections"] == 1
    assert seen["lines"] == ["good morning", "still here"]
    assert seen["before"]["window online"] == 1, "the client listens"
    assert seen["before"]["clients"] > 0, "and is listened to"
    assert seen["after"] == seen["before"]
    assert seen["complaints"] == []

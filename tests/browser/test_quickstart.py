"""The App.tsx that the React package's README begins with, as somebody else would use it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.live.server import LiveServer, line, running, until

ROOT = Path(__file__).parents[2]
SENTENCE = "The connection to http://127.0.0.1:5000 is {}; agent-1 has {} calls."


def test_the_readmes_application_shows_the_transcript_and_says_so_when_it_cannot(
    browser_server: LiveServer, node: str, chromium: str, tmp_path: Path
) -> None:
    build = ["npm", "run", "--silent", "build", "-w", "packages/client", "-w", "packages/react"]
    subprocess.run(build, cwd=ROOT / "web" / "ui", check=True, capture_output=True, timeout=240)
    with browser_server.caller() as producer, running(tmp_path / "refusing") as refusing:
        call_id = producer.create("agent-1")
        said = [line("s1", "good morning", speaker="agent"), line("s2", "my bill is wrong")]
        producer.say(call_id, *said)
        seen = looks(node, chromium, browser_server.url, refusing.url, tmp_path / "application")
        producer.patch(f"/v1/calls/{call_id}", {"status": "ended"})
        setting = f"EARSHOT__SERVER__ORIGINS='[\"{seen['origin']}\"]'"
        until(lambda: setting in refusing.log, about=lambda: refusing.log)
    assert seen["taken"] == {
        "sentence": [SENTENCE.format("online", 1)],
        "lines": ["agent: good morning", "customer: my bill is wrong"],
        "complaints": [],
    }
    assert seen["refused"]["sentence"] == [SENTENCE.format("reconnecting", 0)]
    assert "CORS" in seen["refused"]["complaints"][0]
    assert seen["html"]["sentence"] == [SENTENCE.format("reconnecting", 0)]
    assert seen["html"]["complaints"][0].startswith("No token: 200 text/html from ")


def looks(node: str, chromium: str, taking: str, refusing: str, folder: Path) -> dict[str, Any]:
    """What the application's page shows; tests/browser/quickstart.mjs says of what."""
    folder.mkdir()
    ran = subprocess.run(
        [node, "tests/browser/quickstart.mjs", taking, refusing, str(folder)],
        cwd=ROOT,
        env=os.environ | {"CHROMIUM": chromium},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen: dict[str, Any] = json.loads(ran.stdout)
    return seen

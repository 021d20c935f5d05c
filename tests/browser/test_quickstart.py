"""The first twenty lines of the React package's README, as somebody else would use them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.live.server import SECRET, LiveServer, line

ROOT = Path(__file__).parents[2]


def test_the_readmes_first_twenty_lines_are_a_working_transcript(
    browser_server: LiveServer, node: str, chromium: str, tmp_path: Path
) -> None:
    build = ["npm", "run", "--silent", "build", "-w", "packages/client", "-w", "packages/react"]
    subprocess.run(build, cwd=ROOT / "web" / "ui", check=True, capture_output=True, timeout=240)
    with browser_server.caller() as producer:
        call_id = producer.create("agent-1")
        said = [line("s1", "good morning", speaker="agent"), line("s2", "my bill is wrong")]
        producer.say(call_id, *said)
        ran = subprocess.run(
            [node, "tests/browser/quickstart.mjs", browser_server.url, "agent-1", str(tmp_path)],
            cwd=ROOT,
            env=os.environ | {"CHROMIUM": chromium, "JWT_SECRET": SECRET},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        producer.patch(f"/v1/calls/{call_id}", {"status": "ended"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = json.loads(ran.stdout)
    assert seen == {
        "lines": ["agent: good morning", "customer: my bill is wrong"],
        "complaints": [],
    }

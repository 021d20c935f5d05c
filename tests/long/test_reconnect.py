"""Fifty desks lose their server in mid-call and find it again, in web/ui's own client."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from tests.live.server import line, running, until

ROOT = Path(__file__).parents[2]
CLIENTS = 50
AWAY_S = 20.0
LINES = 6


def test_fifty_desks_come_back_spread_out_and_miss_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        with server.caller() as producer:
            call_id = producer.create("agent-1")
            producer.say(call_id, *(line(f"s{n}", f"line {n}") for n in (1, 2, 3)))
        settings = {
            "EARSHOT_URL": server.url,
            "EARSHOT_CALL": call_id,
            "EARSHOT_TOKEN": server.token("agent-1"),
            "EARSHOT_LINES": str(LINES),
        }
        command = ["npx", "vitest", "run", "--config", "vitest.long.config.ts"]
        with subprocess.Popen(
            command,
            cwd=ROOT / "web" / "ui",
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as desks:
            until(lambda: server.metric("connections") >= CLIENTS, 60.0, lambda: server.log)
            server.kill()
            time.sleep(AWAY_S)  # what is tested: that long, they try in vain
            server.start()
            with server.caller() as producer:
                producer.say(call_id, *(line(f"s{n}", f"line {n}") for n in (4, 5, 6)))
            said, _ = desks.communicate(timeout=120)
        assert desks.returncode == 0, said

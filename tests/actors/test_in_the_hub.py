"""Under the real loop, a handler that waits gets an error, and only its actor fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_handler_that_waits_in_the_hub_gets_an_error_and_only_that_actor_fails() -> None:
    script = Path(__file__).with_name("in_the_hub.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["alive"] == []
    assert found["failures"] == ["BlockingSwitchOutError"] * 4
    assert found["other_alive"]
    assert sorted(found["other"]) == sorted(
        [
            "beside time.sleep",
            "beside gevent.sleep",
            "beside event",
            "beside lock",
            "timer",
            "posted",
            "after",
        ]
    )

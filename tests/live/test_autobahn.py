"""Autobahn's own cases (kosoku runs them) against an echo server built with our WebSocket.

12.* and 13.* are compression, which is not negotiated. The rest is run in one go: about half
a minute, most of it the cases' own pauses and the 9.* cases with messages up to 16 MiB.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).resolve().parents[2]
KOSOKU = Path(sys.executable).with_name("kosoku")
BOUND_S = 240
NO_RULE = "INFORMATIONAL"  # RFC 6455 does not say what to do


@pytest.fixture
def port() -> Iterator[int]:
    """Of an echo server in a process of its own."""
    command = [sys.executable, "-m", "tests.live.echo_server", "ours"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        assert server.poll() is None, "the echo server died"
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


def test_every_autobahn_case_passes_strictly(port: int, tmp_path: Path) -> None:
    excluded = ["-x", "12.*", "-x", "13.*"]
    outcome = subprocess.run(
        [KOSOKU, "-m", "fuzzingclient", *excluded, "-o", tmp_path, f"127.0.0.1:{port}"],
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-3000:]
    (cases,) = msgspec.json.decode((tmp_path / "index.json").read_bytes()).values()
    # 247 of the protocol, and the 54 of 9.* with their big messages.
    assert len(cases) == 301
    assert {
        name: case
        for name, case in cases.items()
        if not {case["behavior"], case["behaviorClose"]} <= {"OK", NO_RULE}
    } == {}

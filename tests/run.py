"""Runs the tests as the server runs: with gevent patched before anything is imported.

Owns how pytest is started, nothing of what it runs. Without arguments, tests/engine and
tests/contract run a second time unpatched, because the core must not need gevent. With
arguments, these are handed to pytest, once, patched.
"""

# ruff: noqa: E402 - nothing may be imported before gevent has patched

from gevent import monkey

monkey.patch_all()

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UNPATCHED = [name for name in ("tests/engine", "tests/contract") if (ROOT / name).is_dir()]
# Test files are called after what they test, so two folders may hold one name.
OPTIONS = ["--import-mode=importlib"]
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    """The exit code: 0 when every run passed."""
    os.chdir(ROOT)
    # Not tests/: it holds folders with the names of our packages.
    sys.path[:] = [str(ROOT), *(path for path in sys.path if path != str(ROOT / "tests"))]
    if arguments:
        return int(pytest.main([*OPTIONS, *arguments]))
    began = time.monotonic()
    _say("Python tests, with gevent patched")
    codes = [int(pytest.main(OPTIONS))]
    _say(f"{' and '.join(UNPATCHED)}, unpatched")
    command = [sys.executable, "-m", "pytest", *OPTIONS, *UNPATCHED]
    codes.append(subprocess.run(command, check=False).returncode)
    _say(f"Python tests: {_verdict(codes)} in {time.monotonic() - began:.0f} s")
    return next((code for code in codes if code not in (0, NOTHING_COLLECTED)), 0)


def _verdict(codes: list[int]) -> str:
    return "passed" if all(code in (0, NOTHING_COLLECTED) for code in codes) else "FAILED"


def _say(text: str) -> None:
    sys.stdout.write(f"== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

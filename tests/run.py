"""Runs the tests as the server runs: with gevent patched before anything is imported.

Owns how pytest is started, nothing of what it runs. With arguments, these are handed to
pytest, once, patched, here. Without, everything runs (tests/everything.py).
"""

import sys

if len(sys.argv) > 1:
    from gevent import monkey

    monkey.patch_all()

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Test files are called after what they test, so two folders may hold one name.
OPTIONS = ["--import-mode=importlib"]


def main(arguments: list[str]) -> int:
    """The exit code: 0 when every run passed."""
    os.chdir(ROOT)
    # Not tests/: it holds folders with the names of our packages.
    sys.path[:] = [str(ROOT), *(path for path in sys.path if path != str(ROOT / "tests"))]
    if arguments:
        import pytest

        return int(pytest.main([*OPTIONS, *arguments]))
    from tests.everything import run_everything

    return run_everything(ROOT, OPTIONS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs tests while one of their processes after another is stopped for a second.

`python -m tests.pauses PATHS` is `tests/run.py PATHS` on a machine that is busy elsewhere: a
node, a store, a browser or the test itself is kept waiting while the others go on. Owns the
stopping (SIGSTOP, SIGCONT), on Linux, of this run's processes alone. What a test stopped itself
is let be. A test that fails here and not without it waits for a clock where it should wait for
what happens.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAUSE_S = 1.0
GAP_S = 1.5  # between two pauses, give or take half of it
MARK = "EARSHOT_PAUSES"  # in the environment of every process of the run


def main(arguments: list[str]) -> int:
    """The exit code of the run."""
    mark = f"{MARK}={os.getpid()}"
    command = [sys.executable, str(ROOT / "tests" / "run.py"), *arguments]
    run = subprocess.Popen(command, env=os.environ | {MARK: str(os.getpid())})
    try:
        while run.poll() is None:
            time.sleep(GAP_S * random.uniform(0.5, 1.5))
            if running := _running(mark.encode()):
                _pause(random.choice(running))
    except KeyboardInterrupt:
        run.send_signal(signal.SIGINT)
    return run.wait()


def _running(mark: bytes) -> list[int]:
    """The run's processes that nobody has stopped."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (folder / "environ").read_bytes().split(b"\0")
            state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            continue  # it has ended, or is somebody else's
        if marked and state in (b"R", b"S", b"D"):
            found.append(int(folder.name))
    return found


def _pause(pid: int) -> None:
    try:
        name = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:60]
        os.kill(pid, signal.SIGSTOP)
    except OSError:
        return  # it has just ended
    try:
        time.sleep(PAUSE_S)
    finally:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            name = f"ended: {name}"
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} stood still: {pid} {name}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

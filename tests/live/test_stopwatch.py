"""The stopwatch leaves out what the machine stood still, and nothing else."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time

import pytest

from tests.live.server import ROOT
from tests.live.stopwatch import HICCUP_S, TICK_S, Standstill, in_time

STOPPED_S = 1.0
PROGRAM = """
import time
from tests.live.stopwatch import Stopwatch
began = time.monotonic()
with Stopwatch() as took:
    print("began", flush=True)
    input()
print(took.seconds, time.monotonic() - began)
"""


def test_looks_that_come_in_time_or_a_little_late_are_no_standstill() -> None:
    standstill = Standstill(0.0)
    for number in range(1, 200):
        standstill.look(number * (TICK_S + 0.9 * HICCUP_S))
    assert standstill.seconds == 0.0


def test_a_look_that_comes_much_too_late_tells_how_long_it_was() -> None:
    standstill = Standstill(0.0)
    for now in (TICK_S, TICK_S * 2 + 1.5, TICK_S * 3 + 1.5):
        standstill.look(now)
    assert round(standstill.seconds, 6) == 1.5


def test_a_process_that_is_stopped_for_a_second_does_not_count_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        process.send_signal(signal.SIGCONT)
        process.stdin.write("\n")
        process.stdin.flush()
        counted, passed = map(float, process.stdout.readline().split())
    assert passed >= STOPPED_S
    assert counted <= passed - STOPPED_S + 2 * HICCUP_S


@pytest.mark.parametrize(
    ("seconds", "kept", "attempts"),
    [([0.5], True, 1), ([2, 0.5, 0.5], True, 3), ([2, 0.5, 2], False, 3), ([2, 2, 0.5], False, 3)],
)
def test_a_promise_that_was_late_once_has_to_hold_twice_more(
    seconds: list[float], kept: bool, attempts: int
) -> None:
    left = iter(seconds)
    late = pytest.raises(AssertionError, match="late twice")
    with contextlib.nullcontext() if kept else late:
        in_time(1.0, lambda: next(left))
    assert len(seconds) - len(list(left)) == attempts

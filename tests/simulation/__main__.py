"""`make simulate`: as many schedules as wanted on all cores, or one of them with its trace.

Owns the command line. Exit code 1 when a schedule failed; its seed is printed, replayed and
made smaller.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from multiprocessing import Pool
from typing import Any

from tests.simulation.planted import BUGS, planted
from tests.simulation.schedule import Act, Outcome, Schedule, draw, run
from tests.simulation.shrink import shrink

CHUNK = 8  # schedules a process takes at once
BAR = 30
TRACE_SHOWN = 120  # the last lines of a trace, unless all are asked for


def main(arguments: list[str]) -> int:
    asked = _parse(arguments)
    with planted(asked.plant) if asked.plant else nullcontext():
        if asked.seed is not None:
            return _replay(_schedule(asked), whole=asked.whole, smaller=asked.shrink)
        failed = _run_many(asked.first, asked.count, asked.processes)
        if failed is None:
            return 0
        _say(f"\nseed {failed.schedule.seed}: {failed.fault}")
        _say(f"replay it: make simulate SEED={failed.schedule.seed}\n")
        _show_smallest(failed)
    return 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="schedules to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="replay this one, with its trace")
    parser.add_argument("--acts", help="only these acts of the seed, as `kind:salt,...`")
    parser.add_argument("--off", default="", help="kinds of faults that do not happen")
    parser.add_argument("--nodes", type=int, help="instead of what the seed says")
    parser.add_argument("--shrink", action="store_true", help="make the replayed seed smaller")
    parser.add_argument("--whole", action="store_true", help="print the whole trace")
    parser.add_argument("--plant", choices=sorted(BUGS), help="with this bug in the code")
    return parser.parse_args(arguments)


def _schedule(asked: argparse.Namespace) -> Schedule:
    off = frozenset(kind for kind in asked.off.split(",") if kind)
    schedule = draw(asked.seed, off)
    if asked.acts is not None:
        pairs = (act.partition(":") for act in asked.acts.split(",") if act)
        schedule = schedule._replace(acts=tuple(Act(kind, int(salt)) for kind, _, salt in pairs))
    return schedule._replace(nodes=asked.nodes) if asked.nodes else schedule


def _replay(schedule: Schedule, *, whole: bool, smaller: bool) -> int:
    outcome = run(schedule, traced=True)
    _show_trace(outcome, whole=whole)
    if outcome.fault is None:
        _say(f"seed {schedule.seed}: every invariant held ({outcome.steps} steps)")
        return 0
    _say(f"seed {schedule.seed}: {outcome.fault}")
    if smaller:
        _show_smallest(outcome)
    return 1


def _show_smallest(failed: Outcome) -> None:
    _say("making it smaller ...")
    smallest = shrink(failed)
    schedule = smallest.schedule
    _show_trace(smallest, whole=False)
    _say(f"smallest found: {len(schedule.acts)} acts of {len(failed.schedule.acts)}")
    _say(f"fault: {smallest.fault}")
    acts, off = ",".join(map(str, schedule.acts)), ",".join(sorted(schedule.off))
    _say(f"replay: python -m tests.simulation --seed {schedule.seed} --acts '{acts}' --off '{off}'")


def _show_trace(outcome: Outcome, *, whole: bool) -> None:
    shown = outcome.trace if whole else outcome.trace[-TRACE_SHOWN:]
    if len(shown) < len(outcome.trace):
        _say(f"... {len(outcome.trace) - len(shown)} lines before; --whole prints all")
    for line in shown:
        _say(line)


def _run_many(first: int, count: int, processes: int) -> Outcome | None:
    """The first failure found; None: all held."""
    began, done, steps = time.monotonic(), 0, 0
    with Pool(processes) as pool:
        for outcome in _outcomes(pool, first, count):
            done += 1
            steps += outcome.steps
            if outcome.fault is not None:
                _bar(done, count, began, end="\n")
                pool.terminate()
                return outcome
            if done % CHUNK == 0 or done == count:
                _bar(done, count, began, end="")
    _say(f"\n{done} schedules, {steps} steps: every invariant held")
    return None


def _outcomes(pool: Any, first: int, count: int) -> Iterator[Outcome]:
    yield from pool.imap_unordered(_run_one, range(first, first + count), CHUNK)


def _run_one(seed: int) -> Outcome:
    return run(draw(seed))


def _bar(done: int, count: int, began: float, end: str) -> None:
    filled = BAR * done // max(1, count)
    rate = done / max(1e-9, time.monotonic() - began)
    bar = "#" * filled + "." * (BAR - filled)
    left_s = (count - done) / max(rate, 1e-9)
    sys.stderr.write(f"\r[{bar}] {done}/{count}  {rate:.0f}/s  {left_s:.0f} s left {end}")
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

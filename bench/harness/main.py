"""Measure ours beside its peers, in one run on one machine.

Owns the command line, the order of repeats and what is written. The shape of each
measurement is workloads.py, what is said of it report.py.
"""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import ladder, machine, report
from harness.progress import Progress
from harness.runner import Bench
from harness.servers import ALL
from harness.workloads import CROWD, WORKLOADS, Plan, cells, defaults

BENCH = Path(__file__).resolve().parents[1]
RESULTS = BENCH / "results"
DOCS = BENCH.parent / "docs"
LADDER = BENCH / "ladder.csv"


def main() -> int:
    asked = arguments()
    if asked.report:
        result = merged([json.loads(path.read_text()) for path in asked.report])
    else:
        machine.check()
        result = measure(plan_of(asked), asked.wait)
        path = save(result)
        print(f"results: {path.relative_to(BENCH.parent)}", file=sys.stderr)
    print(report.text(result))
    if asked.ladder:
        ladder.add(LADDER, asked.ladder, result)
    whole = not (asked.report or asked.quick or asked.only or asked.servers or asked.ladder)
    if asked.docs or whole:
        for path in report.write(result, DOCS, ladder.table_of(LADDER)):
            print(f"written: {path.relative_to(BENCH.parent)}", file=sys.stderr)
    return 1 if any(row["problems"] for row in result["rows"]) else 0


def merged(results: list[Any]) -> Any:
    """Runs of different workloads on one machine, as one; when and how each was made stays."""
    whole = dict(results[0])
    whole["rows"] = [row for result in results for row in result["rows"]]
    whole["command"] = " && ".join(result["command"] for result in results)
    whole["seconds"] = sum(result["seconds"] for result in results)
    return whole


def plan_of(asked: argparse.Namespace) -> Plan:
    quick = asked.quick
    if asked.ladder:
        return Plan(True, ladder.WORKLOADS, ladder.SERVERS, ladder.FAN_OUTS, 3, asked.nap)
    return Plan(
        quick=quick,
        only=asked.only or [name for name in WORKLOADS if not (quick and name == CROWD)],
        servers=asked.servers or defaults(quick),
        fan_outs=asked.fanout or ((1, 10, 100) if quick else (1, 2, 10, 100)),
        repeat=asked.repeat or (1 if quick else 3),
        nap_us=asked.nap,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python bench/run.py", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="about two minutes: ours and stock, short runs")
    add("--only", type=_words(WORKLOADS), help=f"some of {','.join(WORKLOADS)}")
    add("--servers", type=_words(ALL), help=f"some of {','.join(ALL)}")
    add("--fanout", type=_numbers, help="e.g. 1,2,10,100")
    add("--repeat", type=int, help="runs of everything; the tables show medians (3)")
    add(
        "--wait",
        type=float,
        default=0,
        metavar="S",
        help="wait so long for idle cores before each cell",
    )
    add(
        "--nap",
        type=int,
        default=0,
        metavar="US",
        help="in saturated cells the generator polls instead of being woken",
    )
    add("--ladder", metavar="STEP", help="ours, stock and Node, relay and ack: a row for the page")
    add("--docs", action="store_true", help="write docs/benchmarks.md, as a full run does")
    add(
        "--report",
        type=Path,
        nargs="+",
        metavar="JSON",
        help="measure nothing, show these results; of runs one after the other",
    )
    return parser.parse_args()


def _words(known: Any) -> Any:
    def parse(text: str) -> list[str]:
        words = text.split(",")
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(known)}")
        return words

    return parse


def _numbers(text: str) -> list[int]:
    numbers = [int(word) for word in text.split(",")]
    if min(numbers) < 1:
        raise argparse.ArgumentTypeError("a fan-out is 1 at least")
    return numbers


def measure(plan: Plan, wait_s: float) -> dict[str, Any]:
    todo = cells(plan)
    rows = []
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="earshot-bench-") as folder:
        facts = machine.facts()
        bench = Bench(Path(folder))
        progress = Progress(len(todo) * plan.repeat)
        try:
            for repeat in range(plan.repeat):
                for cell in todo:
                    progress.show(f"{cell.workload}: {cell.server}, {cell.case}")
                    machine.wait_for_quiet(wait_s)
                    row = bench.measure(cell, 1.0 if plan.quick else 4.0)
                    rows.append(row | {"repeat": repeat})
                    progress.step(row["problems"])
        finally:
            progress.end()
            bench.close()
    return {
        "began": began.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - began).total_seconds()),
        "command": " ".join(["python", "bench/run.py", *sys.argv[1:]]),
        "plan": plan._asdict(),
        "machine": facts,
        "rows": rows,
    }


def save(result: dict[str, Any]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / (time.strftime("%Y-%m-%d-%H%M%S") + ".json")
    path.write_text(json.dumps(result, indent=1))
    return path

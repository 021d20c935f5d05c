"""`make chaos`: every fault with real processes, one row each, and docs/chaos.md from them.

Owns the command line. Exit code 1 when anything was lost, repeated or out of order.
"""

# ruff: noqa: E402, T201 - gevent patches before anything is imported; a command line prints

from gevent import monkey

monkey.patch_all()

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.chaos import report
from tests.chaos.scenarios import ALL
from tests.chaos.stage import Row, Scenario, play


def main() -> int:
    asked = arguments()
    chosen = [one for one in ALL if not asked.only or one.name in asked.only.split(",")]
    if not chosen:
        print(f"No such scenario. There are: {', '.join(one.name for one in ALL)}")
        return 2
    rows: list[Row] = []
    failed: list[str] = []
    for number, scenario in enumerate(chosen, start=1):
        print(f"[{number}/{len(chosen)}] {scenario.name}: {scenario.what} … ", end="", flush=True)
        row = attempt(scenario)
        if row is None:
            failed.append(scenario.name)
            continue
        rows.append(row)
        if row.verdict.faults:
            failed.append(scenario.name)
        print(f"{'FAULTS' if row.verdict.faults else 'ok'}, {row.seconds:.0f} s", flush=True)
        if len(row.recoveries_ms) < row.browsers:
            print(f"    {row.browsers - len(row.recoveries_ms)} browsers heard nothing afterwards")
        for note in row.verdict.notes:
            print(f"    {note}")
    print(f"\n{report.plain(rows)}\n")
    for row in rows:
        for name, value in row.figures.items():
            print(f"{row.scenario.name}: {name}: {value}")
    if asked.docs and not failed:
        report.write(rows, "make chaos" + (f" ONLY={asked.only}" if asked.only else ""))
        print(f"written: {report.PAGE.name}")
    if failed:
        print(f"not as it should be: {', '.join(failed)}")
    return 1 if failed else 0


def attempt(scenario: Scenario) -> Row | None:
    """None: it could not be played to its end."""
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="earshot-chaos-") as folder:
            return play(scenario, Path(folder))
    except Exception:  # noqa: BLE001 - the next scenario is played all the same
        print(f"FAILED after {time.monotonic() - began:.0f} s", flush=True)
        traceback.print_exc()
        return None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--only", default="", help="names of scenarios, with commas between")
    parser.add_argument("--docs", action="store_true", help="write docs/chaos.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

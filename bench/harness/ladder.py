"""The ladder: what each step of the delivery path brought, kept from run to run.

Owns bench/ladder.csv, one row a step: CPU-microseconds of ours, and of stock and Node in the
same run, because only their ratio survives a change of machine.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from harness.servers import NODE, OURS, STOCK
from harness.summary import Summary, short, table
from harness.workloads import ACK, RELAY

WORKLOADS = (RELAY, ACK)
SERVERS = (OURS, STOCK, NODE)
FAN_OUTS = (1, 10, 100)
ACK_CASE = "50 connections, window 1"
CASES = {f"fan-out {n}": (RELAY, f"fan-out {n}, saturated") for n in FAN_OUTS} | {
    "ack": (ACK, ACK_CASE)
}
FIELDS = ("date", "step", *(f"{case}, {server}" for case in CASES for server in SERVERS))


def add(path: Path, step: str, result: dict[str, Any]) -> None:
    """Append the run's medians as a row."""
    whole = Summary(result["rows"])
    row = {"date": result["began"][:10], "step": step}
    for name, (workload, case) in CASES.items():
        for server in SERVERS:
            figure = whole.of(workload).figure(case, server, "cpu_us")
            row[f"{name}, {server}"] = "" if figure is None else f"{figure.median:.2f}"
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def table_of(path: Path) -> str:
    """As Markdown; '' when there is no ladder yet."""
    if not path.exists():
        return ""
    with path.open(newline="") as file:
        rows = [_shown(row) for row in csv.DictReader(file)]
    return table(["date", "step", *CASES], rows)


def _shown(row: dict[str, str]) -> list[str]:
    cells = [row["date"], row["step"]]
    for name in CASES:
        ours = row[f"{name}, {OURS}"]
        ratios = [
            f"{float(row[f'{name}, {peer}']) / float(ours):.2f}"
            for peer in (STOCK, NODE)
            if ours and row[f"{name}, {peer}"]
        ]
        cells.append(f"{short(float(ours))} ({', '.join(ratios)})" if ours else "-")
    return cells

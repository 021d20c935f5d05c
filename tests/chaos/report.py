"""Rows as a table, and docs/chaos.md written from them.

Owns the generated part of the page, between its two marks; the prose around it is by hand.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.stage import Row

PAGE = Path(__file__).parents[2] / "docs" / "chaos.md"
BEGIN, END = "<!-- written by make chaos: begin -->", "<!-- written by make chaos: end -->"
HEAD = (
    *("scenario", "appended", "delivered", "lost", "repeated", "out of order"),
    *("recovery p50", "p99"),
)  # fmt: skip


def share(sorted_ms: Sequence[float], part: float) -> str:
    """The value that this part of them does not pass; "-" of none."""
    if not sorted_ms:
        return "-"
    place = min(len(sorted_ms) - 1, int(len(sorted_ms) * part))
    return f"{sorted_ms[place]:,.0f} ms"


def cells(row: Row) -> list[str]:
    verdict = row.verdict
    return [
        row.scenario.name,
        f"{verdict.appended:,}",
        f"{verdict.delivered:,}",
        f"{verdict.lost + verdict.unkept:,}",
        f"{verdict.repeated + verdict.doubled:,}",
        f"{verdict.out_of_order + verdict.wrong:,}",
        share(row.recoveries_ms, 0.5),
        share(row.recoveries_ms, 0.99),
    ]


def markdown(rows: Sequence[Row]) -> str:
    lines = [f"| {' | '.join(HEAD)} |", "|---|" + "---:|" * (len(HEAD) - 1)]
    lines += [f"| {' | '.join(cells(row))} |" for row in rows]
    lines.append("")
    for row in rows:
        figures = "; ".join(f"{name}: {value}" for name, value in row.figures.items())
        setting = row.scenario.setting
        lines.append(
            f"- **{row.scenario.name}**: {row.scenario.what}. Nodes {setting.nodes}, calls "
            f"{setting.calls}, browsers {row.browsers:,}, requests sent again {row.again}, "
            f"{row.seconds:.0f} s in all; {figures}."
        )
    return "\n".join(lines) + "\n"


def plain(rows: Sequence[Row]) -> str:
    """For a terminal."""
    table = [list(HEAD), *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in table
    )


def machine() -> str:
    with Path("/proc/cpuinfo").open() as facts:
        names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return f"{len(names)} cores {names[0] if names else platform.machine()}, {platform.platform()}"


def write(rows: Sequence[Row], command: str) -> None:
    """Exchange the generated part of the page."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, `{command}`, on {machine()}."
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n\n{markdown(rows)}{END}{after}")

"""From rows to medians: one Figure for each case, server and number.

Owns the arithmetic of repeats and ratios. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple

Row = dict[str, Any]


class Figure(NamedTuple):
    """Of the repeats of one measurement."""

    median: float
    low: float
    high: float

    def text(self) -> str:
        if self.low == self.high:
            return short(self.median)
        return f"{short(self.median)} ({short(self.low)}-{short(self.high)})"


def short(value: float) -> str:
    """Three significant digits at most, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Summary:
    """The rows of a run, by workload, case and server, in the order they were measured."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)

    def of(self, workload: str) -> Summary:
        return Summary(row for row in self.rows if row["workload"] == workload)

    def where(self, **facts: Any) -> Summary:
        """Rows whose facts are these; a fact that is `...` must only be there."""
        return Summary(
            row
            for row in self.rows
            if all(
                name in row["facts"] and wanted in (..., row["facts"][name])
                for name, wanted in facts.items()
            )
        )

    @property
    def servers(self) -> list[str]:
        return _in_order(row["server"] for row in self.rows)

    @property
    def cases(self) -> list[str]:
        return _in_order(row["case"] for row in self.rows)

    def facts(self, case: str) -> dict[str, Any]:
        return next(row["facts"] for row in self.rows if row["case"] == case)

    def figure(self, case: str, server: str, name: str) -> Figure | None:
        """None: not measured, or overloaded. Names may be dotted: `rss_mib.1000`."""
        values = []
        for row in self.rows:
            if row["case"] == case and row["server"] == server and not row.get("overloaded"):
                value = _at(row, name)
                if value is not None:
                    values.append(value)
        if not values:
            return None
        return Figure(median(values), min(values), max(values))

    def ratio(self, case: str, name: str, of: str, to: str) -> float | None:
        """How many times `of` is above `to`."""
        above, below = self.figure(case, of, name), self.figure(case, to, name)
        if above is None or below is None or not below.median:
            return None
        return above.median / below.median

    def ratio_within(self, case: str, server: str, above: str, below: str) -> float:
        """One number over another of the same server; both must be there."""
        one, other = self.figure(case, server, above), self.figure(case, server, below)
        if one is None or other is None:
            raise KeyError(f"{above} or {below} of {server}")
        return one.median / other.median

    def problems(self) -> list[str]:
        return [
            f"{row['workload']}, {row['case']}, {row['server']}: {problem}"
            for row in self.rows
            for problem in row["problems"]
        ]

    def is_overloaded(self, case: str, server: str) -> bool:
        return any(
            row.get("overloaded")
            for row in self.rows
            if row["case"] == case and row["server"] == server
        )

    def is_ill(self, case: str, server: str) -> bool:
        return any(
            row["problems"] for row in self.rows if row["case"] == case and row["server"] == server
        )


def _at(row: Row, name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown whose columns also line up on a terminal."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    padded = [
        f"| {' | '.join(map(str.ljust, line, widths))} |"  # both are as long as the header
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([padded[0], rule, *padded[1:]])

"""How much of what must be hidden is found, and how much else is hidden: precision and recall on
labelled lines, and what a line costs.

Owns the table in docs/redaction.md and the timing; scoring.py counts. It changes no rule and
holds no line: they are in tests/engine/redaction/labelled.jsonl, whose half `a` may be read while
rules are mended and whose half `b` may not. `make redaction-report` runs it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from engine.redaction.cues import CUE_LINES
from engine.redaction.redactor import KINDS, Redactor
from engine.redaction.scoring import (
    Labelled,
    Report,
    Said,
    kept_before,
    measure,
    read_labelled,
)

_ROOT = Path(__file__).parents[2]
LABELLED = _ROOT / "tests/engine/redaction/labelled.jsonl"
PAGE = _ROOT / "docs/redaction.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_AT_ONCE = 5  # times the lines between two looks at the clock
_ROUNDS = 30  # of the timing; the quickest counts


_TALK = Labelled(
    "customer",
    "well I was looking at the website yesterday and it would not let me log in at all",
    [],
    "en",
    "",
    [Said("agent", "okay, can you tell me what you see on the screen")] * CUE_LINES,
)


class Cost(NamedTuple):
    """Microseconds a line, the quickest of some rounds."""

    talk_us: float  # no number in it, nothing to hide: most of a call
    clean_us: float
    hiding_us: float


def cost(
    lines: Sequence[Labelled], redactor: Redactor, clock: Callable[[], float] = time.process_time
) -> Cost:
    return Cost(
        _cost([_TALK], redactor, clock),
        _cost([line for line in lines if not line.spans], redactor, clock),
        _cost([line for line in lines if line.spans], redactor, clock),
    )


def _cost(lines: Sequence[Labelled], redactor: Redactor, clock: Callable[[], float]) -> float:
    work = [(line, kept_before(line, redactor)) for line in lines]
    rounds = []
    for _ in range(_ROUNDS):
        begun = clock()
        for line, kept in work * _AT_ONCE:
            redactor.redact(line.text, line.speaker, kept, final=line.final)
        rounds.append(clock() - begun)
    return min(rounds) / max(1, len(work) * _AT_ONCE) * 1e6


def table(halves: dict[str, Report]) -> str:
    """Markdown: a row of each kind and one of all, the halves side by side."""
    head = "| | " + " | ".join(f"{half}: labelled | recall | hidden | precision" for half in halves)
    rows = [f"{head} |", "|---|" + "---:|" * 4 * len(halves)]
    for kind in (*KINDS, "all"):
        cells = []
        for report in halves.values():
            score = report.all if kind == "all" else report.kinds[kind]
            cells += [
                str(score.labelled),
                f"{score.recall:.1%}" if score.labelled else "–",  # noqa: RUF001
                str(score.hidden),
                f"{score.precision:.1%}" if score.hidden else "–",  # noqa: RUF001
            ]
        rows.append(f"| {kind} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def prose(halves: dict[str, Report], spent: Cost, today: str) -> str:
    kept = "; ".join(
        f"half {half}: {report.lines} lines, {report.clean} with nothing to hide, of which "
        f"{report.clean_kept} stayed as they were"
        for half, report in halves.items()
    )
    return (
        f"`make redaction-report`, {today}; {kept}.\n\n{table(halves)}\n\n"
        f"A line with nothing to hide cost {spent.clean_us:.0f} us, one with something to hide "
        f"{spent.hiding_us:.0f} us of processor time (the quickest of {_ROUNDS} rounds). Most of "
        f"these lines hold numbers; one of plain talk cost {spent.talk_us:.0f} us.\n"
    )


def publish(page: str, measured: str) -> str:
    """The page with what was measured in its place. Raises ValueError without the marks."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{measured}{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.redaction.measure", description=__doc__)
    parser.add_argument("--labelled", type=Path, default=LABELLED, help="another set of lines")
    parser.add_argument("--docs", action="store_true", help=f"write the table into {PAGE.name}")
    parser.add_argument("--faults", action="store_true", help="what half a gets wrong, too")
    options = parser.parse_args(arguments)
    lines, redactor = read_labelled(options.labelled), Redactor()
    halves = {
        half: measure([line for line in lines if line.half == half], redactor) for half in "ab"
    }
    today = datetime.now(UTC).date().isoformat()
    measured = prose(halves, cost(lines, redactor), today)
    sys.stdout.write(measured)
    if options.faults:
        sys.stdout.write(_faults(halves["a"]))
    if options.docs:
        PAGE.write_text(publish(PAGE.read_text("utf-8"), measured), "utf-8")
    return 0


def _faults(report: Report) -> str:
    missed = [f"missed {label.kind} {label.text!r}: {_told(line)}" for line, label in report.missed]
    alarms = [
        f"alarm {span.kind} {line.text[span.start : span.end]!r}: {_told(line)}"
        for line, span in report.alarms
    ]
    return "\n".join(["", *missed, "", *alarms, ""])


def _told(line: Labelled) -> str:
    return " / ".join([*(f"<{said.text}>" for said in line.before), line.text])


if __name__ == "__main__":
    raise SystemExit(main())

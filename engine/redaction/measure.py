"""How much of what must be hidden is found, and how much else is hidden: precision and recall on
labelled lines, and what a line costs.

Owns the counting and the table in docs/redaction.md. It changes no rule and holds no line:
they are in tests/engine/redaction/labelled.jsonl, whose half `a` may be read while rules are
mended and whose half `b` may not. `make redaction-report` runs it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.redaction.cues import CUE_LINES, Line
from engine.redaction.patterns import Span
from engine.redaction.redactor import KINDS, Redactor

_ROOT = Path(__file__).parents[2]
LABELLED = _ROOT / "tests/engine/redaction/labelled.jsonl"
PAGE = _ROOT / "docs/redaction.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_AT_ONCE = 5
_ROUNDS = 30  # of the timing; the quickest counts


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`text`, which stands in the line, must be hidden."""

    kind: str
    text: str


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    speaker: str
    text: str


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line with all that must be hidden in it, in order; `before` as it was said."""

    speaker: str
    text: str
    spans: list[Label]
    lang: str
    half: str
    before: list[Said] = []
    final: bool = True


_TALK = Labelled(
    "customer",
    "well I was looking at the website yesterday and it would not let me log in at all",
    [],
    "en",
    "",
    [Said("agent", "okay, can you tell me what you see on the screen")] * CUE_LINES,
)


@dataclass
class Score:
    labelled: int = 0
    found: int = 0  # of the labelled: no letter or digit of it is left
    hidden: int = 0
    right: int = 0  # of the hidden: it touches something labelled

    @property
    def recall(self) -> float:
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.hidden if self.hidden else 1.0


@dataclass
class Report:
    lines: int = 0
    clean: int = 0  # lines with nothing to hide
    clean_kept: int = 0  # of these, as they were
    all: Score = field(default_factory=Score)
    kinds: dict[str, Score] = field(default_factory=lambda: {kind: Score() for kind in KINDS})
    missed: list[tuple[Labelled, Label]] = field(default_factory=list)
    alarms: list[tuple[Labelled, Span]] = field(default_factory=list)


class Cost(NamedTuple):
    """Microseconds a line, the quickest of some rounds."""

    talk_us: float  # no number in it, nothing to hide: most of a call
    clean_us: float
    hiding_us: float


def read_labelled(path: Path = LABELLED) -> list[Labelled]:
    """Raises msgspec.ValidationError on a line of another form."""
    decode = msgspec.json.Decoder(Labelled).decode
    return [decode(line) for line in path.read_bytes().splitlines() if line.strip()]


def measure(lines: Iterable[Labelled], redactor: Redactor) -> Report:
    report = Report()
    for line in lines:
        hidden = redactor.spans(line.text, line.speaker, _kept(line, redactor), final=line.final)
        _count(report, line, hidden)
    return report


def _kept(line: Labelled, redactor: Redactor) -> list[Line]:
    """The lines before as the call keeps them: each redacted after those before it."""
    kept: list[Line] = []
    for said in line.before:
        text = redactor.redact(said.text, said.speaker, kept[-CUE_LINES:]).text
        kept.append(Line(said.speaker, text))
    return kept[-CUE_LINES:]


def _count(report: Report, line: Labelled, hidden: Sequence[Span]) -> None:
    report.lines += 1
    if not line.spans:
        report.clean += 1
        report.clean_kept += not hidden
    labels = _places(line)
    for label, start, end in labels:
        found = all(
            any(span.start <= at < span.end for span in hidden)
            for at in range(start, end)
            if line.text[at].isalnum()
        )
        for score in (report.all, report.kinds[label.kind]):
            score.labelled += 1
            score.found += found
        if not found:
            report.missed.append((line, label))
    for span in hidden:
        right = any(span.start < end and start < span.end for _, start, end in labels)
        for score in (report.all, report.kinds[span.kind]):
            score.hidden += 1
            score.right += right
        if not right:
            report.alarms.append((line, span))


def _places(line: Labelled) -> list[tuple[Label, int, int]]:
    places, at = [], 0
    for label in line.spans:
        start = line.text.index(label.text, at)
        at = start + len(label.text)
        places.append((label, start, at))
    return places


def cost(
    lines: Sequence[Labelled], redactor: Redactor, clock: Callable[[], float] = time.process_time
) -> Cost:
    return Cost(
        _cost([_TALK], redactor, clock),
        _cost([line for line in lines if not line.spans], redactor, clock),
        _cost([line for line in lines if line.spans], redactor, clock),
    )


def _cost(lines: Sequence[Labelled], redactor: Redactor, clock: Callable[[], float]) -> float:
    work = [(line, _kept(line, redactor)) for line in lines]
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

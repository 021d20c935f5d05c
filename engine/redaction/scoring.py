"""What redaction finds of what a line's labels say must be hidden, and what else it hides.

Owns the form of a labelled line and the counting. It shows nothing and changes no rule;
measure.py publishes what it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.redaction.cues import CUE_LINES, Line
from engine.redaction.patterns import Span
from engine.redaction.redactor import KINDS, Redactor


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


def read_labelled(path: Path) -> list[Labelled]:
    """Raises msgspec.ValidationError on a line of another form."""
    decode = msgspec.json.Decoder(Labelled).decode
    return [decode(line) for line in path.read_bytes().splitlines() if line.strip()]


def measure(lines: Iterable[Labelled], redactor: Redactor) -> Report:
    report = Report()
    for line in lines:
        hidden = redactor.spans(
            line.text, line.speaker, kept_before(line, redactor), final=line.final
        )
        _count(report, line, hidden)
    return report


def kept_before(line: Labelled, redactor: Redactor) -> list[Line]:
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

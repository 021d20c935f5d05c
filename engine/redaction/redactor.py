"""A line of transcript without what must not be stored or shown.

Owns the order of things: patterns, runs with their cues, and numbers that go on from the line
before. It keeps nothing between calls: what was said before is an argument. Replacements name
the kind: "my card is [card]". It never logs, and its counts say how many, never what.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple, get_args

from engine.config import RedactionKind
from engine.redaction.cues import CUE_LINES, Cue, Line, asked_for, cue_of, find_cues
from engine.redaction.kinds import UNFINISHED, judge, looks_unfinished
from engine.redaction.patterns import Span, find_patterns
from engine.redaction.runs import Run, find_runs, may_hold_runs

KINDS: tuple[str, ...] = get_args(RedactionKind)
DICTATED = 8  # digits over two or more lines of one speaker: somebody dictates a number
INTERIM_UNFINISHED = 6  # the same at the end of interim text, which goes on
_LEAD_IN = re.compile(
    r"(?i)(?:[^\w\[]|\b(?:and|then|uh|um|so|yeah|yes|okay|ok|it's|its|und|dann)\b)*"
)
_PLACEHOLDER_END = re.compile(r"\[(\w+)\]\W*$")
_HIDDEN_RUN = frozenset(("card", "digits", "code", "national_id", "phone", "iban"))


class Redacted(NamedTuple):
    text: str
    counts: Counter[str]  # by kind


class Redactor:
    """`kinds`: what is hidden. `regions`: whose phone numbers count without a country code
    (ISO 3166, the likeliest first)."""

    def __init__(
        self, kinds: Collection[str] = KINDS, regions: Sequence[str] = ("US", "GB")
    ) -> None:
        unknown = set(kinds) - set(KINDS)
        if unknown:
            raise ValueError(f"unknown kinds: {', '.join(sorted(unknown))}")
        self._kinds = frozenset(kinds)
        self._regions = tuple(regions)

    @property
    def on(self) -> bool:
        return bool(self._kinds)

    @property
    def lines_needed(self) -> int:
        """How many of the lines before it looks at, at most."""
        return CUE_LINES if self._kinds else 0

    def redact(
        self, text: str, speaker: str, before: Sequence[Line] = (), *, final: bool = True
    ) -> Redacted:
        """`before`: the lines of the call up to this one, oldest first, as they are kept; the
        last few count. Interim text may end in the middle of a number, so less is let by."""
        if not self._kinds:
            return Redacted(text, Counter())
        spans = find_patterns(text)
        if may_hold_runs(text):
            spans += self._numbers(text, speaker, before, final)
        if not spans:
            return Redacted(text, Counter())
        return _replace(text, [span for span in spans if span.kind in self._kinds])

    def blind(self, text: str) -> str:
        """The text without anything a redaction could hide, whatever was said around it: what
        a digest may be taken of, since nobody can guess a number back out of it."""
        if not self._kinds:
            return text
        spans = find_patterns(text)
        if may_hold_runs(text):
            spans += [Span(run.start, run.end, "digits") for run in find_runs(text)]
        return _replace(text, spans).text

    def _numbers(self, text: str, speaker: str, before: Sequence[Line], final: bool) -> list[Span]:
        runs = find_runs(text)
        if not runs:
            return []
        cues, spans, floor = find_cues(text), list[Span](), 0
        asked: str | None = None
        for place, run in enumerate(runs):
            cue = cue_of(cues, run.start, run.end, floor)
            if cue is None:
                asked = asked if asked is not None else asked_for(before)
                cue = asked
            floor = run.end
            found = judge(run, text, cue, self._regions)
            if not found and place == 0:
                found = self._goes_on(run, text, speaker, before, cue)
            if not found and place == len(runs) - 1 and cue != "keep":
                found = _unfinished(run, text, final)
            spans += found
        return spans + _trailing_codes(text, runs, cues)

    def _goes_on(
        self, run: Run, text: str, speaker: str, before: Sequence[Line], cue: str | None
    ) -> list[Span]:
        """The run goes on where the speaker's last line ended."""
        if cue == "keep" or not _LEAD_IN.fullmatch(text, 0, run.start):
            return []
        own = [line for line in before[-CUE_LINES:] if line.speaker == speaker]
        if not own:
            return []
        told, hidden = _tail(own)
        if hidden and len(run.digits) >= 2:
            return [Span(run.start, run.end, hidden)]
        if told and len(told) + len(run.digits) >= DICTATED:
            return [Span(run.start, run.end, "digits")]
        return []


NO_REDACTION = Redactor(kinds=())


def _unfinished(run: Run, text: str, final: bool) -> list[Span]:
    """A long run at the very end may go on in the next line, when this one is told already."""
    at_end = not any(character.isalnum() for character in text[run.end :])
    fewest = UNFINISHED if final else INTERIM_UNFINISHED
    if at_end and looks_unfinished(run, fewest):
        return [Span(run.start, run.end, "digits")]
    return []


def _trailing_codes(text: str, runs: Sequence[Run], cues: Sequence[Cue]) -> list[Span]:
    """Room for codes that hold letters ("code is AB12CD"): the word after a cue for a code."""
    spans = []
    for cue in cues:
        if cue.kind != "code":
            continue
        word = re.compile(r"\W*(?:(?:is|was|it's|says|ist|lautet)\W+)?([A-Za-z0-9-]{4,12})").match(
            text, cue.end
        )
        if word is not None and re.search(r"\d", word[1]) and re.search(r"[A-Za-z]", word[1]):
            spans.append(Span(word.start(1), word.end(1), "code"))
    return spans


def _tail(own: Sequence[Line]) -> tuple[str, str]:
    """(digits that the speaker's last lines end in, the kind they were hidden as or '')."""
    told = ""
    for line in reversed(own):
        hidden = _PLACEHOLDER_END.search(line.text)
        if hidden is not None:
            return told, hidden[1] if hidden[1] in _HIDDEN_RUN else ""
        runs = find_runs(line.text)
        if not runs or any(character.isalnum() for character in line.text[runs[-1].end :]):
            break
        told = runs[-1].digits + told
        if not _LEAD_IN.fullmatch(line.text, 0, runs[-1].start):
            break  # its number begins within the line
    return told, ""


def _replace(text: str, spans: Sequence[Span]) -> Redacted:
    """The longest span wins where spans overlap; the others are swallowed."""
    counts: Counter[str] = Counter()
    kept: list[Span] = []
    for span in sorted(spans, key=lambda found: (found.start - found.end, found.start)):
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    for span in sorted(kept, reverse=True):
        text = f"{text[: span.start]}[{span.kind}]{text[span.end :]}"
        counts[span.kind] += 1
    return Redacted(text, counts)

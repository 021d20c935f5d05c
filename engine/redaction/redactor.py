"""A line of transcript without what must not be stored or shown.

Owns the order of things: patterns, runs with their cues, and numbers that go on from the line
before. It keeps nothing between calls: what was said before is an argument. Replacements name
the kind: "my card is [card]". It never logs, and its counts say how many, never what.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from typing import NamedTuple, get_args

from engine.config import RedactionKind
from engine.redaction.cues import CUE_LINES, Cue, Kinds, Line, asked_for, cues_of, find_cues
from engine.redaction.emails import find_emails, may_hold_emails
from engine.redaction.kinds import UNFINISHED, judge, looks_unfinished
from engine.redaction.mixed import find_mixed, may_hold_chains
from engine.redaction.patterns import Span, find_patterns
from engine.redaction.runs import Run, find_runs, may_hold_runs
from engine.redaction.things import personal_dates, without_things

KINDS: tuple[str, ...] = get_args(RedactionKind)
DICTATED = 8  # digits over two or more lines of one speaker: somebody dictates a number
INTERIM_UNFINISHED = 6  # the same at the end of interim text, which goes on
_LEAD_IN = re.compile(
    r"(?i)(?:[^\w\[]|\b(?:and|then|uh|um|so|yeah|yes|okay|ok|it's|its|und|dann)\b)*"
)
_PLACEHOLDER_END = re.compile(r"\[(\w+)\]\W*$")
_LETTERED_KINDS = ("iban", "national_id", "code")
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
        return _replace(text, self.spans(text, speaker, before, final=final))

    def spans(
        self, text: str, speaker: str, before: Sequence[Line] = (), *, final: bool = True
    ) -> list[Span]:
        """What `redact` replaces, in order and apart from one another."""
        asked = cache(partial(asked_for, before))
        spans = find_patterns(text)
        if may_hold_emails(text):
            spans += find_emails(text, lambda: "email" in asked())
        if may_hold_runs(text):
            spans += self._numbers(text, speaker, before, final, asked)
            if may_hold_chains(text):
                spans += find_mixed(text, partial(_kinds_at, find_cues(text), asked))
        return _apart([span for span in spans if span.kind in self._kinds]) if spans else []

    def without_numbers(self, text: str) -> str:
        """The text without what a form tells, dates, ages, and every run of digits that is not
        a thing's (things.py): for what a model reads or wrote."""
        if not self._kinds:
            return text
        runs = without_things(text, find_runs(text) if may_hold_runs(text) else [])
        spans = [Span(run.start, run.end, "digits") for run in runs]
        spans += find_patterns(text) + find_emails(text) + personal_dates(text)
        return _replace(text, _apart(spans)).text

    def blind(self, text: str) -> str:
        """The text without anything a redaction could hide, whatever was said around it: what
        a digest may be taken of, since nobody can guess a number back out of it."""
        if not self._kinds:
            return text
        spans = _told_by_form(text) + find_emails(text, lambda: True)
        spans += find_mixed(text, lambda _start, _end: _LETTERED_KINDS)
        return _replace(text, _apart(spans)).text

    def _numbers(
        self,
        text: str,
        speaker: str,
        before: Sequence[Line],
        final: bool,
        asked: Callable[[], Kinds],
    ) -> list[Span]:
        runs = find_runs(text)
        if not runs:
            return []
        cues, spans, floor = find_cues(text), list[Span](), 0
        for place, run in enumerate(runs):
            kinds = cues_of(cues, run.start, run.end, floor) or asked()
            bare = len(runs) == 1 and _is_bare(text, run)
            floor = run.end
            found = judge(run, text, kinds, self._regions, bare=bare)
            if not found and place == 0:
                found = self._goes_on(run, text, speaker, before, kinds)
            if not found and place == len(runs) - 1 and "keep" not in kinds:
                found = _unfinished(run, text, final)
            spans += found
        return spans + _trailing_codes(text, runs, cues)

    def _goes_on(
        self, run: Run, text: str, speaker: str, before: Sequence[Line], kinds: Kinds
    ) -> list[Span]:
        """The run goes on where the speaker's last line ended."""
        if "keep" in kinds or not _LEAD_IN.fullmatch(text, 0, run.start):
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


def _told_by_form(text: str) -> list[Span]:
    """In no order: patterns, addresses, and every run of digits."""
    runs = find_runs(text) if may_hold_runs(text) else []
    spans = [Span(run.start, run.end, "digits") for run in runs]
    return spans + find_patterns(text) + find_emails(text)


def _kinds_at(cues: Sequence[Cue], asked: Callable[[], Kinds], start: int, end: int) -> Kinds:
    return cues_of(cues, start, end, 0) or asked()


def _is_bare(text: str, run: Run) -> bool:
    """The line holds this run and nothing else."""
    ends = not any(character.isalnum() for character in text[run.end :])
    return ends and _LEAD_IN.fullmatch(text, 0, run.start) is not None


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


def _apart(spans: Sequence[Span]) -> list[Span]:
    """In order. Spans that overlap become one, of the longest's kind."""
    apart: list[Span] = []
    for span in sorted(spans):
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
            continue
        last = apart[-1]
        longest = max(last, span, key=lambda found: found.end - found.start)
        apart[-1] = Span(last.start, max(last.end, span.end), longest.kind)
    return apart


def _replace(text: str, spans: Sequence[Span]) -> Redacted:
    for span in reversed(spans):
        text = f"{text[: span.start]}[{span.kind}]{text[span.end :]}"
    return Redacted(text, Counter(span.kind for span in spans))

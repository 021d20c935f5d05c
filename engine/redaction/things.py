"""Numbers that belong to things and not to people: "iPhone 12", "24 hours", "error 651".

Owns which runs of digits a text that a model reads or writes may keep. It errs on the side of
hiding: what is long, dictated, dated, or stands where an address, an age or a code stands, goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.redaction.cues import Cue, find_cues
from engine.redaction.patterns import Span
from engine.redaction.runs import Run

ALONE = 2  # digits that say nothing of anybody by themselves
MOST = 4  # digits behind a name, or before a unit
NEAR = 80  # characters around a number that are looked at
BESIDE = 2  # characters between a number and the word it goes with

_UNIT = re.compile(
    r"(?ix)[\s-]?(?:hours?|hrs?|minutes?|mins?|seconds?|days?|weeks?|months?|years?|percent|degrees"
    r"|[kmgt]b|[kmg]bit|[kmg]bps|[mg]b/s|kwh|kw|watts?|volts?|inch(?:es)?|[ckm]?m|kg|miles?"
    r"|pounds?|dollars?|euros?|cents?|eur|usd|gbp|lights?|devices?|times|stunden?|minuten?"
    r"|sekunden?|tagen?|wochen?|monaten?|jahren?|heures?|jours?|semaines?|mois|horas?|minutos?"
    r"|d[ií]as?|semanas?|meses)\b"
)
_RANGE = re.compile(r"\d{1,3}\s?[-–]\s?\d{1,3}")  # noqa: RUF001 - people write en dashes
# Of cues that say "an agent reads this number": those whose number is a thing's.
_THINGS = frozenset((
    "model", "version", "product", "error", "router", "port", "channel", "part", "item",
    "article", "fehlercode",
))  # fmt: skip
_PLACE = re.compile(r"(?i)\b(?:flat|apartment|apt|suite|unit|house|floor|box|born|aged?)\.?\s?$")
_STREET = r"(?:street|road|avenue|lane|drive|close|court|crescent|gardens|square|way|rue|calle)"
_STREET_BEFORE = re.compile(rf"(?i)(?:\b{_STREET}|\w(?:stra(?:ß|ss)e|str\.|weg|platz|allee))\s?$")
_STREET_BEHIND = re.compile(rf"\s?[A-Za-z]?,?\s+(?:\w+\s+){{0,3}}(?i:{_STREET})\b")
_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|enero|feb(?:ruary|ruar|rero)?|f[ée]vrier|mar(?:ch|s|zo)?|m[aä]rz"
    r"|apr(?:il)?|a[vb]ril|ma[iy]o?|jun[ei]?|junio|juin|jul[yi]?|julio|juillet|aug(?:ust)?|agosto"
    r"|ao[uû]t|sep(?:t|tember|tembre|tiembre)?|o[ck]t(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?"
    r"|de[cz](?:ember)?|d[ée]cembre|diciembre)\b\.?"
)
# What a date of birth may be; a day of the week or "tomorrow" says when somebody comes.
_DAY, _OF = r"\d{1,2}(?:st|nd|rd|th|\.)?", r"(?:\s+of|\s+de)?"
_DATES = re.compile(
    rf"(?i)\b(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d\d){{1,2}}"
    rf"|{_DAY}{_OF}\s+{_MONTH}(?:,?(?:\s+de)?\s+\d{{4}})?"
    rf"|{_MONTH}\s+{_DAY}\b(?:,?\s+\d{{4}})?|{_MONTH}\s+\d{{4}})\b"
)
_AGE = re.compile(
    r"(?i)\b\d{1,3}(?:[\s-]years?[\s-]old\b|\s+(?:jahre\s+alt|ans|años)\b)|(?<=\bâgé de )\d{1,3}\b"
)
_NAME_BEFORE = re.compile(r"(?:^|[\s(\"“])([^\W\d_][\w'-]*)\s$")
_NO_NAMES = frozenset((
    "customer", "caller", "agent", "client", "order", "account", "number", "no", "nr", "id",
    "ref", "in",
))  # fmt: skip


def personal_dates(text: str) -> list[Span]:
    """Dates and ages, whoever's they are."""
    found = [*_DATES.finditer(text), *_AGE.finditer(text)]
    return [Span(match.start(), match.end(), "digits") for match in found]


def without_things(text: str, runs: Sequence[Run]) -> list[Run]:
    """The runs that must be hidden."""
    cues = find_cues(text) if runs else []
    return [run for run in runs if not _of_a_thing(text, run, cues)]


def _of_a_thing(text: str, run: Run, cues: Sequence[Cue]) -> bool:
    before, behind = text[max(run.start - NEAR, 0) : run.start], text[run.end : run.end + NEAR]
    unit = _UNIT.match(behind) is not None
    if len(run.parts) > 1:
        return unit and _RANGE.fullmatch(text, run.start, run.end) is not None
    if len(run.digits) > MOST or run.spoken or _in_an_address(before, behind):
        return False
    cue = next((one for one in reversed(cues) if 0 <= run.start - one.end <= BESIDE), None)
    if cue is not None:
        return text[cue.start : cue.end].lower().split()[0] in _THINGS
    if unit or len(run.digits) <= ALONE:
        return True
    name = _NAME_BEFORE.search(before)
    return name is not None and name[1][0].isupper() and name[1].lower() not in _NO_NAMES


def _in_an_address(before: str, behind: str) -> bool:
    return (
        _PLACE.search(before) is not None
        or _STREET_BEFORE.search(before) is not None
        or _STREET_BEHIND.match(behind) is not None
    )

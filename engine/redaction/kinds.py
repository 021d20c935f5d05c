"""What a run of digits is: a card, a phone number, a national id, a one-time code, or none.

Owns the judging of one run with the cue that goes with it. Check digits are python-stdnum's
and numbering plans are phonenumbers'. When in doubt a run is hidden where a cue says so, and
kept where a cue says that an agent needs it (an order number).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import phonenumbers
from stdnum import luhn
from stdnum.de import idnr
from stdnum.us import ssn

from engine.redaction.cues import Kinds
from engine.redaction.patterns import Span
from engine.redaction.runs import Run

# Lengths by issuer: the ISO/IEC 7812 prefixes that payment schemes publish.
_CARD = re.compile(
    r"(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35\d{14}|6(?:011|22\d|4[4-9]\d|5\d\d)\d{12}(?:\d{3})?)"
)
_SSN_FORM = re.compile(r"\d{3}[- –]\d{2}[- –]\d{4}")  # noqa: RUF001 - people write en dashes
# From how many digits a cue hides a run, and to how many.
_BY_CUE = {
    "card": (4, 19),
    "code": (3, 10),
    "national_id": (4, 15),
    "phone": (5, 15),
    "iban": (4, 30),
}
PIECE = 2  # digits that answer a question and nothing else
# Month and year in which a card ends; its code may follow.
_MONTH = re.compile(r"(?:0?[1-9]|1[0-2])(?:20)?[2-5]\d(?:\d{3,4})?")
# Dictated numbers with a trunk prefix, and North American ones, in a line with no cue.
_DICTATED_PHONE = re.compile(r"0[1-9]\d{8,10}|1?[2-9]\d\d[2-9]\d{6}")
UNFINISHED = 8  # digits at the end of a line that may be the first half of a card
_PHONE_DIGITS = range(7, 16)
_PHONE_FORM = re.compile(r"\+\d|\(\d{2,5}\)|\d{3}[-.]\d{3}[-.]\d{4}|\b0\d{2,5}[ /-]\d{3}")
_LEAD = re.compile(r"[+(]{1,2}$")
_MOST_WINDOWS = 200


def judge(
    run: Run, text: str, cues: Kinds, regions: Sequence[str], *, bare: bool = False
) -> list[Span]:
    """The spans of a run that must be hidden; [] when it may stay. `bare`: the line holds
    nothing else, so it answers what was asked, and two digits are a part of it."""
    card = _card(run)
    if card is not None:
        return [card]
    asked = _by_cues(run, cues, bare=False) or (_by_cues(run, cues, bare=True) if bare else None)
    if asked is not None:
        lead = _LEAD.search(text, 0, run.start) if asked == "phone" else None
        return [Span(lead.start() if lead else run.start, run.end, asked)]
    if "keep" in cues:
        return []
    national_id = _national_id(run, text)
    if national_id is not None:
        return [national_id]
    return _phones(run, text, regions)


def _by_cues(run: Run, cues: Kinds, *, bare: bool) -> str | None:
    """The kind of the likeliest cue that a run of this length answers."""
    digits = run.digits
    for cue in cues:
        if cue == "expiry" and _MONTH.fullmatch(digits):
            return "card"
        fewest, most = _BY_CUE.get(cue, (1, 0))
        if (min(fewest, PIECE) if bare else fewest) <= len(digits) <= most:
            return cue
    return None


def looks_unfinished(run: Run, fewest: int = UNFINISHED) -> bool:
    """It may be the first digits of a card number, whose others come in the next line."""
    digits = run.digits
    if not fewest <= len(digits) < 16 or digits[0] not in "23456":
        return False
    return run.spoken or all(len(part.digits) in (2, 4, len(digits)) for part in run.parts)


def _windows(run: Run, lengths: range) -> Iterator[tuple[int, int, str]]:
    """(first part, last part, digits) of neighbouring parts, the longest first."""
    sizes = [len(part.digits) for part in run.parts]
    found = []
    for first in range(len(sizes)):
        total = 0
        for last in range(first, len(sizes)):
            total += sizes[last]
            if total >= lengths.stop:
                break
            if total in lengths:
                found.append((total, first, last))
    for _, first, last in sorted(found, key=lambda window: (-window[0], window[1]))[:_MOST_WINDOWS]:
        yield first, last, "".join(part.digits for part in run.parts[first : last + 1])


def _card(run: Run) -> Span | None:
    """To the run's end: what follows a card number is its expiry date and its code."""
    for first, _, digits in _windows(run, range(14, 20)):
        if _CARD.fullmatch(digits) and luhn.is_valid(digits):
            return Span(run.parts[first].start, run.end, "card")
    return None


def _national_id(run: Run, text: str) -> Span | None:
    """By form and check digit; without a form nine digits may be anything."""
    said = text[run.start : run.end]
    form = _SSN_FORM.search(said)
    if form is not None and ssn.is_valid(re.sub(r"\D", "-", form[0])):
        return Span(run.start + form.start(), run.start + form.end(), "national_id")
    grouped = len(run.parts) == 4 and not run.spoken
    if grouped and len(run.digits) == 11 and idnr.is_valid(run.digits):
        return Span(run.start, run.end, "national_id")
    return None


def _phones(run: Run, text: str, regions: Sequence[str]) -> list[Span]:
    lead = _LEAD.search(text, 0, run.start)
    start = lead.start() if lead else run.start
    plus = "+" in text[start : run.start]
    written = text[start : run.end]
    if len(run.digits) in _PHONE_DIGITS and (
        _PHONE_FORM.search(written) or _is_phone(run.digits, plus, tuple(regions))
    ):
        return [Span(start, run.end, "phone")]
    grouped = run.spoken or len(run.parts) > 2
    if grouped and _DICTATED_PHONE.fullmatch(run.digits):
        return [Span(start, run.end, "phone")]
    spans: list[Span] = []
    done = -1
    for first, last, digits in sorted(_windows(run, range(9, 14))):
        if first > done and _is_phone(digits, plus and first == 0, tuple(regions)):
            spans.append(Span(run.parts[first].start, run.parts[last].end, "phone"))
            done = last
    return spans


@lru_cache(1024)
def _is_phone(digits: str, plus: bool, regions: tuple[str, ...]) -> bool:
    """Valid in the numbering plan of a region. Without a form only 9 digits and more count."""
    if plus:
        return _is_valid(f"+{digits}", None)
    if len(digits) < 9:
        return False
    return any(_is_valid(digits, region) for region in regions)


def _is_valid(number: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False

"""Written forms that hold more than digits, or a form of digits that is one kind's alone: IBANs
and national ids. Owns them; check digits are python-stdnum's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from stdnum import iban
from stdnum.es import dni, nie
from stdnum.it import codicefiscale


class Span(NamedTuple):
    """text[start:end] is of this kind."""

    start: int
    end: int
    kind: str


_DIGIT = re.compile(r"\d")
_IBAN = re.compile(r"(?i)\b[a-z]{2}\s?\d{2}(?:[ -]?[a-z0-9]{2,4}){3,8}(?:[ -]?[a-z0-9]{1,3})?\b")
# United Kingdom: prefix rules of HMRC's NIM39110, without the never allocated letters.
_NINO = re.compile(
    r"(?i)\b(?!bg|gb|nk|kn|tn|nt|zz)[a-ceghj-prstw-z][a-ceghj-nprstw-z]"
    r"(?:[ -]?\d{2}){3}[ -]?[a-d]\b"
)
_DNI = re.compile(r"(?i)\b(?:\d{8}|[xyz]\d{7})[ -]?[a-z]\b")
_CODICE = re.compile(r"(?i)\b[a-z]{6}\d{2}[a-z]\d{2}[a-z]\d{3}[a-z]\b")
_FRENCH = re.compile(
    r"\b[12][ ]?\d{2}[ ]?(?:0[1-9]|1[0-2]|[2-9]\d)[ ]?\d[\dAB][ ]?\d{3}[ ]?\d{3}[ ]?\d{2}\b"
)


def find_patterns(text: str) -> list[Span]:
    """In no order; they may overlap."""
    spans: list[Span] = []
    if not _DIGIT.search(text):
        return spans
    spans += [found for found in map(_iban, _IBAN.finditer(text)) if found]
    spans += _spans(_NINO, text, "national_id") + _spans(_FRENCH, text, "national_id")
    for pattern, checks in ((_DNI, (dni, nie)), (_CODICE, (codicefiscale,))):
        for match in pattern.finditer(text):
            if any(check.is_valid(match[0]) for check in checks):
                spans.append(Span(match.start(), match.end(), "national_id"))
    return spans


def _iban(match: re.Match[str]) -> Span | None:
    """The longest beginning that has the right check digits: words may follow."""
    end = match.end()
    while end - match.start() >= 15:
        said = match.string[match.start() : end]
        if said[-1].isalnum() and iban.is_valid(said):
            return Span(match.start(), end, "iban")
        end -= 1
    return None


def _spans(pattern: re.Pattern[str], text: str, kind: str) -> list[Span]:
    return [Span(found.start(), found.end(), kind) for found in pattern.finditer(text)]

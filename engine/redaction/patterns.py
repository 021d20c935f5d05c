"""What is no plain number: e-mail addresses, IBANs, national ids with letters.

Owns their forms; check digits are python-stdnum's. Spoken e-mail addresses ("ann dot lee at
example dot com") are read too.
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


_AT = re.compile(r"(?i)[ \t](?:at|ät|arobase|arroba)[ \t]")
_DIGIT = re.compile(r"\d")
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_TOP = r"(?:com|net|org|edu|gov|info|io|co|uk|de|fr|es|it|eu|ca|au|us|biz|me)"
_WORD = r"[\w+-]{1,40}"
_DOT = r"\s+(?:dot|punkt|point|punto)\s+"
_SPOKEN_EMAIL = re.compile(
    rf"(?i)\b(?:(?:[a-z]\s+){{2,20}}"  # spelled: "a n n"
    rf"|{_WORD}(?:\s+(?:dot|underscore|dash|punkt|point|punto)\s+{_WORD}){{0,5}}\s+)"
    rf"(?:at|ät|arobase|arroba)\s+{_WORD}(?:{_DOT}{_WORD}){{0,3}}{_DOT}{_TOP}\b"
)
_HALF_SPOKEN_EMAIL = re.compile(rf"(?i)\b[\w.+-]{{1,64}}\s+at\s+{_WORD}\.{_TOP}\b")
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
    if "@" in text:
        spans += _spans(_EMAIL, text, "email")
    if _AT.search(text):
        spans += _spans(_SPOKEN_EMAIL, text, "email") + _spans(_HALF_SPOKEN_EMAIL, text, "email")
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

"""E-mail addresses, written ("ann.lee@example.com"), spoken ("ann dot lee at example dot com") and
spelled ("a n n at example dot com").

Owns where an address begins and ends. A spoken one is found by its domain; from there it is read
to the left as far as letters, numbers and the words for signs lead. Where somebody was asked for
an address, less is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.redaction.patterns import Span
from engine.redaction.words import NUMBER_WORDS

_EMAIL = re.compile(r"[\w.+%'’-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")  # noqa: RUF001
_AT = r"(?:at|ät|arobase|arroba|klammeraffe|@)"
_MAY_HOLD = re.compile(
    r"@|\b(?:dot|punkt|point|punto|at [\w.-]{1,40}\.[a-z]+|[a-z]\W+[a-z]\W+[a-z])\b"
)
_TOP = (
    r"(?:com|net|org|edu|gov|info|io|co|uk|de|fr|es|it|eu|ca|au|us|biz|me|app|dev|ai|tv|nl|ch|ie"
    r"|pt|pl|se|dk|fi|jp|br|mx|nz|online|shop|cloud|example)"
)
_DOT = r"(?:\s+(?:dot|punkt|point|punto)\s+)"
_SIGN = r"(?:dot|punkt|point|punto|dash|hyphen|minus|bindestrich|tiret|gui[oó]n)"
_WORD = r"[^\W_][\w-]{0,39}"
_DOMAIN = re.compile(
    rf"(?i)(?<!\w){_AT}\s+(?:{_WORD}(?:\s+{_SIGN}\s+{_WORD}){{0,4}}{_DOT}{_TOP}\b"
    rf"|{_WORD}(?:\.{_WORD}){{0,2}}\.{_TOP}\b)"
    rf"|@\s*{_WORD}(?:\s*\.\s*{_WORD}){{0,2}}\s*\.\s*{_TOP}\b"
)
# A part of an address, when one was asked for.
_PIECE = re.compile(
    rf"(?i)\b{_WORD}(?:\s+(?:{_SIGN}|underscore)\s+{_WORD})+|\b(?:[a-z][\s,.-]+){{2,}}[a-z]\b"
)
_TOKEN = re.compile(r"[^\W_][\w.+%'’-]*")  # noqa: RUF001
_SIGNS_SAID = (
    "dot underscore dash hyphen minus plus point punkt punto tiret bindestrich unterstrich guion "
    "guión bajo"
)
_SIGNS = frozenset(_SIGNS_SAID.split())
# Words that lead to an address and are no part of it.
_LEADING_SAID = (
    "is it's its it that's that'd that so to be yes yeah um uh oh ok okay and my the email e-mail "
    "mail address c'est est ist lautet es ja also euh alors und et y say try use on me name i at "
    "à a an auf für para por"
)
_LEADING = frozenset(_LEADING_SAID.split())
# Before "at amazon dot com" these say where something is.
_PLACES_SAID = (
    "it us looked look looking was is are were found find out online available bought buy ordered "
    "shop shopped site website page login everything stuff"
)
_PLACES = frozenset(_PLACES_SAID.split())
_TALK = frozenset(("this", "some", "what", "which", "no", "your", "one", "good", "main"))
_FURTHEST = 200  # characters to the left


def may_hold_emails(text: str) -> bool:
    return _MAY_HOLD.search(text.lower()) is not None


def find_emails(text: str, asked: Callable[[], bool] = lambda: False) -> list[Span]:
    """In no order; they may overlap. `asked()`: this line answers a question for an
    address; a line that nowhere looks like one does not cost that look."""
    spans = [Span(found.start(), found.end(), "email") for found in _EMAIL.finditer(text)]
    domains, pieces = list(_DOMAIN.finditer(text)), list(_PIECE.finditer(text))
    if not domains and not pieces:
        return spans
    was_asked = asked()
    for domain in domains:
        start = _local_start(text, domain.start(), was_asked)
        if start is not None:
            spans.append(Span(start, domain.end(), "email"))
    if was_asked and len(pieces) == 1 and _answers(pieces[0]):
        spans.append(Span(pieces[0].start(), pieces[0].end(), "email"))
    return spans


def _answers(piece: re.Match[str]) -> bool:
    """It is the whole of the line but for words that lead in, and no "at this point I"."""
    words = [word.lower() for word in _TOKEN.findall(piece[0])]
    around = _TOKEN.findall(piece.string[: piece.start()] + " " + piece.string[piece.end() :])
    if any(word.lower() not in _LEADING for word in around) or not re.search(r"[^\W\d_]", words[0]):
        return False
    letters = all(len(word) == 1 for word in words)
    return letters or (words[0] not in _TALK and not {words[0], words[-1]} & _LEADING)


def _local_start(text: str, end: int, asked: bool) -> int | None:
    """Where the address begins whose domain begins at `end`; None when there is none."""
    tokens = list(_TOKEN.finditer(text, max(0, end - _FURTHEST), end))
    start: int | None = None
    joined = True  # what was taken last is one sign, letter or number and wants more
    at = len(tokens) - 1
    while at >= 0:
        if at >= 3 and tokens[at - 2][0].lower() == "as" and tokens[at - 1][0].lower() == "in":
            at -= 3  # "b as in bravo"
        word = tokens[at][0].lower()
        small = _is_small(word)
        if start is None and word in _PLACES:
            return end if asked else None
        if not small and (word in _LEADING or not (joined or asked)):
            break
        start, joined = tokens[at].start(), small
        at -= 1
    return end if start is None and asked else start


def _is_small(word: str) -> bool:
    return (
        (len(word) == 1 and word not in "ày")
        or word in _SIGNS
        or word in NUMBER_WORDS
        or word.isdecimal()
    )

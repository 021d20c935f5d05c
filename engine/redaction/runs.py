"""Runs of digits in a line, written or spoken: "4242-4242", "four two double four".

Owns where a run begins and ends, and which digits each part of it stands for. What a run is,
kinds.py says.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.redaction.words import FILLERS, NUMBER_WORDS, read_number

MOST_PARTS = 64  # of one run: a longer one is cut, so that work on a hostile line is bounded
MOST_WORDS = 6  # of one part: "soixante et onze"
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
# Dates, amounts, decimals, versions and percentages are read as such and are no part of a run.
_QUANTITY = re.compile(
    r"""(?x)
    \b (?: (?:19|20)\d\d ([-/.]) \d{1,2} \1 \d{1,2} | \d{1,2} ([-/.]) \d{1,2} \2 (?:19|20)\d\d ) \b
  | [$€£]\s?\d+ (?:[.,]\d+)*
  | (?<![\d.]) \d{1,3} (?:\.\d{1,3})+ (?!\d|\.\d)
  | (?<![\d,]) \d{1,3} (?:,\d{3})+ (?:\.\d+)? (?!\d)
  | \d+ \s? (?:%|[€£])
    """
)
# Between two parts of one run. A colon is a time of day, a currency sign an amount.
_JOINING = re.compile(r"[\s\-–.,()+/…]*")  # noqa: RUF001 - people write en dashes
_DIGIT = re.compile(r"\d")
_WORDS = re.compile(r"[^\W\d_]+")


class Part(NamedTuple):
    start: int
    end: int
    digits: str
    spoken: bool


class Run(NamedTuple):
    """Parts that follow one another with nothing but separators and fillers between."""

    parts: tuple[Part, ...]

    @property
    def start(self) -> int:
        return self.parts[0].start

    @property
    def end(self) -> int:
        return self.parts[-1].end

    @property
    def digits(self) -> str:
        return "".join(part.digits for part in self.parts)

    @property
    def spoken(self) -> bool:
        """Mostly said as words."""
        return sum(len(part.digits) for part in self.parts if part.spoken) * 2 > len(self.digits)


def may_hold_runs(text: str) -> bool:
    """A quick look, for the many lines that hold none: 3 us for a line of twelve words."""
    if _DIGIT.search(text):
        return True
    found = 0
    for word in _WORDS.findall(text.lower()):
        if word in NUMBER_WORDS:
            found += 1
            if found == 2:
                return True
    return False


def find_runs(text: str) -> list[Run]:
    """In order. A group of digits that touches letters (AB1234) is no part of a run."""
    runs: list[Run] = []
    parts: list[Part] = []
    quantities = [found.span() for found in _QUANTITY.finditer(text)]
    tokens = [
        token
        for token in _TOKEN.finditer(text)
        if not any(start <= token.start() < end for start, end in quantities)
    ]
    at, joined_to = 0, -1  # joined_to: where the last part, or a filler after it, ended
    while at < len(tokens):
        part, used = _part(text, tokens, at)
        token = tokens[at]
        touches = joined_to >= 0 and _JOINING.fullmatch(text, joined_to, token.start())
        if part is None:
            if parts and touches and token[0].lower() in FILLERS:
                joined_to = token.end()
            else:
                parts, joined_to = _close(runs, parts), -1
            at += 1
            continue
        if parts and (not touches or len(parts) == MOST_PARTS):
            parts = _close(runs, parts)
        parts.append(part)
        joined_to, at = part.end, at + used
    _close(runs, parts)
    return runs


def _close(runs: list[Run], parts: list[Part]) -> list[Part]:
    # One number word alone is a word: "one moment", "the first two".
    if parts and (len(parts) > 1 or not parts[0].spoken):
        runs.append(Run(tuple(parts)))
    return []


def _part(text: str, tokens: list[re.Match[str]], at: int) -> tuple[Part | None, int]:
    """The part that begins at this token and how many tokens it takes."""
    token = tokens[at]
    word = token[0].lower()
    if word[0].isdecimal():
        letters = (token.start() and _is_letter(text[token.start() - 1])) or (
            token.end() < len(text) and _is_letter(text[token.end()])
        )
        # "int": Arabic and other digits count as what they mean.
        digits = "".join(str(int(digit)) for digit in word)
        return (None if letters else Part(token.start(), token.end(), digits, False)), 1
    said, used = read_number([near[0].lower() for near in tokens[at : at + MOST_WORDS]], 0)
    if not said:
        return None, 1
    return Part(token.start(), tokens[at + used - 1].end(), said, True), used


def _is_letter(character: str) -> bool:
    return character.isalpha() or character == "_"

"""Numbers that hold letters, written in groups or spelled: "GB29 NWBK 6016", "J G one zero three".

Owns where such a chain begins and ends, and what it is: by check digits, or by what the talk
around asks for. Runs of digits alone are runs.py's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from stdnum import iban
from stdnum.es import dni, nie

from engine.redaction.cues import Kinds
from engine.redaction.patterns import Span
from engine.redaction.runs import MOST_WORDS
from engine.redaction.words import FILLERS, read_number

_LETTERED = re.compile(r"(?<!['’])\b(?![aI]\b)[^\W\d_]\b(?!['’])|\d[^\W\d_]|[^\W\d_]\d|\bzeta\b")  # noqa: RUF001
_TOKEN = re.compile(r"\w+(?:['’]\w+)?")  # noqa: RUF001
_JOINING = re.compile(r"[\s\-–.,/]*")  # noqa: RUF001 - people write en dashes
_NINO = re.compile(r"(?i)[a-z]{2}\d{6}[a-d]")
_ARTICLES = frozenset("aiyoeàu")  # words of one letter
_NAMED = {"zeta": "Z", "zed": "Z", "zee": "Z"}
_MOST_TOKENS = 64  # of one chain, so that work on a hostile line is bounded
_SHORTEST_IBAN, _LONGEST_IBAN = 15, 34
_IBAN_WITHIN = 6
_LETTERS = 4  # of a written group of capitals: a bank's name in an IBAN
# (characters, digits) from which a cue hides a chain.
_BY_CUE = {"iban": (4, 2), "national_id": (4, 2), "code": (4, 1)}


class Chain(NamedTuple):
    start: int
    end: int
    characters: str


def may_hold_chains(text: str) -> bool:
    return _LETTERED.search(text) is not None


def find_mixed(text: str, cues_at: Callable[[int, int], Kinds]) -> list[Span]:
    """`cues_at(start, end)`: what a number there is, by the talk around it."""
    return [
        Span(chain.start, chain.end, kind)
        for chain in _chains(text)
        if (kind := _kind(chain, cues_at)) is not None
    ]


def _kind(chain: Chain, cues_at: Callable[[int, int], Kinds]) -> str | None:
    said = chain.characters
    digits = sum(character.isdecimal() for character in said)
    if not digits or digits == len(said):
        return None
    if _holds_iban(said):
        return "iban"
    if _NINO.fullmatch(said) or dni.is_valid(said) or nie.is_valid(said):
        return "national_id"
    for cue in cues_at(chain.start, chain.end):
        if cue == "keep":
            return None
        fewest, numerals = _BY_CUE.get(cue, (0, 0))
        if fewest and len(said) >= fewest and digits >= numerals:
            return cue
    return None


def _holds_iban(said: str) -> bool:
    """At one of the first places: the word "IBAN" may stand before it."""
    return any(
        said[start : start + 2].isalpha() and iban.is_valid(said[start:end])
        for start in range(min(_IBAN_WITHIN, len(said) - _SHORTEST_IBAN + 1))
        for end in range(start + _SHORTEST_IBAN, min(len(said), start + _LONGEST_IBAN) + 1)
    )


def _chains(text: str) -> list[Chain]:
    tokens = list(_TOKEN.finditer(text))
    words = [token[0].lower() for token in tokens]
    chains: list[Chain] = []
    open_: list[Chain] = []  # the links of the chain so far
    at, joined_to = 0, 0
    while at < len(tokens):
        said, used = _link(tokens[at][0], words, at)
        start = tokens[at].start()
        touches = open_ and _JOINING.fullmatch(text, joined_to, start) is not None
        if not said and touches and words[at] in FILLERS:
            joined_to, at = tokens[at].end(), at + 1
            continue
        if open_ and (not said or not touches or len(open_) == _MOST_TOKENS):
            chains += _close(open_)
            open_ = []
        if said:
            joined_to = tokens[at + used - 1].end()
            open_.append(Chain(start, joined_to, said))
        at += used
    return chains + _close(open_)


def _close(links: list[Chain]) -> list[Chain]:
    # "a 2016 one", "I 14": a word, unless letters follow.
    if len(links) > 1 and links[0].characters.lower() in _ARTICLES:
        links = links if links[1].characters[0].isalpha() else links[1:]
    if not links:
        return []
    said = "".join(link.characters for link in links)
    return [Chain(links[0].start, links[-1].end, said)]


def _link(token: str, words: list[str], at: int) -> tuple[str, int]:
    """(what it adds to a chain, how many tokens that takes); ("", 1) when it is a word."""
    spelled = words[at + 1 : at + 3] == ["as", "in"] or words[at + 1 : at + 3] == ["wie", "in"]
    if len(token) == 1 and token.isalpha():
        return token.upper(), 4 if spelled and at + 3 < len(words) else 1
    if token.isascii() and token.isalnum() and any(letter.isdecimal() for letter in token):
        return token.upper(), 1
    if token.isascii() and token.isalpha() and token.isupper() and len(token) <= _LETTERS:
        return token, 1
    if words[at] in _NAMED:
        return _NAMED[words[at]], 1
    return read_number(words[at : at + MOST_WORDS], 0)

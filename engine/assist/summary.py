"""The summary line by rule: a document's title, or the customer's own sentence.

Owns which sentence stands for a call. No line holds a name or a number: of a sentence only
what engine/assist/anonymous.py leaves of it is used. It asks no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.assist.anonymous import Rarity, spans
from engine.assist.naming import MOST_CHARACTERS
from engine.assist.query import AGING, distinct
from engine.assist.view import CallLine
from engine.knowledge.sentences import sentences, shortened
from engine.wire import SummaryKind

FEWEST_TERMS = 2  # a sentence with fewer content words says nothing about the call
FEWEST_WORDS = 3
CUT = 0.5  # what a part of a sentence weighs beside a whole one: it reads worse

_BEGINNING = re.compile(
    r"\b(?:i|we|he|she|they|it|my|our|there)(?:['\u2019]\w+)?\s"
    r"|\b(?:how|why|where|when|can|could)\s(?:i|we|you|do|is|are)\b",
    re.IGNORECASE,
)

Summary = tuple[str, SummaryKind]


def summary(
    lines: Sequence[CallLine],
    named: str,
    rarity: Rarity,
    language: str | None = None,
) -> Summary:
    """One sentence and its kind. `named`: the line that names a title (naming.py), '' where
    none may be named. `rarity`: a term's weight, 0.0 for one that no document holds; None
    where there is no document."""
    if named:
        return named, "title"
    sentence = _most_content(lines, rarity, language)
    return (sentence, "sentence") if sentence else ("", "none")


def _most_content(lines: Sequence[CallLine], rarity: Rarity, language: str | None) -> str:
    """The sentence of the customer with the most content, or the part of one, the latest of
    equals. What was said a while ago counts less, as it does in the query: a call that has
    gone from hotels to their breakfast is about breakfast."""
    best, best_weight = "", (0.0, 0.0)
    for age, line in zip(range(len(lines) - 1, -1, -1), lines, strict=True):
        if line.speaker != "customer":
            continue
        for sentence in sentences(line.text):
            for part in spans(sentence, rarity, language):
                whole = part == sentence
                text, words = _worded(part if whole else _from_a_beginning(part), language)
                if not whole and len(words) < FEWEST_TERMS:
                    text, words = _worded(part, language)
                if len(words) < FEWEST_TERMS or len(text.split()) < FEWEST_WORDS:
                    continue
                share = (1.0 if whole else CUT) / (1 + AGING * age)
                # Without documents no word is rarer than another; then their number decides.
                weight = (share * sum(map(rarity, words)) if rarity else 0.0, share * len(words))
                if weight >= best_weight:
                    best, best_weight = text, weight
    return best


def _worded(text: str, language: str | None) -> tuple[str, list[str]]:
    short = shortened(text, MOST_CHARACTERS)
    return short, distinct(short, language=language)


def _from_a_beginning(part: str) -> str:
    """A part of a sentence from where a clause of it may begin; as it is where none does."""
    found = _BEGINNING.search(part)
    return part[found.start() :] if found else part

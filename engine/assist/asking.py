"""What a proposal was found with, put together for keeping (asked.py).

Owns which words of the customer are kept: those of a turn that asks for something, without
numbers, names that are written large, and what everybody says. It keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.assist.asked import Asked
from engine.assist.everyday import EVERYDAY, MONTHS, NUMBERS
from engine.assist.view import CallExcerpt
from engine.knowledge.sentences import sentences
from engine.knowledge.terms import spoken_terms
from engine.knowledge.votes import QueryVector

FEWEST_LETTERS = 3  # of a word; with fewer it is spelling, or a sound


def asked_of(excerpt: CallExcerpt, query: QueryVector | None, needs: bool) -> Asked:
    """`needs`: the turn asks for something; else no word of it is kept."""
    words: dict[str, str] = {}
    for line in excerpt.customer_turn() if needs else ():
        for sentence in sentences(line.text):
            for word, term in _telling(sentence, excerpt.language):
                words.setdefault(term, word)
    found = tuple(words.values())
    return Asked(words=found) if query is None else Asked(query.vector, query.model, found)


def _telling(sentence: str, language: str | None) -> Iterator[tuple[str, str]]:
    for place, written in enumerate(sentence.split()):
        for word, term in spoken_terms(written, language):
            small = word.lower()
            if any(c.isdigit() for c in small) or len(small) < FEWEST_LETTERS:
                continue
            if small in EVERYDAY or small in NUMBERS or small in MONTHS:
                continue
            if place and word[:1].isupper() and not word.isupper():
                continue  # a name
            yield small, term

"""What a proposal was found with, put together for keeping (asked.py).

Owns which words of the customer are kept. It keeps nothing itself.
"""

from __future__ import annotations

from engine.assist.asked import Asked
from engine.assist.view import CallExcerpt
from engine.knowledge.terms import spoken_terms
from engine.knowledge.votes import QueryVector


def asked_of(excerpt: CallExcerpt, query: QueryVector | None) -> Asked:
    words: dict[str, str] = {}
    for line in excerpt.customer_turn():
        for word, term in spoken_terms(line.text):
            words.setdefault(term, word.lower())
    found = tuple(words.values())
    return Asked(words=found) if query is None else Asked(query.vector, query.model, found)

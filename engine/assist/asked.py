"""What a proposal was found with: kept beside what was shown, so that verdicts can teach.

Owns the shape only. The vector is of the words that were asked with and never leaves the
store; the words are the customer's own and are kept no longer than the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from engine.knowledge.terms import spoken_terms

if TYPE_CHECKING:
    from engine.assist.view import CallExcerpt
    from engine.knowledge.votes import QueryVector


class Asked(Struct, frozen=True):
    """`vector`: the embedding of the query, little-endian float16, b'' without a model;
    `model`: which model made it; `words`: the content words of the customer's turn."""

    vector: bytes = b""
    model: str = ""
    words: tuple[str, ...] = ()


def asked_of(excerpt: CallExcerpt, query: QueryVector | None) -> Asked:
    """What a proposal for this excerpt was found with."""
    words: dict[str, str] = {}
    for line in excerpt.customer_turn():
        for word, term in spoken_terms(line.text):
            words.setdefault(term, word.lower())
    found = tuple(words.values())
    return Asked(words=found) if query is None else Asked(query.vector, query.model, found)

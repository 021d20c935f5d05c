"""Whether the cards on a screen still say what their documents say.

Owns the comparison, and the new card of a document that was changed under one. It needs no
question: a card is what it was shown for, and only its document's words are made new. It never
decides what becomes of the list (engine/decide.py does).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UNSET

from engine.assist.excerpt import excerpt, matches, stands_in
from engine.knowledge.documents import Document
from engine.knowledge.index import Index
from engine.knowledge.scope import Scope
from engine.knowledge.terms import terms
from engine.wire import SuggestedDocument

MATCHED = 10.0  # what a word that was marked weighs, beside 1 for any other of the old excerpt


class Stale(NamedTuple):
    """`gone`: ids of documents that exist no more, or are none of this call's any more.
    `changed`: new cards in the place of old ones."""

    gone: tuple[str, ...]
    changed: tuple[SuggestedDocument, ...]


def compared(index: Index, shown: Sequence[SuggestedDocument], scope: Scope) -> Stale:
    gone: list[str] = []
    changed: list[SuggestedDocument] = []
    for card in shown:
        document = index.get(card.id)
        if document is None or not scope.admits(document):
            gone.append(card.id)
        elif not _says(index, card, document):
            changed.append(_renewed(index, card, document))
    return Stale(tuple(gone), tuple(changed))


def _says(index: Index, card: SuggestedDocument, document: Document) -> bool:
    if (card.title, card.url or None) != (document.title, document.url):
        return False
    return any(stands_in(card.excerpt, passage) for passage in index.passages_of(card.id))


def _renewed(index: Index, card: SuggestedDocument, document: Document) -> SuggestedDocument:
    """Where the document comes nearest to what was shown. As relevant as it was: what is asked
    now is the next list's business."""
    language = index.language_of(card.id)
    marked = dict.fromkeys(terms(" ".join(card.matches or ()), language), MATCHED)
    weights = {**dict.fromkeys(terms(card.excerpt, language), 1.0), **marked}
    passage = index.nearest(card.id, weights)
    says = excerpt(passage, weights, index.rarity, language) if passage else ""
    return SuggestedDocument(
        card.id,
        document.title,
        says,
        card.relevance,
        url=document.url or UNSET,
        matches=matches(says, marked, index.rarity, language),
    )

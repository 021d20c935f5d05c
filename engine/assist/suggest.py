"""Which documents to propose for a call, and how sure that is.

Owns the seam every ranking stands behind (`Suggester`) and the first one, BM25 with weighted
words. It never decides when to ask, and takes nothing from a call but its CallExcerpt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Protocol

from msgspec import UNSET, Struct

from engine.assist.excerpt import excerpt, matches
from engine.assist.query import distinct, weights
from engine.assist.summary import summary
from engine.assist.view import CallExcerpt, CallLine
from engine.knowledge.index import Hit, Index
from engine.knowledge.library import Library
from engine.knowledge.votes import QueryVector
from engine.wire import SuggestedDocument, SummaryKind

CANDIDATES = 20  # ranked before dismissed and identical ones are left out
GATE_CANDIDATES = 5  # of which the one that holds most of the customer's turn opens the gate


@dataclass(frozen=True, slots=True)
class AssistSettings:
    """`limit`: documents in a proposal. `threshold`: relevance under which none is shown.
    `lines`: the last finals that are read."""

    limit: int = 3
    threshold: float = 0.35
    lines: int = 12


class Proposal(Struct, frozen=True):
    """`documents`, the most relevant first; none when nothing is worth an agent's look.
    `summary` is '' when its kind is 'none'. `query`: the vector it was asked with, which makes
    a later verdict a vote (engine/knowledge/votes.py); None without an embedding model."""

    documents: tuple[SuggestedDocument, ...]
    summary: str
    summary_kind: SummaryKind
    query: QueryVector | None = None


class Suggester(Protocol):
    def suggest(self, excerpt: CallExcerpt) -> Proposal:
        """Documents for the moment after the excerpt's last line.

        Pure processor work, safe from any thread; the caller keeps it off the loop.
        Relevance compares between calls: a threshold on it is one decision for all.
        """
        ...


class Bm25Suggester:
    def __init__(self, library: Library, settings: AssistSettings) -> None:
        self._library = library
        self._settings = settings

    def suggest(self, excerpt: CallExcerpt) -> Proposal:
        index = self._library.index(excerpt.tenant)
        lines = excerpt.lines[-self._settings.lines :]
        asked = weights(lines)
        hits = _without(index.rank(asked, CANDIDATES + len(excerpt.dismissed)), excerpt.dismissed)
        gate = _gate(index, excerpt.customer_turn(), hits[:GATE_CANDIDATES])
        said = distinct(*(line.text for line in lines if line.speaker == "customer"))
        theirs = {term: asked[term] for term in said if term in asked}
        shown = self._shown(index, asked, theirs, hits, gate)
        line, kind = summary(
            lines, [(document.title, hit.score) for document, hit in shown], index.rarity
        )
        return Proposal(tuple(document for document, _ in shown), line, kind)

    def search(self, tenant: str, query: str, limit: int) -> list[SuggestedDocument]:
        """For a person who types: the same ranking and excerpts, without a threshold."""
        index = self._library.index(tenant)
        asked = dict.fromkeys(distinct(query), 1.0)
        return [
            _document(index, hit, asked, asked, relevance(hit.score, index.ceiling, 1.0))
            for hit in index.rank(asked, limit)
        ]

    def _shown(
        self,
        index: Index,
        asked: dict[str, float],
        theirs: dict[str, float],
        hits: Sequence[Hit],
        gate: float,
    ) -> list[tuple[SuggestedDocument, Hit]]:
        shown: dict[tuple[str, str], tuple[SuggestedDocument, Hit]] = {}
        for hit in hits:
            sure = relevance(hit.score, index.ceiling, gate)
            if sure < self._settings.threshold or len(shown) == self._settings.limit:
                break
            document = _document(index, hit, asked, theirs, sure)
            # What reads the same is one document to an agent, whatever its id.
            shown.setdefault((document.title, document.excerpt), (document, hit))
        return list(shown.values())


def relevance(score: float, ceiling: float, gate: float) -> float:
    """0..1, rising with the score. A score is first divided by the weight of the rarest
    word, so that small and large knowledge bases share one scale."""
    if ceiling <= 0:
        return 0.0
    return round((1 - exp(-score / ceiling)) * gate, 4)


def _gate(index: Index, turn: Sequence[CallLine], hits: Sequence[Hit]) -> float:
    """0.5..1: how much of what the customer just said some candidate holds.

    Ranking needs the context of the call, speaking up does not: the context matches as well
    when the customer says thank you. Alone the score told the turns that need a document
    from the others with an AUC of .59 and .80 (spoken-faq, chat-faq), with the gate .77
    and .84.
    """
    words = distinct(*(line.text for line in turn))
    said = sum(index.rarity(word) for word in words)
    if said <= 0:
        return 0.5
    held = (sum(index.rarity(word) for word in words if word in hit.terms) for hit in hits)
    return 0.5 + 0.5 * max(held, default=0.0) / said


def _without(hits: Sequence[Hit], dismissed: frozenset[str]) -> list[Hit]:
    return [hit for hit in hits if hit.doc_id not in dismissed][:CANDIDATES]


def _document(
    index: Index, hit: Hit, asked: dict[str, float], theirs: dict[str, float], sure: float
) -> SuggestedDocument:
    """`theirs`: the customer's own words, which are marked; what the agent said is not."""
    document = index.get(hit.doc_id)
    shown = excerpt(hit.passage, asked, index.rarity)
    return SuggestedDocument(
        id=hit.doc_id,
        title=document.title if document else hit.doc_id,
        excerpt=shown,
        relevance=sure,
        url=(document.url if document else None) or UNSET,
        matches=matches(shown, theirs, index.rarity),
    )

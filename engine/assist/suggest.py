"""Which documents to propose for a call, and how sure that is.

Owns the seam every ranking stands behind (`Suggester`) and the one that is shipped: it asks
by words and by meaning, decides whether to speak, and keeps the list still. It never decides
when to ask, and takes nothing from a call but its CallExcerpt.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import NamedTuple, Protocol

import numpy as np
from msgspec import UNSET, Struct

from engine.assist import gate, screen
from engine.assist.excerpt import excerpt, matches
from engine.assist.gate import Gate, needs_by_words, sure_by_words
from engine.assist.keeping import listed
from engine.assist.likelihood import Likelihood
from engine.assist.naming import asking, names
from engine.assist.query import distinct, weights
from engine.assist.ranking import Ranked, Weights, lifted, rank, scored
from engine.assist.subject import subject
from engine.assist.summary import summary
from engine.assist.turning import weight_of_turn
from engine.assist.view import CallExcerpt
from engine.assist.views import views
from engine.errors import Unavailable
from engine.knowledge.embedding import Embedder, Matrix
from engine.knowledge.index import Index
from engine.knowledge.scope import Scope
from engine.knowledge.votes import QueryVector, VoteMemory, packed
from engine.wire import SuggestedDocument, SummaryKind

log = logging.getLogger("earshot.assist")

SPREAD = 0.25  # a document that lies so far behind the first is a third as relevant
FADING = 0.5  # of the threshold: what is on the screen may stay there down to it
ENOUGH = 0.5  # of the passages have their vectors: before, words alone are fairer


@dataclass(frozen=True, slots=True)
class AssistSettings:
    """`limit`: documents in a proposal. `threshold`: how sure it must be that the last turn asks
    for a document, less for one that lies behind. `lines`: the last finals that are read."""

    limit: int = 3
    threshold: float = 0.35
    lines: int = 12


class Proposal(Struct, frozen=True):
    """`documents`, the most relevant first; none when nothing is worth an agent's look.
    `summary` is '' when its kind is 'none'. `query`: the vector it was asked with, which makes
    a later verdict a vote (engine/knowledge/votes.py); None without an embedding model.
    `needs`: the last turn asks for something, whether or not a document is good enough.
    `sure`: 0..1, that it asks for a document of these: what the threshold is on.
    `gone`: ids of those on the screen that exist no more, or not for this call. `changed`:
    cards of those on the screen whose documents say something else by now."""

    documents: tuple[SuggestedDocument, ...]
    summary: str
    summary_kind: SummaryKind
    query: QueryVector | None = None
    needs: bool = False
    sure: float = 0.0
    gone: tuple[str, ...] = ()
    changed: tuple[SuggestedDocument, ...] = ()


class Indexes(Protocol):
    def index(self, tenant: str) -> Index:
        """The one served now; an empty one where nothing is known."""
        ...


class Suggester(Protocol):
    def suggest(self, excerpt: CallExcerpt) -> Proposal:
        """Documents for the moment after the excerpt's last line.

        Pure processor work, safe from any thread; the caller keeps it off the loop.
        `sure` compares between calls: a threshold on it is one decision for all. A document's
        relevance is how likely it is what the customer needs now.
        """
        ...


class _Asked(NamedTuple):
    """What is looked for. `theirs`: the weights of the customer's own words, which are
    marked; what the agent said is not. `meaning`: vectors of the two views, if there are."""

    words: Weights
    theirs: Weights
    turn: str
    meaning: Matrix | None


class CallSuggester:
    """`embedder` None: by words alone, and nothing is learnt. An index that holds vectors of
    another model, or too few yet, is ranked by words too."""

    def __init__(
        self,
        library: Indexes,
        settings: AssistSettings,
        embedder: Embedder | None = None,
        votes: VoteMemory | None = None,
    ) -> None:
        self._library = library
        self._settings = settings
        self._embedder = embedder
        self._votes = votes
        self._gate = Gate(embedder) if embedder else None

    def suggest(self, excerpt: CallExcerpt) -> Proposal:
        index = self._library.index(excerpt.tenant)
        lines = excerpt.lines[-self._settings.lines :]
        asked = self._asked(index, excerpt)
        query = asked.meaning.mean(axis=0) if asked.meaning is not None else None
        found = self._ranked(index, asked, query, excerpt)
        ranked = [one for one in found if one.hit.doc_id not in excerpt.dismissed]
        # What a call does not say, the knowledge base does.
        language = excerpt.language or index.languages[0]
        sure = round(self._sure(index, asked, ranked, language), 4)
        # What lies far behind a document that was dismissed does not become the answer by that.
        most = max((one.score for one in found), default=0.0)
        on_screen = [card.id for card in excerpt.shown]
        shown = self._shown(index, asked, ranked, sure, most, on_screen)
        needs = self._needs(asked, language)
        named = self._named(index, ranked, bool(shown), needs, excerpt.line)
        line, kind = summary(lines, named, index.rarity if len(index) else None, language)
        vector = packed(index.model, _unit(query)) if query is not None else None
        stale = screen.compared(index, excerpt.shown, _scope(excerpt))
        return Proposal(tuple(shown), line, kind, vector, needs, sure, *stale)

    def search(self, tenant: str, query: str, limit: int) -> list[SuggestedDocument]:
        """For a person who types: the same signals and excerpts, without a threshold."""
        index = self._library.index(tenant)
        words = dict.fromkeys(distinct(query, language=index.languages), 1.0)
        asked = _Asked(words, words, query, self._meaning(index, (query, query)))
        ranked = rank(index, words, (), asked.meaning, {})[:limit]
        return [
            _document(index, one, asked, _by_score(index, one, asked.meaning is not None))
            for one in ranked
        ]

    def _asked(self, index: Index, excerpt: CallExcerpt) -> _Asked:
        lines = excerpt.lines[-self._settings.lines :]
        language = excerpt.language or index.languages
        words = weights(lines, language)
        said = [line.text for line in lines if line.speaker == "customer"]
        own = distinct(*said, language=language)
        theirs = {term: words[term] for term in own if term in words}
        turn, around = views(excerpt)
        return _Asked(words, theirs, turn, self._meaning(index, (turn, around)))

    def _meaning(self, index: Index, texts: tuple[str, str]) -> Matrix | None:
        if self._embedder is None or index.model != self._embedder.model:
            return None
        if index.embedded_share < ENOUGH or not texts[0].strip():
            return None
        try:
            different = list(dict.fromkeys(texts))
            vectors = self._embedder.embed(different)
            found = vectors[[different.index(text) for text in texts]]
            return found if found[0].any() else None  # a turn that the model cannot read
        except Unavailable as problem:
            log.warning("assist.words_alone reason=%s", problem.message)
            return None

    def _ranked(
        self, index: Index, asked: _Asked, query: Matrix | None, excerpt: CallExcerpt
    ) -> list[Ranked]:
        scope = _scope(excerpt)

        def may_be_shown(doc_id: str) -> bool:
            document = index.get(doc_id)
            return document is not None and scope.admits(document)

        lifts: Mapping[str, float] = {}
        if query is not None and self._votes is not None:
            lifts = self._votes.lifts(excerpt.tenant, _unit(query), may_be_shown)
        return lifted(self._scored(index, asked, excerpt, lifts), lifts)

    def _scored(
        self, index: Index, asked: _Asked, excerpt: CallExcerpt, also: Collection[str]
    ) -> list[Ranked]:
        """Before votes; a replay keeps it (engine/measure/kept.py)."""
        lines = excerpt.lines[-self._settings.lines :]
        scope = _scope(excerpt)
        turn = weight_of_turn(asked.turn, excerpt.language or index.languages[0])
        return scored(index, asked.words, lines, asked.meaning, also, scope, turn)

    def _sure(
        self, index: Index, asked: _Asked, ranked: Sequence[Ranked], language: str | None
    ) -> float:
        if asked.meaning is None or self._gate is None:
            words = distinct(asked.turn, language=language)
            return sure_by_words(index, words, ranked, gate.asking(asked.turn, language))
        return self._gate.sure(asked.turn, asked.meaning[0], ranked, language)

    def _needs(self, asked: _Asked, language: str | None) -> bool:
        if asked.meaning is None or self._gate is None:
            return needs_by_words(asked.turn, language)
        return self._gate.needs(asked.turn, asked.meaning[0], language)

    def _shown(
        self,
        index: Index,
        asked: _Asked,
        ranked: Sequence[Ranked],
        sure: float,
        most: float,
        now_shown: Sequence[str],
    ) -> list[SuggestedDocument]:
        if not ranked or sure < self._settings.threshold:
            return []
        least = self._settings.threshold
        # What reads the same is one document to an agent, whatever its id.
        different: dict[tuple[str, str], Ranked] = {}
        for one in ranked:  # of which the best stands for all
            different.setdefault((_title(index, one), one.hit.passage.text), one)
        found = list(different.values())
        likely = Likelihood([one.score for one in found])
        worth = [(one, _worth(sure, most, one)) for one in found]
        near = [one for one, its in worth if its >= least]
        fading = [one for one, its in worth if least > its >= least * FADING]
        return [
            _document(index, one, asked, _relevance(sure, most, one, asked, likely))
            for one in listed(near, now_shown, self._settings.limit, fading)
        ]

    def _named(
        self,
        index: Index,
        ranked: Sequence[Ranked],
        asked: bool,
        needs: bool,
        line: str,
    ) -> str:
        """The line that names a title; '' where none may be named."""
        held = next((one.hit.doc_id for one in ranked if names(line, _title(index, one))), None)
        about = subject(ranked, asked, held, needs)
        document = index.get(about.hit.doc_id) if about else None
        if document is None:
            return ""
        return asking(document.title, document.text, index.language_of(document.id))


def _scope(excerpt: CallExcerpt) -> Scope:
    return Scope(excerpt.language, excerpt.tags)


def _worth(sure: float, most: float, one: Ranked) -> float:
    """0..1, what the threshold is on: how sure it is that a document is due at all, less for
    one that lies behind."""
    return sure * exp((one.score - most) / SPREAD)


def _relevance(sure: float, most: float, one: Ranked, asked: _Asked, likely: Likelihood) -> float:
    """0..1, what an agent is told: that a document is due, and that it is this one. By words
    alone nobody knows how likely that is."""
    if asked.meaning is None:
        return round(_worth(sure, most, one), 4)
    return round(sure * likely.of(one.score), 4)


def _by_score(index: Index, one: Ranked, meaning: bool) -> float:
    """0..1 for a query that is typed: a document is due, or nobody would have asked."""
    if meaning:
        return round(min(max(one.own, 0.0), 1.0), 4)
    return round(1 - exp(-one.words / index.ceiling), 4) if index.ceiling > 0 else 0.0


def _unit(vector: Matrix) -> Matrix:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)


def _title(index: Index, one: Ranked) -> str:
    document = index.get(one.hit.doc_id)
    return document.title if document else one.hit.doc_id


def _document(index: Index, one: Ranked, asked: _Asked, sure: float) -> SuggestedDocument:
    document = index.get(one.hit.doc_id)
    language = index.language_of(one.hit.doc_id)
    shown = excerpt(one.hit.passage, asked.words, index.rarity, language)
    return SuggestedDocument(
        id=one.hit.doc_id,
        title=_title(index, one),
        excerpt=shown,
        relevance=sure,
        url=(document.url if document else None) or UNSET,
        matches=matches(shown, asked.theirs, index.rarity, language),
    )

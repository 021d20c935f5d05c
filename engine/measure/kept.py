"""The shipped suggester for replays, which ask the same questions over and over.

Owns what is kept of a question between two replays: its vectors, and its candidates' scores
before votes, which no vote changes. Votes, the gate and the list are the suggester's own each
time, so that what comes out is what `CallSuggester` says.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from engine.assist.ranking import Ranked
from engine.assist.suggest import AssistSettings, CallSuggester, Indexes, _Asked
from engine.assist.view import CallExcerpt, CallLine
from engine.knowledge.embedding import Embedder
from engine.knowledge.index import Index
from engine.knowledge.votes import VoteMemory


class Scored(NamedTuple):
    """`own`: the candidates, votes or not. `also`: those that a vote has made candidates, of
    this question or in a replay before. `found`: both."""

    own: frozenset[str]
    also: frozenset[str]
    found: list[Ranked]


class Kept:
    """Of each question, by its lines; of one index."""

    def __init__(self) -> None:
        self.asked: dict[tuple[CallLine, ...], _Asked] = {}
        self.scored: dict[tuple[CallLine, ...], Scored] = {}


class KeptSuggester(CallSuggester):
    """For excerpts without language and tags, and one index that never changes."""

    def __init__(
        self,
        library: Indexes,
        settings: AssistSettings,
        embedder: Embedder,
        votes: VoteMemory,
        kept: Kept,
    ) -> None:
        super().__init__(library, settings, embedder, votes)
        self._kept = kept

    def _asked(self, index: Index, excerpt: CallExcerpt) -> _Asked:
        asked = self._kept.asked.get(excerpt.lines)
        if asked is None:
            asked = self._kept.asked[excerpt.lines] = super()._asked(index, excerpt)
        return asked

    def _scored(
        self, index: Index, asked: _Asked, excerpt: CallExcerpt, also: Collection[str]
    ) -> list[Ranked]:
        kept = self._kept.scored.get(excerpt.lines)
        if kept is None:
            own = frozenset(one.hit.doc_id for one in super()._scored(index, asked, excerpt, ()))
            kept = Scored(own, frozenset(), [])
        if not kept.found or not kept.also.issuperset(also):
            more = kept.also.union(also)
            kept = Scored(kept.own, more, super()._scored(index, asked, excerpt, more))
            self._kept.scored[excerpt.lines] = kept
        held = kept.own.union(also)
        return [one for one in kept.found if one.hit.doc_id in held]

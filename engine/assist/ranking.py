"""Which documents answer a call, in order: words and meaning together, and what agents voted.

Owns how the signals become one score, on the scale of a cosine. Constants are round numbers
near what listwise fits chose with each of six corpora left out in turn (docs/quality.md);
one set serves all. It shows nothing and never decides whether to speak.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.assist.query import distinct
from engine.assist.turning import EVEN
from engine.assist.view import CallLine
from engine.knowledge.embedding import Matrix
from engine.knowledge.index import Hit, Index
from engine.knowledge.scope import EVERYTHING, Scope

CANDIDATES = 60  # by words and meaning, before what is looked at one by one
WORDS = 0.4  # of the document that holds most of the words; meaning counts 1
FEW = 1.5  # times the rarest word: what matches less is little to go by, and counts less
TITLE = 0.2  # a title that the call has named altogether: the place named six turns ago
SPOKEN = 0.6  # times what goes beyond SPOKEN_FROM: up to 0.3 for what was read out
SPOKEN_FROM = 0.5  # of what a passage says beside its title, in one line of the agent

Weights = Mapping[str, float]


class Ranked(Struct, frozen=True):
    """`score`: what the order is by. `words`: BM25 alone. `own`: the cosine of the last turn
    alone with the document, 0 without vectors. `told`: 0..1, how much of the passage one line
    of the agent has said."""

    hit: Hit
    score: float
    words: float
    own: float
    told: float = 0.0


def rank(
    index: Index,
    asked: Weights,
    lines: Sequence[CallLine],
    vectors: Matrix | None,
    lifts: Mapping[str, float],
    scope: Scope = EVERYTHING,
    turn: float = EVEN,
) -> list[Ranked]:
    """Candidates, the best first. `lifts`: what votes add, by document id; the others are as
    for `scored`."""
    return lifted(scored(index, asked, lines, vectors, lifts, scope, turn), lifts)


def lifted(found: Sequence[Ranked], lifts: Mapping[str, float]) -> list[Ranked]:
    """What was scored, with what votes add, the best first."""
    raised = [
        replace(one, score=one.score + lifts[one.hit.doc_id]) if one.hit.doc_id in lifts else one
        for one in found
    ]
    return sorted(raised, key=lambda ranked: -ranked.score)


def scored(
    index: Index,
    asked: Weights,
    lines: Sequence[CallLine],
    vectors: Matrix | None,
    also: Collection[str] = (),
    scope: Scope = EVERYTHING,
    turn: float = EVEN,
) -> list[Ranked]:
    """Candidates before votes, in no useful order. `vectors`: of the two views
    (engine/assist/views.py), None to rank by words alone. `also`: ids that are candidates in
    any case. `scope`: the candidates; its language is also that of the lines. `turn`: 0..1,
    what the first view weighs (engine/assist/turning.py)."""
    words = index.words(asked)
    most = max(float(words.max(initial=0.0)), FEW * index.ceiling)
    scores = words * np.float32(WORDS / most) if most > 0 else words
    own = np.zeros_like(words)
    if vectors is not None:
        cosines = index.cosines(vectors)
        own = index.of_documents(cosines[0])
        # Words and meaning of one passage: it is also the one that is shown.
        scores = scores + (turn * cosines[0] + (1 - turn) * cosines[1]).astype(np.float32)
    else:
        own = index.of_documents(own)
    best = index.of_documents(words)
    spoken = [
        set(distinct(line.text, language=scope.language or index.languages))
        for line in lines
        if line.speaker == "agent"
    ]
    found = []
    for hit in index.best(scores, CANDIDATES, scope, also=also):
        told = _told(index, hit, spoken)
        score = (
            hit.score
            + TITLE * _share(index, hit.title, asked)
            - SPOKEN * max(told - SPOKEN_FROM, 0.0)
        )
        place = hit.place
        found.append(Ranked(hit, score, float(best[place]), float(own[place]), told))
    return found


def _share(index: Index, title: Sequence[str], asked: Weights) -> float:
    """0..1: how much of the title the call has named, rare words first; what was named long
    ago counts less."""
    whole = sum(index.rarity(term) for term in title)
    named = sum(index.rarity(term) * asked.get(term, 0.0) for term in title)
    return named / whole if whole > 0 else 0.0


def _told(index: Index, hit: Hit, spoken: Sequence[set[str]]) -> float:
    """0..1: the largest share of the passage, its title left out, in one line of the agent.
    Two terms can be said by chance."""
    said = hit.terms.difference(hit.title)
    if len(said) < 2 or not spoken:
        return 0.0
    whole = sum(index.rarity(term) for term in said)
    return max(sum(index.rarity(term) for term in said & line) for line in spoken) / whole

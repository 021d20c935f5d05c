"""The vote memory: what agents thought of documents when something alike was asked.

Owns the votes in memory and what they add to a document's score. A vote counts as much as
its query is like the one asked now, so a document is not good or bad as such. It persists
nothing and follows nobody: whoever holds it adds, removes and loads.

A document is raised by its share of all that helped when something alike was asked: right
votes agree with each other, wrong ones are scattered. It is lowered by its share of unhelpful
votes, and by half as much: a wrong one there takes away what was right, while a wrong helpful
one mostly confirms what stood first anyway (docs/quality.md has the replays). A vote counts less
from an agent whom others contradict (agreement.py), and all that one agent said of alike
questions counts no more than MINE votes: nobody steers a topic alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.knowledge.agreement import Agreement, Pair

ALIKE = 0.7  # cosine from which a vote counts at all; it counts fully at 1
MOST = 0.4  # what helpful votes can add, on the scale of a cosine
LEAST = -0.2  # what unhelpful ones can take
DOUBT = 1.5  # votes' worth of doubt: one vote alone moves 40 % of the way
MINE = 3.0  # votes' worth that one agent has on what is alike, whatever the documents
COMPARED = 200  # votes on a document that tell of agents' agreement: 0.4 ms for one more
CAPACITY = 10_000  # votes of a tenant; then the oldest goes. 15 MB

Key = tuple[str, str, str]  # document, agent, call
Known = Callable[[str], bool]


class Vote(Struct, frozen=True):
    """One agent's word on one document in one call; a later one replaces it. `query`: the
    vector that ranking asked with, float16, as `QueryVector.vector`. `at`: seconds since 1970."""

    tenant: str
    doc_id: str
    agent_id: str
    call_id: str
    model: str
    query: bytes
    helpful: bool
    at: float

    @property
    def key(self) -> Key:
        return (self.doc_id, self.agent_id, self.call_id)


class QueryVector(Struct, frozen=True):
    """What a proposal asked with: kept beside it, it makes a verdict a vote. `vector`:
    float16, little endian, of length 1."""

    model: str
    vector: bytes


def packed(model: str, vector: NDArray[np.float32]) -> QueryVector:
    return QueryVector(model, vector.astype("<f2").tobytes())


class VoteMemory:
    """The votes of every tenant under one model. Changed from one thread at a time; `lifts`
    and `count` from any, at any time, without a lock: a row that is just being written counts
    with sign 0."""

    def __init__(self, model: str, dimension: int, capacity: int = CAPACITY) -> None:
        self.model = model
        self._dimension = dimension
        self._capacity = capacity
        self._tenants: dict[str, _Votes] = {}

    def add(self, vote: Vote) -> bool:
        """False for a vote of another model, whose vector says nothing here; what it replaces
        is gone all the same."""
        vector = np.frombuffer(vote.query, dtype="<f2").astype(np.float32)
        if vote.model != self.model or len(vector) != self._dimension:
            self._of(vote.tenant).drop(vote.key)
            return False
        self._of(vote.tenant).put(vote, vector)
        return True

    def remove(self, tenant: str, doc_id: str, agent_id: str, call_id: str) -> bool:
        """A verdict was taken back. False if there was none."""
        return self._of(tenant).drop((doc_id, agent_id, call_id))

    def load(self, votes: Iterable[Vote]) -> int:
        """Many at once, the oldest first; how many of them count."""
        return sum(self.add(vote) for vote in votes)

    def forget_call(self, tenant: str, call_id: str) -> int:
        """Erasure of a call reaches its votes."""
        return self._of(tenant).drop_call(call_id)

    def forget(self, tenant: str) -> None:
        """All votes of a tenant; who follows them reads them anew."""
        self._tenants.pop(tenant, None)

    def count(self, tenant: str) -> int:
        return len(self._of(tenant))

    def lifts(
        self, tenant: str, query: NDArray[np.float32], known: Known = lambda _doc_id: True
    ) -> Mapping[str, float]:
        """Document id -> what votes add to its score, within LEAST and MOST; only documents
        that have a vote on something alike. `query`: of length 1. `known`: whether a document
        may be shown at all; what helped once and is gone takes no share from those that may."""
        votes = self._tenants.get(tenant)
        return votes.lifts(query, known) if votes else {}

    def _of(self, tenant: str) -> _Votes:
        return self._tenants.setdefault(tenant, _Votes(self._dimension, self._capacity))


class _Votes:
    """Of one tenant. A place holds a vote, or nothing (sign 0) and waits to be used again."""

    def __init__(self, dimension: int, capacity: int) -> None:
        self._capacity = capacity
        self._places: dict[Key, int] = {}  # in the order of their time
        self._compared: dict[str, set[int]] = {}  # places of votes on a document
        self._free: list[int] = []
        self._seen = _Seen.of(min(capacity, 64), dimension)
        self._agreement = Agreement()

    def __len__(self) -> int:
        return len(self._places)

    def put(self, vote: Vote, vector: NDArray[np.float32]) -> None:
        self.drop(vote.key)
        if len(self._places) >= self._capacity:
            self.drop(next(iter(self._places)))
        place = self._free.pop() if self._free else len(self._places)
        if place >= len(self._seen.signs):
            self._seen = self._seen.grown(self._capacity)
        seen = self._seen
        seen.rows[place] = vector
        seen.keys[place] = vote.key
        seen.signs[place] = 1.0 if vote.helpful else -1.0
        self._places[vote.key] = place
        compared = self._compared.setdefault(vote.doc_id, set())
        if len(compared) < COMPARED:
            self._agreement.told(vote.agent_id, self._beside(place))
            compared.add(place)

    def drop(self, key: Key) -> bool:
        place = self._places.pop(key, None)
        if place is None:
            return False
        compared = self._compared.get(key[0], set())
        if place in compared:
            compared.remove(place)
            self._agreement.told(key[1], self._beside(place), times=-1)
            if not compared:
                del self._compared[key[0]]
        self._seen.signs[place] = 0.0
        self._free.append(place)
        return True

    def drop_call(self, call_id: str) -> int:
        return sum([self.drop(key) for key in list(self._places) if key[2] == call_id])

    def _beside(self, place: int) -> list[Pair]:
        """With the compared votes of others on its document, when something alike was asked."""
        seen = self._seen
        doc_id, agent_id, _ = seen.keys[place]
        others = [at for at in self._compared[doc_id] if seen.keys[at][1] != agent_id]
        # Exact, since vectors were float16: the same whenever and however it is summed.
        vectors = seen.rows[others].astype(np.float64)
        weights = _alike(vectors @ seen.rows[place].astype(np.float64))
        return [
            Pair(seen.keys[at][1], bool(seen.signs[at] == seen.signs[place]), float(weight))
            for at, weight in zip(others, weights, strict=True)
            if weight > 0
        ]

    def lifts(self, query: NDArray[np.float32], known: Known) -> dict[str, float]:
        seen, words = self._seen, self._agreement.words()
        weights = _alike(seen.rows @ query)
        signs = seen.signs.copy()  # one look: a vote may be taken back meanwhile
        near = [
            (seen.keys[place], signs[place] > 0, float(weights[place]))
            for place in np.flatnonzero(weights * np.abs(signs))
        ]
        near = [
            (key, helped, weight * words.get(key[1], 1.0))
            for key, helped, weight in near
            if known(key[0])
        ]
        said: dict[str, float] = {}
        for (_, agent_id, _), _, weight in near:
            said[agent_id] = said.get(agent_id, 0.0) + weight
        helpful: dict[str, float] = {}
        unhelpful: dict[str, float] = {}
        for (doc_id, agent_id, _), helped, weight in near:
            side = helpful if helped else unhelpful
            side[doc_id] = side.get(doc_id, 0.0) + weight * min(1.0, MINE / said[agent_id])
        return _moved(helpful, unhelpful)


def _alike(cosines: NDArray[Any]) -> NDArray[Any]:
    """0..1, how much a vote says on a question."""
    return np.minimum(np.maximum((cosines - ALIKE) / (1 - ALIKE), 0.0), 1.0)


def _moved(helpful: Mapping[str, float], unhelpful: Mapping[str, float]) -> dict[str, float]:
    helped = sum(helpful.values()) + DOUBT
    lifts = {doc_id: MOST * weight / helped for doc_id, weight in helpful.items()}
    for doc_id, weight in unhelpful.items():
        judged = weight + helpful.get(doc_id, 0.0) + DOUBT
        lifts[doc_id] = lifts.get(doc_id, 0.0) + LEAST * weight / judged
    return lifts


class _Seen(Struct, frozen=True):
    """What a reader works on; grown, it is another object, so that a reader keeps its own."""

    rows: NDArray[np.float32]
    signs: NDArray[np.float32]
    keys: list[Key]

    @classmethod
    def of(cls, places: int, dimension: int) -> _Seen:
        rows = np.zeros((places, dimension), dtype=np.float32)
        return cls(rows, np.zeros(places, dtype=np.float32), [("", "", "")] * places)

    def grown(self, most: int) -> _Seen:
        held, dimension = self.rows.shape
        larger = _Seen.of(min(2 * held, most), dimension)
        larger.rows[:held] = self.rows
        larger.signs[:held] = self.signs
        larger.keys[:held] = self.keys
        return larger

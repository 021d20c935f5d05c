"""The vote memory: what agents thought of documents when something alike was asked.

Owns the votes in memory and what they add to a document's score. A vote counts as much as
its query is like the one asked now, so a document is not good or bad as such. It persists
nothing and follows nobody: whoever holds it adds, removes and loads.

A document is raised by its share of all that helped when something alike was asked: right
votes agree with each other, wrong ones are scattered. It is lowered by its share of unhelpful
votes, and by half as much: a wrong one there takes away what was right, while a wrong helpful
one mostly confirms what stood first anyway (docs/quality.md has the replays).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

ALIKE = 0.7  # cosine from which a vote counts at all; it counts fully at 1
MOST = 0.4  # what helpful votes can add, on the scale of a cosine
LEAST = -0.2  # what unhelpful ones can take
DOUBT = 1.5  # votes' worth of doubt: one vote alone moves 40 % of the way
CAPACITY = 10_000  # votes of a tenant; then the oldest goes. 15 MB

Key = tuple[str, str, str]


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

    def lifts(self, tenant: str, query: NDArray[np.float32]) -> Mapping[str, float]:
        """Document id -> what votes add to its score, within LEAST and MOST; only documents
        that have a vote on something alike. `query`: of length 1."""
        votes = self._tenants.get(tenant)
        return votes.lifts(query) if votes else {}

    def _of(self, tenant: str) -> _Votes:
        return self._tenants.setdefault(tenant, _Votes(self._dimension, self._capacity))


class _Votes:
    """Of one tenant. A place holds a vote, or nothing (sign 0) and waits to be used again."""

    def __init__(self, dimension: int, capacity: int) -> None:
        self._capacity = capacity
        self._places: dict[Key, int] = {}  # in the order of their time
        self._free: list[int] = []
        self._seen = _Seen.of(min(capacity, 64), dimension)

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
        seen.documents[place] = vote.doc_id
        seen.signs[place] = 1.0 if vote.helpful else -1.0
        self._places[vote.key] = place

    def drop(self, key: Key) -> bool:
        place = self._places.pop(key, None)
        if place is None:
            return False
        self._seen.signs[place] = 0.0
        self._free.append(place)
        return True

    def drop_call(self, call_id: str) -> int:
        return sum([self.drop(key) for key in list(self._places) if key[2] == call_id])

    def lifts(self, query: NDArray[np.float32]) -> dict[str, float]:
        seen = self._seen
        weights = np.maximum((seen.rows @ query - ALIKE) / (1 - ALIKE), 0.0)
        signs = seen.signs.copy()  # one look: a vote may be taken back meanwhile
        weights = np.minimum(weights, 1.0) * np.abs(signs)
        helpful: dict[str, float] = {}
        unhelpful: dict[str, float] = {}
        for place in np.flatnonzero(weights):
            side = helpful if signs[place] > 0 else unhelpful
            doc_id = seen.documents[place]
            side[doc_id] = side.get(doc_id, 0.0) + float(weights[place])
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
    documents: list[str]

    @classmethod
    def of(cls, places: int, dimension: int) -> _Seen:
        rows = np.zeros((places, dimension), dtype=np.float32)
        return cls(rows, np.zeros(places, dtype=np.float32), [""] * places)

    def grown(self, most: int) -> _Seen:
        held, dimension = self.rows.shape
        larger = _Seen.of(min(2 * held, most), dimension)
        larger.rows[:held] = self.rows
        larger.signs[:held] = self.signs
        larger.documents[:held] = self.documents
        return larger

"""The index: BM25 over the passages of one knowledge base, and their vectors beside it.

Owns which passages match weighted words or lie close to a vector, and how rare a word is. It
embeds nothing: vectors are handed in, also later, and a passage without one is found by its
words. An index is immutable, so any number of threads may read one while another builds the
next. Measured on 12,039
documents against tantivy 0.27 and SQLite FTS5: bm25s answered in 0.3 ms (0.6 and 27) with
8 MB (16 and 22), and it alone gives the scores of all passages, which ranking needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.knowledge import markup
from engine.knowledge.bm25 import Bm25
from engine.knowledge.dense import Dense
from engine.knowledge.documents import Document
from engine.knowledge.passages import Passage, cut
from engine.knowledge.terms import terms
from engine.knowledge.vectors import (
    DocumentVectors,
    Rows,
    Unembedded,
    digest_of,
    text_of,
)

MAX_QUERY_TERMS = 128  # the heaviest ones; a line of 20,000 characters costs no more
TITLE_WEIGHT = 2  # a word of the title counts as often as it would said so many times

Weights = Mapping[str, float]


class Hit(Struct, frozen=True):
    """A document by its best passage. `terms`: those of title, headings and passage.
    Scores compare within one answer; divided by `Index.ceiling` also between answers."""

    doc_id: str
    passage: Passage
    score: float
    terms: frozenset[str]


class _Entry(Struct, frozen=True):
    """A document with what was read out of it, so that a rebuild reads only changes.
    `rows`: a vector a passage, None before any comes; `embedded`: no passage lacks one."""

    document: Document
    passages: tuple[Passage, ...]
    terms: tuple[tuple[str, ...], ...]
    rows: Rows | None = None
    embedded: bool = False

    def texts(self) -> tuple[str, ...]:
        return tuple(text_of(self.document.title, passage) for passage in self.passages)


class Index:
    """`ceiling`: the weight of the rarest word, 0.0 when there is none. `model`: whose
    vectors it holds, '' while it has none."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.model = ""
        self._entries = {entry.document.id: entry for entry in sorted(entries, key=_id_of)}
        self._passages = [p for entry in self._entries.values() for p in entry.passages]
        rows = [row for entry in self._entries.values() for row in entry.terms]
        self._rows = rows
        sizes = [len(entry.passages) for entry in self._entries.values()]
        self._starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        self._places: dict[str, int] = {}
        ids = [[self._places.setdefault(t, len(self._places)) for t in row] for row in rows]
        self._bm25 = Bm25()
        if self._places:
            self._bm25.index((ids, dict(self._places)), show_progress=False)
        self._rarity = self._bm25.rarity
        self.ceiling = float(self._rarity.max(initial=0.0))
        self._dense = Dense((), 0)

    @classmethod
    def build(cls, documents: Iterable[Document]) -> Index:
        """Of two documents with one id the last one holds."""
        return cls(_entry(document) for document in {d.id: d for d in documents}.values())

    def with_changes(self, put: Iterable[Document], deleted: Collection[str] = ()) -> Index:
        """The index after the changes; only what was put is read and cut anew. Passages
        that were there before keep their vectors; the others wait for theirs."""
        gone = set(deleted)
        entries = {i: entry for i, entry in self._entries.items() if i not in gone}
        for document in put:
            old = self._entries.get(document.id)
            entries[document.id] = _with_rows(_entry(document), _rows_of(old) if old else {})
        changed = Index(entries.values())
        changed.model = self.model
        changed._dense = _dense(changed._entries.values(), self._dense.dimension)
        return changed

    def with_vectors(
        self, records: Collection[DocumentVectors], model: str, dimension: int
    ) -> Index:
        """The index with the vectors of some documents. Cheap: no word is read again.

        A record counts if it is of this model and its digests are those of the document's
        passages as they are now. Vectors of another model that the index had are dropped.
        """
        entries = dict(self._entries)
        if model != self.model:
            for doc_id, old in entries.items():
                entries[doc_id] = replace(old, rows=None, embedded=False)
        for record in records:
            entry = entries.get(record.doc_id)
            if entry is not None and record.model == model:
                rows = record.by_digest(dimension)
                entries[record.doc_id] = _with_rows(entry, rows)
        changed = copy(self)
        changed._entries, changed.model = entries, model
        changed._dense = _dense(entries.values(), dimension)
        return changed

    def unembedded(self) -> Iterator[Unembedded]:
        """The documents that have a passage without a vector, in the order of their ids."""
        for entry in self._entries.values():
            if not entry.embedded:
                yield Unembedded(entry.document.id, entry.texts())

    @property
    def unembedded_count(self) -> int:
        return sum(not entry.embedded for entry in self._entries.values())

    def __len__(self) -> int:
        """How many documents it holds."""
        return len(self._entries)

    @property
    def passage_count(self) -> int:
        return len(self._passages)

    def get(self, doc_id: str) -> Document | None:
        entry = self._entries.get(doc_id)
        return entry.document if entry else None

    def documents(self) -> Iterable[Document]:
        return (entry.document for entry in self._entries.values())

    def rarity(self, term: str) -> float:
        """The term's idf, above 0; 0.0 for a term that no passage holds."""
        place = self._places.get(term)
        return float(self._rarity[place]) if place is not None else 0.0

    def search(self, query: str, limit: int) -> list[Hit]:
        """The documents that match a text best, the best first, each word counted once."""
        return self.rank(dict.fromkeys(terms(query), 1.0), limit)

    def rank(self, weights: Weights, limit: int) -> list[Hit]:
        """The same for weighted terms. Documents that hold none of them are left out."""
        known = self._heaviest(weights)
        if not known or limit < 1:
            return []
        scores = self._scores(known)
        best = np.maximum.reduceat(scores, self._starts[:-1])
        hits = []
        for place in _top(best, limit):
            first, end = int(self._starts[place]), int(self._starts[place + 1])
            at = first + int(scores[first:end].argmax())
            passage = self._passages[at]
            row = frozenset(self._rows[at])
            hits.append(Hit(passage.doc_id, passage, float(scores[at]), row))
        return hits

    def _heaviest(self, weights: Weights) -> dict[int, float]:
        known = {
            self._places[term]: weight
            for term, weight in weights.items()
            if weight > 0 and term in self._places
        }
        if len(known) > MAX_QUERY_TERMS:
            ordered = sorted(known, key=lambda at: -known[at] * self._rarity[at])
            known = {at: known[at] for at in ordered[:MAX_QUERY_TERMS]}
        return known

    def _scores(self, known: Mapping[int, float]) -> NDArray[np.float32]:
        by_weight: dict[float, list[int]] = {}
        for place, weight in known.items():
            by_weight.setdefault(weight, []).append(place)
        total = np.zeros(len(self._passages), dtype=np.float32)
        for weight, places in by_weight.items():
            total += np.float32(weight) * self._bm25.get_scores_from_ids(places)
        return total


def _id_of(entry: _Entry) -> str:
    return entry.document.id


def _entry(document: Document) -> _Entry:
    passages = tuple(cut(document.id, document.title, _blocks(document)))
    title = terms(document.title) * TITLE_WEIGHT
    rows = tuple(
        (*title, *terms(" ".join(passage.headings)), *terms(passage.text)) for passage in passages
    )
    return _Entry(document, passages, rows)


def _with_rows(entry: _Entry, known: Mapping[bytes, Rows]) -> _Entry:
    """The entry with the rows that are known by their digest; it keeps none of its own."""
    found = [known.get(digest_of(text)) for text in entry.texts()]
    some = next((row for row in found if row is not None), None)
    if some is None:
        return replace(entry, rows=None, embedded=False)
    none = np.zeros_like(some)
    rows = np.stack([none if row is None else row for row in found])
    return replace(entry, rows=rows, embedded=all(row is not None for row in found))


def _rows_of(entry: _Entry) -> dict[bytes, Rows]:
    """Not those of zeros: they may be passages that lack one."""
    if entry.rows is None:
        return {}
    pairs = zip(entry.texts(), entry.rows, strict=True)
    return {digest_of(text): row for text, row in pairs if row.any()}


def _dense(entries: Iterable[_Entry], dimension: int) -> Dense:
    if not dimension:
        return Dense((), 0)
    return Dense(
        [
            np.zeros((len(entry.passages), dimension), np.int8)
            if entry.rows is None
            else entry.rows
            for entry in entries
        ],
        dimension,
    )


def _blocks(document: Document) -> list[markup.Block]:
    """A document in the store that can no longer be read is found by its title."""
    try:
        return markup.read(document.text)
    except BadRequest:
        return []


def _top(best: NDArray[np.float32], limit: int) -> list[int]:
    """The places of the highest scores above 0, the highest first, ties by place."""
    limit = min(limit, len(best))
    least = np.partition(best, len(best) - limit)[len(best) - limit]
    found = np.flatnonzero((best >= least) & (best > 0))
    order = np.argsort(-best[found], kind="stable")
    return [int(place) for place in found[order][:limit]]

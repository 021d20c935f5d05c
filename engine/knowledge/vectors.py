"""Vectors of documents: what is embedded of a passage, and what is kept of the result.

Owns the record that a store keeps, so that a restart embeds nothing anew, and the digest that
tells whether a kept vector still belongs to its passage. It embeds through an Embedder that is
handed in, and stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.knowledge.embedding import Embedder, Matrix
from engine.knowledge.passages import Passage

DIGEST_BYTES = 16
MOST_TAGGED = 40  # words of tags: the passage itself needs the room
SCALE = 127.0  # a row's largest number becomes this: 8 bits a number

Rows = NDArray[np.int8]


class DocumentVectors(Struct, frozen=True):
    """The vectors of one document under one model.

    `digests`: 16 bytes a passage, of the text that was embedded, in the passages' order.
    `rows`: as many rows of the model's dimension, 8 bits a number. A row's own length is
    not kept: every vector has length 1 (a text without a word: 0), so direction is all
    there is. Against 32 bits no gold document of the four corpora changed its place.
    """

    doc_id: str
    model: str
    digests: bytes
    rows: bytes

    def matrix(self, dimension: int) -> Rows | None:
        """A row a passage; None for a record that does not hold rows of this dimension."""
        count = len(self.digests) // DIGEST_BYTES
        if len(self.rows) != count * dimension:
            return None
        return np.frombuffer(self.rows, dtype=np.int8).reshape(count, dimension)

    def by_digest(self, dimension: int) -> dict[bytes, Rows]:
        """Digest -> row; nothing for a record that does not hold rows of this dimension."""
        rows = self.matrix(dimension)
        if rows is None:
            return {}
        return {
            self.digests[at * DIGEST_BYTES : (at + 1) * DIGEST_BYTES]: row
            for at, row in enumerate(rows)
        }


class Unembedded(Struct, frozen=True):
    """A document that has passages without a vector. `texts`: those of all its passages."""

    doc_id: str
    texts: tuple[str, ...]


def text_of(title: str, passage: Passage, tags: Sequence[str] = ()) -> str:
    """What is embedded of a passage: a passage alone often does not name its subject, and its
    tags say how customers name it."""
    named = " ".join(", ".join(tags).split()[:MOST_TAGGED])
    return "\n".join((title, *passage.headings, passage.text, *([named] if named else ())))


def digest_of(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()


def embedded(documents: Sequence[Unembedded], embedder: Embedder) -> list[DocumentVectors]:
    """The record of each document, all embedded as one batch, what is the same only once.
    Raises what `embed` raises."""
    texts = [text for document in documents for text in document.texts]
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    rows = quantised(embedder.embed(list(places)))[[places[text] for text in texts]]
    found, at = [], 0
    for document in documents:
        end = at + len(document.texts)
        digests = b"".join(map(digest_of, document.texts))
        record = DocumentVectors(document.doc_id, embedder.model, digests, rows[at:end].tobytes())
        found.append(record)
        at = end
    return found


def quantised(vectors: Matrix) -> Rows:
    """Rows of int8, each scaled by its own largest number."""
    most = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    rows: Rows = np.rint(vectors * (SCALE / np.maximum(most, 1e-9))).astype(np.int8)
    return rows

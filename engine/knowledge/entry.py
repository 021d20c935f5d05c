"""A document with what was read out of it: passages, terms and, when they come, vectors.

Owns the reading of one document for the index, so that a rebuild reads only changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.errors import BadRequest
from engine.knowledge import markup
from engine.knowledge.blocks import Block
from engine.knowledge.documents import Document
from engine.knowledge.languages import DEFAULT, guessed, primary
from engine.knowledge.passages import Passage, cut
from engine.knowledge.terms import terms
from engine.knowledge.vectors import DocumentVectors, Rows, digest_of, text_of

TITLE_WEIGHT = 2  # a word of the title counts as often as it would said so many times


class Entry(Struct, frozen=True):
    """`language`: what it is read in, its own or a guess. `title`: its terms, each once.
    `terms`: of each passage, with those of the title, the
    tags and the headings. `rows`: a vector a passage, None before any comes; `embedded`: no passage
    lacks one."""

    document: Document
    language: str
    passages: tuple[Passage, ...]
    title: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    rows: Rows | None = None
    embedded: bool = False

    def texts(self) -> tuple[str, ...]:
        """What is embedded of each passage."""
        title, tags = self.document.title, self.document.tags
        return tuple(text_of(title, passage, tags) for passage in self.passages)

    def with_rows(self, known: Mapping[bytes, Rows]) -> Entry:
        """With the rows that are known by their digest; it keeps none of its own."""
        found = [known.get(digest_of(text)) for text in self.texts()]
        some = next((row for row in found if row is not None), None)
        if some is None:
            return replace(self, rows=None, embedded=False)
        none = np.zeros_like(some)
        rows = np.stack([none if row is None else row for row in found])
        return replace(self, rows=rows, embedded=all(row is not None for row in found))

    def with_record(self, record: DocumentVectors, dimension: int) -> Entry:
        """With the rows of a record; those of passages that it does not hold are missing."""
        rows = record.matrix(dimension)
        if rows is not None and record.digests == b"".join(map(digest_of, self.texts())):
            return replace(self, rows=rows, embedded=True)  # nearly always, and twice as fast
        return self.with_rows(record.by_digest(dimension))

    def by_digest(self) -> dict[bytes, Rows]:
        """Its rows. Not those of zeros: they may be passages that lack one."""
        if self.rows is None:
            return {}
        pairs = zip(self.texts(), self.rows, strict=True)
        return {digest_of(text): row for text, row in pairs if row.any()}


def entry(document: Document) -> Entry:
    passages = tuple(cut(document.id, document.title, _blocks(document)))
    tag = document.language or guessed(_beginning(document.title, passages)) or DEFAULT
    title = terms(document.title, tag)
    named = terms(" ".join(document.tags), tag)
    rows = tuple(
        (
            *title * TITLE_WEIGHT,
            *named,
            *terms(" ".join(passage.headings), tag),
            *terms(passage.text, tag),
        )
        for passage in passages
    )
    return Entry(document, primary(tag), passages, tuple(dict.fromkeys(title)), rows)


def _beginning(title: str, passages: Sequence[Passage]) -> str:
    return " ".join((title, *(passage.text for passage in passages[:2])))


def _blocks(document: Document) -> list[Block]:
    """A document in the store that can no longer be read is found by its title."""
    try:
        return markup.read(document.text)
    except BadRequest:
        return []

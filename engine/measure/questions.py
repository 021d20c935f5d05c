"""What is asked in a replay of votes, and its answers.

Owns the reading: a folder of dialogues, or of `queries.csv` (text, category), whose categories
are the documents. It judges nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from engine.assist.view import CallLine
from engine.errors import BadRequest
from engine.knowledge.documents import Document
from engine.knowledge.embedding import Embedder, Matrix
from engine.measure.corpus import TENANT, Shelf, Watch, index_of, read_dialogues, shelf_of


class Question(Struct, frozen=True):
    """`lines`: what was said, the customer's last. `call`: whose lines they are."""

    lines: tuple[CallLine, ...]
    gold: frozenset[str]
    call: str


class Remembering:
    """An embedder that embeds a text once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.model, self.dimension = embedder.model, embedder.dimension
        self._known: dict[str, Matrix] = {}

    def embed(self, texts: Sequence[str]) -> Matrix:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(new, self._embedder.embed(new), strict=True))
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[text] for text in texts])


def read_questions(folder: Path, embedder: Embedder, watch: Watch) -> tuple[Shelf, list[Question]]:
    """With the documents to answer them. Raises BadRequest."""
    file = folder / "queries.csv"
    if file.is_file():
        return _of_table(file, embedder, watch)
    shelf = shelf_of(folder, embedder, watch)
    return shelf, [
        Question(dialogue.lines(query.turn), frozenset(query.gold), dialogue.id)
        for dialogue in read_dialogues(folder / "dialogues.jsonl")
        for query in dialogue.queries
    ]


def _of_table(file: Path, embedder: Embedder, watch: Watch) -> tuple[Shelf, list[Question]]:
    try:
        with file.open(newline="", encoding="utf-8") as read:
            rows = [(row["text"], row["category"]) for row in csv.DictReader(read)]
    except (KeyError, OSError, UnicodeDecodeError, csv.Error):
        problem = "is no table of text and category in UTF-8"
        raise BadRequest(f"{file} {problem}") from None
    titles = {name: name.replace("_", " ").strip().capitalize() for _, name in rows}
    documents = [
        Document(name, title, title, TENANT, "1970-01-01T00:00:00.000Z")
        for name, title in sorted(titles.items())
    ]
    questions = [
        Question((CallLine("customer", text, f"q{number}", 1),), frozenset({name}), f"q{number}")
        for number, (text, name) in enumerate(rows)
    ]
    return Shelf(index_of(documents, embedder, watch)), questions

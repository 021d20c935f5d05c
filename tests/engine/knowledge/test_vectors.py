"""Vectors of documents: kept, handed to an index, and still right after a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest

from engine.knowledge.dense import BLOCK, PLACE, Dense
from engine.knowledge.documents import Document
from engine.knowledge.index import Index
from engine.knowledge.vectors import MOST_TAGGED, DocumentVectors, embedded, quantised

MakeDocument = Callable[..., Document]


class Letters:
    """A model that counts letters: alike is what has the same ones."""

    model = "letters-1"
    dimension = 26

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += texts
        rows = np.zeros((len(texts), 26), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for letter in text.lower():
                if "a" <= letter <= "z":
                    row[ord(letter) - 97] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def filled(index: Index, model: Letters) -> Index:
    records = embedded(list(index.unembedded()), model)
    return index.with_vectors(records, model.model, model.dimension)


@pytest.fixture
def index(document: MakeDocument) -> Index:
    return Index.build(
        [
            document("zoo", "Zoo", "# Zebras\n\nZebras graze.\n\n# Apes\n\nApes swing."),
            document("bank", "Bank", "Cash and cards."),
        ]
    )


def test_what_customers_call_it_is_embedded_with_each_passage(document: MakeDocument) -> None:
    bank = document("bank", "Bank", "Cash and cards.")
    tagged = msgspec.structs.replace(bank, tags=("broke", "no money " * MOST_TAGGED))

    [plain] = Index.build([bank]).unembedded()
    [named] = Index.build([tagged]).unembedded()

    assert plain.texts == ("Bank\nCash and cards.",)
    assert named.texts[0].startswith("Bank\nCash and cards.\nbroke, no money no money")
    assert len(named.texts[0].split()) == len(plain.texts[0].split()) + MOST_TAGGED


def test_a_document_waits_for_a_vector_of_each_passage(index: Index) -> None:
    waiting = list(index.unembedded())

    assert [(one.doc_id, len(one.texts)) for one in waiting] == [("bank", 1), ("zoo", 2)]
    assert waiting[1].texts[0] == "Zoo\nZebras\nZebras graze."
    assert index.model == ""


def test_a_kept_record_makes_a_fresh_index_ready(index: Index, document: MakeDocument) -> None:
    model = Letters()
    kept = msgspec.msgpack.encode(embedded(list(index.unembedded()), model))
    records = msgspec.msgpack.decode(kept, type=list[DocumentVectors])

    restarted = Index.build(index.documents()).with_vectors(records, "letters-1", 26)

    assert list(restarted.unembedded()) == []
    assert restarted.model == "letters-1"
    assert [hit.doc_id for hit in restarted.search("cards", 3)] == ["bank"]


def test_passages_that_stayed_keep_their_vectors(index: Index, document: MakeDocument) -> None:
    model = Letters()
    ready = filled(index, model)
    model.seen.clear()

    tagged = ready.with_changes([document("bank", "Bank", "Cash and cards.", url="https://b.org")])
    edited = ready.with_changes(
        [document("zoo", "Zoo", "# Zebras\n\nZebras graze.\n\n# Apes\n\nApes sleep.")], ["bank"]
    )

    assert list(tagged.unembedded()) == []
    assert [one.doc_id for one in edited.unembedded()] == ["zoo"]
    assert list(filled(edited, model).unembedded()) == []


def test_records_of_another_model_or_size_or_text_count_for_nothing(
    index: Index, document: MakeDocument
) -> None:
    records = embedded(list(index.unembedded()), Letters())
    torn = [msgspec.structs.replace(record, rows=record.rows[:-1]) for record in records]
    changed = index.with_changes([document("bank", "Bank", "Only coins.")])

    assert len(list(index.with_vectors(records, "letters-2", 26).unembedded())) == 2
    assert len(list(index.with_vectors(torn, "letters-1", 26).unembedded())) == 2
    assert len(list(index.with_vectors([], "letters-1", 26).unembedded())) == 2
    waiting = changed.with_vectors(records, "letters-1", 26).unembedded()
    assert [one.doc_id for one in waiting] == ["bank"]


def test_a_passage_without_words_waits_only_once(document: MakeDocument) -> None:
    model = Letters()
    ready = filled(Index.build([document("odd", "12", "34")]), model)

    assert list(ready.unembedded()) == []


def test_another_model_leaves_the_vectors_of_the_last_behind(index: Index) -> None:
    ready = filled(index, Letters())

    assert len(list(ready.with_vectors([], "other", 8).unembedded())) == 2


def test_cosines_in_eight_bits_are_those_in_thirty_two() -> None:
    draw = np.random.default_rng(5)
    rows = draw.standard_normal((2 * BLOCK + 7, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[3] = 0
    queries = rows[[0, 9]]

    found = Dense([quantised(rows[:5]), quantised(rows[5:])], 64).cosines(queries)

    assert found.shape == (2, len(rows))
    held = np.arange(len(rows)) != 3
    assert found[:, held] == pytest.approx(queries @ rows[held].T, abs=0.01)


def test_what_has_no_vector_yet_is_neither_first_nor_out_of_sight() -> None:
    rows = np.eye(64, dtype=np.float32)[:50]
    rows[7] = 0
    query = np.linspace(1, 0, 64, dtype=np.float32)[None]
    query /= np.linalg.norm(query)

    dense = Dense([quantised(rows)], 64)

    assert dense.filled_share == pytest.approx(0.98)
    order = list(np.argsort(-dense.cosines(query)[0], kind="stable"))
    assert order.index(7) in (PLACE - 2, PLACE - 1, PLACE)

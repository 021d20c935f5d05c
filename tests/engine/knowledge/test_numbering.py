"""Terms as numbers: what an index of before knows is not looked up again, and nothing else
about a change may tell.
"""

from __future__ import annotations

from threading import Thread

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.knowledge import index as module
from engine.knowledge.documents import Document
from engine.knowledge.index import Index

WORDS = ["router", "invoice", "parcel", "garage", "breakfast", "pool", "refund", "printer"]
CHANGES = st.lists(
    st.tuples(st.integers(0, 4), st.lists(st.sampled_from(WORDS), max_size=6)), max_size=12
)


def document(number: int, words: list[str]) -> Document:
    return Document(
        f"d{number}", f"Title {number}", " ".join(words), "t", "2025-01-01T00:00:00.000Z"
    )


def answers(index: Index) -> list[tuple[list[str], float]]:
    return [
        ([hit.doc_id for hit in index.search(word, 5)], round(index.rarity(word), 6))
        for word in ("router", "invoic", "parcel", "garag", "breakfast", "titl", "nothing")
    ]


@given(CHANGES)
@settings(max_examples=60, deadline=None)
def test_an_index_by_changes_answers_as_one_that_is_built_at_once(
    changes: list[tuple[int, list[str]]],
) -> None:
    """A change without words deletes."""
    index, held = Index.build([]), dict[str, Document]()
    for number, words in changes:
        if words:
            held[f"d{number}"] = document(number, words)
            index = index.with_changes([held[f"d{number}"]])
        else:
            held.pop(f"d{number}", None)
            index = index.with_changes([], [f"d{number}"])
        whole = Index.build(held.values())
        assert answers(index) == answers(whole)
        assert np.isclose(index.ceiling, whole.ceiling)


def test_an_older_index_does_not_know_the_words_of_a_newer_one() -> None:
    old = Index.build([document(1, ["router"])])
    new = old.with_changes([document(2, ["zeppelin"])])

    assert (new.rarity("zeppelin") > 0, old.rarity("zeppelin")) == (True, 0.0)
    assert old.search("zeppelin", 5) == []


def test_two_may_be_made_of_one_at_once() -> None:
    old = Index.build([document(n, WORDS) for n in range(50)])
    made: dict[int, Index] = {}

    def change(number: int) -> None:
        words = [f"word{number}x{n}" for n in range(200)]
        made[number] = old.with_changes([document(100 + number, words)])

    threads = [Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, index in made.items():
        for n in (0, 99, 199):
            assert [hit.doc_id for hit in index.search(f"word{number}x{n}", 3)] == [
                f"d{100 + number}"
            ]


def test_words_that_are_gone_are_forgotten_in_the_end() -> None:
    index = Index.build([document(0, ["router"])])
    most = 0
    for n in range(3):
        words = [f"word{n}x{k}" for k in range(module.SPARE // 2)]
        index = index.with_changes([document(1, words)])
        most = max(most, index._numbering.columns)
        index = index.with_changes([], ["d1"])
    assert index.with_changes([document(2, ["pool"])])._numbering.columns < 10
    assert most < 2 * module.SPARE

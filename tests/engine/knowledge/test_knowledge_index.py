"""Finding passages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from engine.knowledge.documents import Document
from engine.knowledge.index import MAX_QUERY_TERMS, Index
from engine.knowledge.terms import terms

MakeDocument = Callable[..., Document]


@pytest.fixture
def shop(document: MakeDocument) -> list[Document]:
    return [
        document("refunds", "Refunds", "We pay the money back within three days."),
        document("parking", "Parking", "Guests park their cars behind the house."),
        document("pets", "Animals", "Dogs are welcome. Other pets stay at home."),
        document("wifi", "Wireless network", "The password of the network is on your key card."),
    ]


def found(index: Index, query: str, limit: int = 5) -> list[str]:
    return [hit.doc_id for hit in index.search(query, limit)]


def test_a_document_is_found_by_other_forms_of_its_words(shop: list[Document]) -> None:
    assert found(Index.build(shop), "Is there anywhere I can be PARKING my car's trailer?") == [
        "parking"
    ]


def test_a_document_is_found_by_its_title(shop: list[Document]) -> None:
    assert found(Index.build(shop), "animal") == ["pets"]


def test_a_document_is_found_by_its_tags_whichever_passage_answers(document: MakeDocument) -> None:
    missed = document("missed", "Missed visit", "We pay for it.\n\n## Disputed\n\nDo not argue.")
    tagged = replace(missed, tags=("nobody came", "day off work"))

    assert found(Index.build([missed]), "I took a day off and nobody came") == []
    assert found(Index.build([tagged]), "I took a day off and nobody came") == ["missed"]


def test_a_match_in_the_title_counts_more(document: MakeDocument) -> None:
    text = "A text of the same length as others."
    index = Index.build(
        [document("a", "Fees", "All about refunds, always."), document("b", "Refunds", text)]
    )

    assert found(index, "refund") == ["b", "a"]


def test_the_best_passage_of_a_document_is_shown(document: MakeDocument) -> None:
    text = "# Rooms\n\nAll rooms have a bath.\n\n# Breakfast\n\nEggs are served until ten."

    (hit,) = Index.build([document("hotel", "Hotel", text)]).search("eggs for breakfast", 5)

    assert (hit.passage.headings, hit.passage.text) == (
        ("Breakfast",),
        "Eggs are served until ten.",
    )
    assert {"egg", "breakfast", "hotel"} <= hit.terms


def test_a_repeated_word_of_a_query_counts_once(shop: list[Document]) -> None:
    index = Index.build(shop)

    once, often = index.search("dogs network", 5), index.search("dogs dogs dogs network", 5)

    assert [(hit.doc_id, hit.score) for hit in once] == [(hit.doc_id, hit.score) for hit in often]


def test_weights_decide_between_words(shop: list[Document]) -> None:
    index = Index.build(shop)

    assert [hit.doc_id for hit in index.rank({"dog": 1.0, "car": 0.5}, 5)] == ["pets", "parking"]
    assert [hit.doc_id for hit in index.rank({"dog": 0.5, "car": 1.0}, 5)] == ["parking", "pets"]
    assert [hit.doc_id for hit in index.rank({"dog": 0.0, "car": 1.0}, 5)] == ["parking"]


@pytest.mark.parametrize(
    "query", ["", "   ", "the of and uh", "😀🎉", "qwertyuiop", "?!.,", "\x00"]
)
def test_a_query_without_a_known_word_finds_nothing(shop: list[Document], query: str) -> None:
    assert found(Index.build(shop), query) == []


@pytest.mark.parametrize("limit", [0, 1, 2, 100])
def test_no_more_is_found_than_asked_for(shop: list[Document], limit: int) -> None:
    hits = found(Index.build(shop), "money car dog password", limit)

    assert len(hits) == min(limit, 4)


def test_an_empty_index_finds_nothing() -> None:
    index = Index.build([])

    assert (found(index, "refund"), len(index), index.ceiling) == ([], 0, 0.0)
    assert index.get("refunds") is None


def test_documents_of_stop_words_only_are_kept_and_never_found(document: MakeDocument) -> None:
    index = Index.build([document("a", "The", "And of the.")])

    assert (len(index), found(index, "the of")) == (1, [])


def test_ten_thousand_documents_with_one_text_are_found_in_a_steady_order(
    document: MakeDocument,
) -> None:
    index = Index.build([document(f"d{n:05}", "Refunds", "We pay back.") for n in range(10_000)])

    assert found(index, "refund", 3) == ["d00000", "d00001", "d00002"]
    assert index.ceiling > 0


def test_a_line_of_twenty_thousand_characters_is_asked_with_its_rarest_words(
    document: MakeDocument,
) -> None:
    common = [f"common{n}" for n in range(2 * MAX_QUERY_TERMS)]
    documents = [document(f"d{n}", "Title", " ".join(common) + ".") for n in range(5)]
    index = Index.build([*documents, document("rare", "Title", "An unbelievable zebra.")])
    line = (" ".join(common) + " ") * 8 + "zebra"

    assert len(line) > 15_000
    assert "rare" in found(index, line, 10)


def test_what_changed_is_found_and_what_was_deleted_is_not(
    shop: list[Document], document: MakeDocument
) -> None:
    old = Index.build(shop)

    new = old.with_changes([document("pets", "Animals", "Only cats.")], ["parking"])

    assert (found(new, "dog"), found(new, "cat"), found(new, "park")) == ([], ["pets"], [])
    assert sorted(found(old, "dog park")) == ["parking", "pets"]
    assert len(new) == 3


def test_an_index_with_changes_answers_like_one_built_afresh(
    shop: list[Document], document: MakeDocument
) -> None:
    extra = document("late", "Late checkout", "Guests may stay until noon for money.")
    changed = Index.build(shop[:3]).with_changes([*shop[3:], extra], ["pets"])
    fresh = Index.build([extra, shop[3], shop[1], shop[0]])

    for query in ("money guests network", "park", "dogs", "stay at home"):
        assert changed.search(query, 5) == fresh.search(query, 5)


def test_a_rarer_word_weighs_more(document: MakeDocument) -> None:
    documents = [document(f"d{n}", "Title", "A common word.") for n in range(9)]
    index = Index.build([*documents, document("e", "Title", "A rare word.")])

    assert index.ceiling == index.rarity("rare") > index.rarity("common") > 0
    assert index.rarity("unheard") == 0.0


def test_threads_may_read_one_index_together(shop: list[Document]) -> None:
    index = Index.build(shop)
    queries = ["money back", "park a car", "dogs", "network password"] * 50
    alone = [index.search(query, 3) for query in queries]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda query: index.search(query, 3), queries))

    assert together == alone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Refunding the customers' refunds", ["refund", "custom", "refund"]),
        ("café CRÈME", ["cafe", "creme"]),
        ("it's don\u2019t can't I'm, uh, okay", []),
        ("reset_password wi-fi 2FA", ["reset", "password", "wi", "fi", "2fa"]),
        ("a" * 41, []),
    ],
)
def test_terms_are_folded_stemmed_and_without_stop_words(text: str, expected: list[str]) -> None:
    assert terms(text) == expected

"""Indexes that follow the store: documents, vectors and verdicts, on real stores."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.assist.asked import Asked
from engine.decoding import encode
from engine.errors import Unavailable
from engine.knowledge import keeper as keeper_module
from engine.knowledge.documents import Document
from engine.knowledge.embedding import Matrix
from engine.knowledge.keeper import Keeper
from engine.knowledge.library import Library
from engine.knowledge.store import DocumentStore
from engine.knowledge.vector_store import VectorStore
from engine.knowledge.votes import VoteMemory, packed
from engine.log import CallKey
from engine.showings import ShowingStore
from engine.verdicts import VerdictStore
from engine.wire import AiSuggestion, FeedbackUpdate, SuggestedDocument

DIMENSION = 8


class Letters:
    """A model whose vectors are made of a text's first letters; it counts what it is asked,
    and may go away."""

    dimension = DIMENSION

    def __init__(self, model: str = "letters") -> None:
        self.model = model
        self.asked: list[str] = []
        self.answers: int | None = None  # texts until it goes away

    def embed(self, texts: Sequence[str]) -> Matrix:
        if self.answers is not None and len(self.asked) + len(texts) > self.answers:
            raise Unavailable("The model does not answer")
        self.asked += texts
        rows = [[1.0 + ord(c) % 7 for c in text.ljust(DIMENSION)[:DIMENSION]] for text in texts]
        found = np.array(rows, dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def documents(client: Any) -> DocumentStore:
    return DocumentStore(client, deleted_kept=3)


def node(client: Any, name: str = "node-1", embedder: Letters | None = None) -> Any:
    """A Keeper with what it is made of."""
    library, documents = Library(DocumentStore(client)), DocumentStore(client)
    votes = VoteMemory(embedder.model, DIMENSION) if embedder else None
    made = Keeper(
        name, library, documents, VectorStore(client), VerdictStore(client), embedder, votes
    )
    return SimpleNamespace(keeper=made, library=library, votes=votes)


def document(tenant: str, doc_id: str, text: str = "Some text.") -> Document:
    return Document(doc_id, f"About {doc_id}", text, tenant, "2026-01-01T00:00:00.000Z")


def texts_of(here: Any, tenant: str) -> dict[str, str]:
    return {one.id: one.text for one in here.library.index(tenant).documents()}


def test_only_what_changed_is_read(client: Any, documents: DocumentStore, tenant: str) -> None:
    here = node(client)
    documents.put_many([document(tenant, f"d{n}") for n in range(5)])
    assert here.keeper.look(tenant)
    assert not here.keeper.look(tenant)
    documents.put_many([document(tenant, "d1", "New."), document(tenant, "d9", "Newer.")])
    documents.delete(tenant, "d2")
    whole_loads = []
    here.keeper._documents.load_all = lambda tenant: whole_loads.append(tenant) or []
    assert here.keeper.look(tenant)
    assert whole_loads == []
    assert texts_of(here, tenant) == {
        "d0": "Some text.", "d1": "New.", "d3": "Some text.", "d4": "Some text.", "d9": "Newer.",
    }  # fmt: skip
    assert here.library.version(tenant) == documents.version(tenant)


def test_who_missed_too_many_deletions_reads_everything(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    here = node(client)
    documents.put_many([document(tenant, f"d{n}") for n in range(8)])
    here.keeper.look(tenant)
    for number in range(5):
        documents.delete(tenant, f"d{number}")
    here.keeper.look(tenant)
    assert sorted(texts_of(here, tenant)) == ["d5", "d6", "d7"]
    documents.put_many([document(tenant, "d6", "Changed after the floor.")])
    here.keeper.look(tenant)
    assert texts_of(here, tenant)["d6"] == "Changed after the floor."


def test_a_store_that_was_replaced_is_read_anew(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    here = node(client)
    documents.put_many([document(tenant, "old")])
    documents.put_many([document(tenant, "older")])
    here.keeper.look(tenant)
    for key in client.scan_iter(f"earshot:{{{tenant}}}:*"):
        client.unlink(key)
    documents.put_many([document(tenant, "new")])
    here.keeper.look(tenant)
    assert sorted(texts_of(here, tenant)) == ["new"]


def test_documents_of_a_program_that_kept_no_changes_are_found(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    here = node(client)
    documents.put_many([document(tenant, "a")])
    here.keeper.look(tenant)
    documents.put_many([document(tenant, "b")])
    client.unlink(f"earshot:{{{tenant}}}:documents:changes")
    here.keeper.look(tenant)
    assert sorted(texts_of(here, tenant)) == ["a", "b"]


def test_vectors_are_made_once_and_read_by_every_other_node_and_after_a_restart(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    documents.put_many([document(tenant, f"d{n}", f"{n} text.") for n in range(5)])
    one, other, later = Letters(), Letters(), Letters()
    here, there = node(client, "node-1", one), node(client, "node-2", other)
    here.keeper.look(tenant)
    there.keeper.look(tenant)
    assert here.keeper.state(tenant).waiting == 5
    assert here.keeper.embed_some(tenant) == 5
    assert there.keeper.embed_some(tenant) == 5
    assert (len(one.asked), len(other.asked)) == (5, 0)
    assert here.keeper.state(tenant).waiting == there.keeper.state(tenant).waiting == 0
    restarted = node(client, "node-3", later)
    restarted.keeper.look(tenant)
    assert (restarted.keeper.state(tenant).waiting, later.asked) == (0, [])


def test_only_a_changed_document_is_embedded_again(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    documents.put_many([document(tenant, f"d{n}") for n in range(3)])
    model = Letters()
    here = node(client, embedder=model)
    here.keeper.look(tenant)
    here.keeper.embed_some(tenant)
    model.asked.clear()
    documents.put_many([document(tenant, "d1", "Other words."), document(tenant, "d2")])
    here.keeper.look(tenant)
    here.keeper.embed_some(tenant)
    assert model.asked == ["About d1\nOther words."]


def test_a_model_that_dies_midway_loses_nothing_it_made(
    client: Any, documents: DocumentStore, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "BATCH_TEXTS", 2)
    documents.put_many([document(tenant, f"d{n}", f"{n} text.") for n in range(7)])
    model = Letters()
    model.answers = 4
    here = node(client, embedder=model)
    here.keeper.look(tenant)
    with pytest.raises(Unavailable):
        here.keeper.embed_some(tenant)
    assert here.keeper.state(tenant).waiting == 3
    assert len(here.library.search(tenant, "text", 9)) == 7, "words find all of them"
    model.answers = None
    here.keeper.embed_some(tenant)
    assert (here.keeper.state(tenant).waiting, len(model.asked)) == (0, 7)


def test_another_model_embeds_anew_and_the_vectors_of_both_are_kept_apart(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    documents.put_many([document(tenant, "a")])
    for name in ("one", "two"):
        here = node(client, embedder=Letters(name))
        here.keeper.look(tenant)
        assert here.keeper.embed_some(tenant) == 1
    back = Letters("one")
    here = node(client, embedder=back)
    here.keeper.look(tenant)
    assert (here.keeper.state(tenant).waiting, back.asked) == (0, [])


def test_vectors_of_documents_that_are_gone_are_thrown_out(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    documents.put_many([document(tenant, "a"), document(tenant, "b")])
    here = node(client, embedder=Letters())
    here.keeper.look(tenant)
    here.keeper.embed_some(tenant)
    documents.delete(tenant, "a")
    here.keeper.look(tenant)
    here.keeper.settle(tenant)
    assert client.hkeys(f"earshot:{{{tenant}}}:vectors:letters") == [b"b"]


def test_ten_thousand_documents_with_one_text_are_one_thing_to_say(
    client: Any, documents: DocumentStore, tenant: str
) -> None:
    same = [
        Document(f"d{n}", "Same", "The same text.", tenant, "2026-01-01T00:00:00.000Z")
        for n in range(10_000)
    ]
    documents.put_many(same)
    here = node(client)
    here.keeper.look(tenant)
    assert here.keeper.state(tenant).documents == 10_000
    assert len(here.library.search(tenant, "same text", 20)) == 20


def test_verdicts_reach_every_nodes_votes_and_leave_them_again(client: Any, tenant: str) -> None:
    model = Letters()
    query = packed(model.model, model.embed(["where can i park"])[0])
    showings = ShowingStore(client, lambda tenant: 3600)
    verdicts = VerdictStore(client, showings=showings)
    here, there = node(client, embedder=model), node(client, "node-2", Letters())
    call = CallKey(tenant, "c")
    suggestion = AiSuggestion(
        "c", [SuggestedDocument("d", "D", "…", 0.5)], "", "none", "s", "s1", "e", 2
    )
    showings.note(call, suggestion, SimpleNamespace(vector=query.vector, model=query.model))  # type: ignore[arg-type]

    def judge(seq: int, helpful: bool | None) -> None:
        verdicts.note(call, encode(FeedbackUpdate("c", "d", "ann", helpful, "e", seq)))
        for one in (here, there):
            one.keeper.look(tenant)

    judge(3, True)
    assert [one.votes.count(tenant) for one in (here, there)] == [1, 1]
    judge(4, None)
    assert [one.votes.count(tenant) for one in (here, there)] == [0, 0]
    judge(5, False)
    verdicts.forget_call(tenant, "c")
    for one in (here, there):
        one.keeper.look(tenant)
        assert one.votes.count(tenant) == 0


def test_votes_under_an_older_model_teach_nothing_and_the_log_says_so(
    client: Any, tenant: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = Letters("older")
    query = packed(old.model, old.embed(["where can i park"])[0])
    showings = ShowingStore(client, lambda tenant: 3600)
    verdicts = VerdictStore(client, showings=showings)
    call = CallKey(tenant, "c")
    shown = AiSuggestion(
        "c", [SuggestedDocument("d", "D", "…", 0.5)], "", "none", "s", "s1", "e", 2
    )
    showings.note(call, shown, Asked(query.vector, query.model))
    verdicts.note(call, encode(FeedbackUpdate("c", "d", "ann", True, "e", 3)))
    here = node(client, embedder=Letters("newer"))

    with caplog.at_level("WARNING", "earshot.knowledge"):
        here.keeper.look(tenant)
        here.keeper.look(tenant)

    assert here.votes.count(tenant) == 0
    assert [record.getMessage() for record in caplog.records] == [
        f"votes.of_another_model tenant={tenant} votes=1 model=newer: kept in the report, but they"
        " teach ranking nothing"
    ]
    assert [one.helpful for one in verdicts.of(tenant, "d")] == [True]

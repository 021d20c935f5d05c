"""Documents in a real store."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis

from engine.errors import Unavailable
from engine.knowledge.documents import Document
from engine.knowledge.library import Library
from engine.knowledge.store import (
    CHANGED_CHANNELS,
    CHUNK_BYTES,
    CHUNK_DOCUMENTS,
    DocumentStore,
    tenant_of,
)
from engine.store import connect

BOUND_S = 30.0


@pytest.fixture
def store(client: Any) -> DocumentStore:
    return DocumentStore(client)


def document(tenant: str, doc_id: str, text: str = "Some text.") -> Document:
    return Document(doc_id, "Title", text, tenant, "2025-01-01T00:00:00.000Z", tags=("a", "b"))


def test_a_document_is_read_as_it_was_put(store: DocumentStore, tenant: str) -> None:
    put = document(tenant, "a", "Ünïcode 😀\n\n<script>kept as sent</script>")

    assert store.put_many([put]) == 1

    assert store.get(tenant, "a") == put
    assert store.get(tenant, "b") is None
    assert list(store.load_all(tenant)) == [put]


def test_a_tenant_without_documents_is_empty(store: DocumentStore, tenant: str) -> None:
    assert (store.version(tenant), store.count(tenant), list(store.load_all(tenant))) == (0, 0, [])
    assert store.put_many([]) == 0


def test_a_tenant_at_its_limit_keeps_what_it_has_and_may_change_it(
    client: Any, tenant: str
) -> None:
    store = DocumentStore(client, most=3)
    over: list[str] = []
    store.put_many([document(tenant, "a"), document(tenant, "b")])

    more = [document(tenant, "b", "New."), document(tenant, "c"), document(tenant, "d")]
    assert store.put_many(more, over=over.append) == 2

    assert over == ["d"]
    assert sorted(one.id for one in store.load_all(tenant)) == ["a", "b", "c"]
    version = store.version(tenant)
    assert store.put_many([document(tenant, "d")], over=over.append) == 0
    assert store.version(tenant) == version, "nothing has changed"
    store.delete(tenant, "a")
    assert store.put_many([document(tenant, "d")]) == 1


def test_every_change_raises_the_version_and_a_deletion_of_nothing_does_not(
    store: DocumentStore, tenant: str
) -> None:
    versions = [store.version(tenant)]
    for change in (
        lambda: store.put_many([document(tenant, "a")]),
        lambda: store.put_many([document(tenant, "a", "Other text.")]),
        lambda: store.delete(tenant, "a"),
        lambda: store.delete(tenant, "a"),
    ):
        change()
        versions.append(store.version(tenant))

    assert versions == [0, 1, 2, 3, 3]


def test_a_deleted_document_is_gone(store: DocumentStore, tenant: str) -> None:
    store.put_many([document(tenant, "a"), document(tenant, "b")])

    assert store.delete(tenant, "a") is True
    assert store.delete(tenant, "a") is False
    assert [kept.id for kept in store.load_all(tenant)] == ["b"]


def test_each_change_is_published_with_its_version_after_it_is_written(
    store: DocumentStore, client: Any, tenant: str
) -> None:
    listener = client.pubsub()
    listener.psubscribe(CHANGED_CHANNELS)
    assert listener.get_message(timeout=BOUND_S)["type"] == "psubscribe"

    store.put_many([document(tenant, "a")])
    store.delete(tenant, "a")

    heard = []
    while len(heard) < 2:
        message = listener.get_message(timeout=BOUND_S)
        assert message is not None, "a change was not published"
        if tenant_of(message["channel"]) == tenant:
            heard.append(int(message["data"]))
    listener.close()
    assert heard == [1, 2]


@pytest.mark.parametrize(
    ("channel", "tenant"),
    [
        (b"earshot:{acme}:documents:changed", "acme"),
        ("earshot:{default}:documents:changed", "default"),
        ("earshot:{acme}:documents", None),
        (b"other", None),
    ],
)
def test_a_channel_names_its_tenant(channel: str | bytes, tenant: str | None) -> None:
    assert tenant_of(channel) == tenant


def test_many_documents_are_written_in_bounded_chunks(store: DocumentStore, tenant: str) -> None:
    many = [document(tenant, f"d{n}") for n in range(2 * CHUNK_DOCUMENTS + 1)]
    told: list[int] = []

    assert store.put_many(many, told.append) == len(many)

    assert told == [CHUNK_DOCUMENTS, CHUNK_DOCUMENTS, 1]
    assert store.version(tenant) == 3
    assert store.count(tenant) == len(many)
    loaded = list(store.load_all(tenant))
    assert sorted(d.id for d in loaded) == sorted(d.id for d in many)


def test_large_documents_make_smaller_chunks(store: DocumentStore, tenant: str) -> None:
    many = [document(tenant, f"d{n}", "x" * (CHUNK_BYTES // 2)) for n in range(4)]
    told: list[int] = []

    store.put_many(many, told.append)

    assert told == [1, 1, 1, 1]


def test_documents_of_two_tenants_never_mix(store: DocumentStore, tenant: str) -> None:
    other = f"{tenant}-other"

    assert store.put_many([document(tenant, "a"), document(other, "a", "Theirs.")]) == 2

    assert [d.text for d in store.load_all(tenant)] == ["Some text."]
    assert [d.text for d in store.load_all(other)] == ["Theirs."]
    assert store.delete(other, "a")
    assert store.count(tenant) == 1


def test_the_keys_are_those_that_are_promised(
    store: DocumentStore, client: Any, tenant: str
) -> None:
    store.put_many([document(tenant, "a")])

    assert client.hkeys(f"earshot:{{{tenant}}}:documents") == [b"a"]
    assert client.get(f"earshot:{{{tenant}}}:documents:version") == b"1"


def test_what_another_program_stored_there_is_passed_over(
    store: DocumentStore, client: Any, tenant: str
) -> None:
    store.put_many([document(tenant, "a")])
    client.hset(f"earshot:{{{tenant}}}:documents", "ill", b'{"id":')

    assert [kept.id for kept in store.load_all(tenant)] == ["a"]


def test_a_client_that_decodes_answers_works_too(store_url: str, tenant: str) -> None:
    decoding = connect(store_url, decode_responses=True)
    store = DocumentStore(decoding)
    put = document(tenant, "a", "Ünïcode 😀")

    store.put_many([put])

    assert (store.get(tenant, "a"), list(store.load_all(tenant))) == (put, [put])
    decoding.close()


def test_a_store_that_is_away_is_said_so(tmp_path: Any, tenant: str) -> None:
    client = connect(f"unix://{tmp_path / 'nobody.sock'}")
    store = DocumentStore(client)

    for ask in (
        lambda: store.put_many([document(tenant, "a")]),
        lambda: store.get(tenant, "a"),
        lambda: store.delete(tenant, "a"),
        lambda: store.version(tenant),
        lambda: list(store.load_all(tenant)),
    ):
        with pytest.raises(Unavailable) as refusal:
            ask()
        assert isinstance(refusal.value.__cause__, redis.RedisError)


def test_a_library_follows_the_store(store: DocumentStore, tenant: str) -> None:
    library = Library(store)
    store.put_many([document(tenant, "dogs", "Dogs are welcome.")])
    assert library.refresh(tenant)

    store.put_many([document(tenant, "wifi", "The password of the network.")])
    store.delete(tenant, "dogs")
    assert library.refresh(tenant)

    assert [hit.doc_id for hit in library.search(tenant, "dogs password", 5)] == ["wifi"]
    assert library.version(tenant) == store.version(tenant) == 3
    assert library.refresh(tenant) is False


def test_writers_and_readers_at_once_end_with_everything_found(
    store: DocumentStore, tenant: str
) -> None:
    library = Library(store)
    failures: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001
            failures.append(problem)

    def write(name: str) -> None:
        for n in range(20):
            store.put_many([document(tenant, f"{name}{n}", f"Text about topic {name}{n}.")])

    def refresh() -> None:
        for _ in range(30):
            library.refresh(tenant)

    works = [lambda: write("x"), lambda: write("y"), refresh, refresh]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    library.refresh(tenant)

    assert failures == []
    assert library.counts(tenant) == (40, 40)
    assert library.version(tenant) == store.version(tenant) == 40

"""What a node knows, in step with the store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import Unavailable
from engine.knowledge.documents import Document
from engine.knowledge.index import Index
from engine.knowledge.library import Library

MakeDocument = Callable[..., Document]


class Shelf:
    """A source in the test's hand; `on_load` runs in the middle of every load."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.number = 0
        self.loads = 0
        self.on_load: Callable[[], None] = lambda: None

    def put(self, *documents: Document) -> None:
        self.documents |= {document.id: document for document in documents}
        self.number += 1

    def version(self, tenant: str) -> int:
        return self.number if tenant == "default" else 0

    def load_all(self, tenant: str) -> Iterator[Document]:
        found = list(self.documents.values()) if tenant == "default" else []
        self.loads += 1
        self.on_load()
        return iter(found)


@pytest.fixture
def shelf(document: MakeDocument) -> Shelf:
    made = Shelf()
    made.put(document("pets", "Animals", "Dogs are welcome."))
    return made


def found(library: Library, query: str, tenant: str = "default") -> list[str]:
    return [hit.doc_id for hit in library.search(tenant, query, 5)]


def test_a_library_knows_nothing_before_its_first_refresh(shelf: Shelf) -> None:
    library = Library(shelf)

    assert (found(library, "dog"), library.counts("default")) == ([], (0, 0))
    assert (library.version("default"), library.tenants()) == (None, [])


def test_a_refresh_serves_what_the_store_holds(shelf: Shelf, document: MakeDocument) -> None:
    library = Library(shelf)
    assert library.refresh("default") is True

    shelf.put(document("wifi", "Network", "The password."))
    assert found(library, "password") == []
    assert library.refresh("default") is True

    assert found(library, "password") == ["wifi"]
    assert library.counts("default") == (2, 2)
    assert library.get("default", "wifi") == shelf.documents["wifi"]


def test_without_a_new_version_nothing_is_loaded(shelf: Shelf) -> None:
    library = Library(shelf)
    library.refresh("default")
    loads = shelf.loads

    assert library.refresh("default") is False
    assert shelf.loads == loads


def test_what_is_gone_from_the_store_is_gone_from_the_index(shelf: Shelf) -> None:
    library = Library(shelf)
    library.refresh("default")
    shelf.documents.clear()
    shelf.number = 0  # another store, with a lower version

    assert library.refresh("default") is True
    assert (found(library, "dog"), library.counts("default")) == ([], (0, 0))


def test_a_change_while_loading_is_seen_by_the_same_refresh(
    shelf: Shelf, document: MakeDocument
) -> None:
    library = Library(shelf)

    def change_once() -> None:
        shelf.on_load = lambda: None
        shelf.put(document("wifi", "Network", "The password."))

    shelf.on_load = change_once
    library.refresh("default")

    assert found(library, "password") == ["wifi"]
    assert library.version("default") == shelf.number


def test_changes_without_end_do_not_hold_a_refresh_without_end(
    shelf: Shelf, document: MakeDocument
) -> None:
    library = Library(shelf)
    shelf.on_load = lambda: shelf.put(document("wifi", "Network", "The password."))

    assert library.refresh("default") is True
    assert shelf.loads < 10


def test_the_old_index_is_served_and_no_second_one_built_while_one_is_built(
    shelf: Shelf, document: MakeDocument
) -> None:
    library = Library(shelf)
    library.refresh("default")
    shelf.put(document("wifi", "Network", "The password."))
    loading, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        loading.set()
        assert go_on.wait(10)

    shelf.on_load = hold
    builder = threading.Thread(target=library.refresh, args=("default",))
    builder.start()
    try:
        assert loading.wait(10)
        assert library.refresh("default") is False
        assert found(library, "dog password") == ["pets"]
    finally:
        go_on.set()
        builder.join(10)

    assert sorted(found(library, "dog password")) == ["pets", "wifi"]


def test_a_store_that_is_away_leaves_the_old_index_and_a_later_refresh_works(
    shelf: Shelf, document: MakeDocument
) -> None:
    library = Library(shelf)
    library.refresh("default")
    shelf.put(document("wifi", "Network", "The password."))

    def away() -> None:
        raise Unavailable("away")

    shelf.on_load = away
    with pytest.raises(Unavailable):
        library.refresh("default")
    assert found(library, "dog password") == ["pets"]

    shelf.on_load = lambda: None
    assert library.refresh("default") is True
    assert sorted(found(library, "dog password")) == ["pets", "wifi"]


def test_an_index_is_built_where_the_library_is_told_to_and_the_store_asked_where_it_is_called(
    shelf: Shelf,
) -> None:
    asked_in: list[int] = []
    built_in: list[int] = []
    shelf.on_load = lambda: asked_in.append(threading.get_ident())
    with ThreadPoolExecutor(1) as pool:

        def elsewhere(work: Callable[[], Index]) -> Index:
            def noted() -> Index:
                built_in.append(threading.get_ident())
                return work()

            return pool.submit(noted).result()

        library = Library(shelf, elsewhere)
        library.refresh("default")

    assert found(library, "dog") == ["pets"]
    assert asked_in == [threading.get_ident()]
    assert len(built_in) == 1
    assert built_in != asked_in


def test_one_tenant_never_finds_anothers_documents(shelf: Shelf) -> None:
    library = Library(shelf)
    library.refresh("default")
    library.refresh("other")

    assert found(library, "dog", "other") == []
    assert library.get("other", "pets") is None
    assert sorted(library.tenants()) == ["default", "other"]

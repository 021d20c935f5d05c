"""What one node knows: an index per tenant, kept in step with the store.

Owns which index is served now. The old one is served until the new one is ready, so a
search never waits. It subscribes to nothing and starts no thread: whoever holds it calls
`refresh` and says where the building runs.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.knowledge.documents import Document
from engine.knowledge.index import Hit, Index
from engine.knowledge.store import DocumentSource

# One call of refresh builds at most so often; then it lets its caller decide. While an
# import runs, every chunk is a new version.
_BUILDS = 3

_EMPTY = Index([])

# Runs work and gives back what it made. Building takes processor time (1 s for 12,000
# documents, 0.1 s for a change among them), so a server hands in its pool of real threads.
Compute = Callable[[Callable[[], Index]], Index]


class Library:
    """Reads are safe from any thread at any time, and `refresh` is: no lock is taken (one
    that gevent patched must not be shared with real threads); each step is a single
    operation on a dict, which CPython makes whole.

    `refresh` talks to the source where it is called and builds through `compute`: sockets
    that gevent patched belong to one thread, so under gevent it is called in a greenlet
    with `compute=threadpool.apply`.
    """

    def __init__(self, source: DocumentSource, compute: Compute = lambda work: work()) -> None:
        self._source = source
        self._compute = compute
        self._served: dict[str, tuple[int, Index]] = {}
        self._refreshing: dict[str, object] = {}

    def refresh(self, tenant: str) -> bool:
        """Bring the tenant's index up to the store's version; True when a new one is served.

        Where another thread is at it already this returns False at once: that thread looks
        at the version again before it ends, and what falls just after that look is seen by
        the next refresh. Raises Unavailable; the old index stays.
        """
        mark = object()
        if self._refreshing.setdefault(tenant, mark) is not mark:
            return False
        try:
            built = False
            for _ in range(_BUILDS):
                if not self._build(tenant):
                    break
                built = True
            return built
        finally:
            del self._refreshing[tenant]

    def serve(self, tenant: str, version: int, index: Index) -> None:
        """From now on this index, which is of the store's `version`."""
        self._served[tenant] = (version, index)

    def index(self, tenant: str) -> Index:
        """The index served now; an empty one before the first refresh."""
        served = self._served.get(tenant)
        return served[1] if served else _EMPTY

    def search(self, tenant: str, query: str, limit: int) -> list[Hit]:
        return self.index(tenant).search(query, limit)

    def get(self, tenant: str, doc_id: str) -> Document | None:
        return self.index(tenant).get(doc_id)

    def version(self, tenant: str) -> int | None:
        """Of the index served now; None before the first refresh."""
        served = self._served.get(tenant)
        return served[0] if served else None

    def counts(self, tenant: str) -> tuple[int, int]:
        """(documents, passages)"""
        index = self.index(tenant)
        return len(index), index.passage_count

    def tenants(self) -> list[str]:
        """Those that were refreshed once."""
        return list(self._served)

    def _build(self, tenant: str) -> bool:
        # The version is read first: what changes while the documents are loaded has a
        # higher one and is seen by the next look. It may also have become lower (another
        # store, a restored one), so any difference counts.
        version = self._source.version(tenant)
        if version == self.version(tenant):
            return False
        loaded = list(self._source.load_all(tenant))
        old = self.index(tenant)
        new = self._compute(lambda: _changed(old, loaded))
        self._served[tenant] = (version, new)
        return True


def _changed(old: Index, loaded: list[Document]) -> Index:
    """The index of what was loaded; documents that did not change are not read again."""
    held = {document.id for document in loaded}
    put = [document for document in loaded if old.get(document.id) != document]
    deleted = [document.id for document in old.documents() if document.id not in held]
    return old.with_changes(put, deleted) if put or deleted else old

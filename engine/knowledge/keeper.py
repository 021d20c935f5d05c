"""Keeps the served indexes in step with the store: documents, vectors, verdicts.

Owns how a change of the store becomes an index: only what changed is read, the new index is
built beside the old one, and vectors that are missing are read from the store or, by one
node at a time, made. It is called by threads of whoever holds it, who decides when; two
threads may work on two tenants, or one embed while another looks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from threading import Lock

from msgspec import Struct

from engine.knowledge.documents import Document
from engine.knowledge.embedding import Embedder
from engine.knowledge.index import Index
from engine.knowledge.library import Library
from engine.knowledge.store import DocumentStore
from engine.knowledge.vector_store import VectorStore
from engine.knowledge.vectors import DocumentVectors, Unembedded, digest_of, embedded
from engine.knowledge.votes import Vote, VoteMemory
from engine.verdicts import VerdictStore

log = logging.getLogger("earshot.knowledge")

BATCH_TEXTS = 64  # passages embedded between two looks at the lease
BATCHES = 8  # until what was made is served: making an index of it costs some time too
LOOK_FOR = 2_000  # documents whose vectors are looked for at once


class TenantState(Struct, frozen=True):
    """What is served: `documents`, their `passages`, and `waiting`, documents that have a
    passage without a vector."""

    version: int
    documents: int
    passages: int
    waiting: int


class Keeper:
    """`embedder` None: words alone. Raises Unavailable and redis.RedisError where the store
    is away; what is served stays."""

    def __init__(
        self,
        node: str,
        library: Library,
        documents: DocumentStore,
        vectors: VectorStore,
        verdicts: VerdictStore,
        embedder: Embedder | None = None,
        votes: VoteMemory | None = None,
    ) -> None:
        self._node = node
        self._library = library
        self._documents = documents
        self._vectors = vectors
        self._verdicts = verdicts
        self._embedder = embedder
        self._votes = votes
        self._learnt: dict[str, tuple[int, int]] = {}
        self._learning = Lock()  # a vote memory is changed from one thread at a time
        self._locks: dict[str, Lock] = {}
        self._pruned: set[str] = set()

    def equip(self, embedder: Embedder, votes: VoteMemory) -> None:
        """A model has come; what was learnt is read anew for it."""
        with self._learning:
            self._votes, self._learnt = votes, {}
        self._embedder = embedder

    def look(self, tenant: str) -> bool:
        """Bring what is served of a tenant up to the store; True when it changed."""
        with self._lock(tenant):
            changed = self._changed(tenant)
            if changed is not None:
                version, index = changed
                # Vectors that are there already come with the documents, or a restart would
                # rank by words alone for a moment.
                self._library.serve(tenant, version, self._with_stored(tenant, index))
        with self._learning:
            self._learn(tenant)
        return changed is not None

    def adopt(self, tenant: str) -> int:
        """Vectors that another node has made since: how many documents got theirs."""
        if self._embedder is None:
            return 0
        with self._lock(tenant):
            index = self._library.index(tenant)
            records = self._stored(tenant, index, whole=not index.model)
            if records:
                self._serve(tenant, index, records)
        return len(records)

    def embed_some(self, tenant: str) -> int:
        """Make some of the vectors that are missing, if no other node does; how many
        documents got theirs. Raises Unavailable where the model cannot be reached."""
        if self._embedder is None:
            return 0
        records: list[DocumentVectors] = []
        try:
            for batch in _batches(self._library.index(tenant)):
                if not self._vectors.lease(tenant, self._embedder.model, self._node):
                    return self.adopt(tenant)
                records += self._embedded(tenant, self._embedder, batch)
        finally:  # what was made before a model went away is served
            if records:
                with self._lock(tenant):
                    self._serve(tenant, self._library.index(tenant), records)
        return len(records)

    def _embedded(
        self, tenant: str, embedder: Embedder, batch: Sequence[Unembedded]
    ) -> list[DocumentVectors]:
        """Records of a batch: those of the store, where another node was first."""
        stored = self._vectors.load(tenant, embedder.model, [one.doc_id for one in batch])
        kept = {record.doc_id: record for record in stored}
        missing = [one for one in batch if not _is_of(kept.get(one.doc_id), one)]
        if missing:
            made = embedded(missing, embedder)
            self._vectors.put_many(tenant, embedder.model, made)
            kept.update({record.doc_id: record for record in made})
        return list(kept.values())

    def settle(self, tenant: str) -> None:
        """Nothing is left to embed: let another node have the lease, and throw out the
        vectors of documents that are gone."""
        if self._embedder is None or tenant in self._pruned:
            return
        if not self._vectors.lease(tenant, self._embedder.model, self._node):
            return
        index = self._library.index(tenant)
        self._vectors.prune(tenant, self._embedder.model, lambda doc_id: bool(index.get(doc_id)))
        self._vectors.release(tenant, self._embedder.model, self._node)
        self._pruned.add(tenant)

    def state(self, tenant: str) -> TenantState:
        index = self._library.index(tenant)
        documents, passages = self._library.counts(tenant)
        version = self._library.version(tenant) or 0
        return TenantState(version, documents, passages, index.unembedded_count)

    def _lock(self, tenant: str) -> Lock:
        return self._locks.setdefault(tenant, Lock())

    # --- documents ------------------------------------------------------------------------

    def _changed(self, tenant: str) -> tuple[int, Index] | None:
        """The store's version and its index; None: that is what is served."""
        old, before = self._library.index(tenant), self._library.version(tenant)
        changes = self._documents.changes(tenant, before) if before is not None else None
        if changes is not None and changes.version == before:
            return None
        self._pruned.discard(tenant)
        if changes is not None:
            put = [one for one in changes.put if old.get(one.id) != one]
            gone = [one for one in changes.deleted if old.get(one)]
            return changes.version, old.with_changes(put, gone) if put or gone else old
        # The version is read first: what changes while documents are loaded is seen next time.
        version = self._documents.version(tenant)
        return version, _replaced(old, list(self._documents.load_all(tenant)))

    # --- vectors --------------------------------------------------------------------------

    def _with_stored(self, tenant: str, index: Index) -> Index:
        if self._embedder is None:
            return index
        records = self._stored(tenant, index, whole=True)
        if not records:
            return index
        return index.with_vectors(records, self._embedder.model, self._embedder.dimension)

    def _stored(self, tenant: str, index: Index, *, whole: bool = False) -> list[DocumentVectors]:
        """Records of the store for documents that lack vectors."""
        if self._embedder is None:
            return []
        waiting = index.unembedded()
        ids = [one.doc_id for one in (waiting if whole else islice(waiting, LOOK_FOR))]
        return self._vectors.load(tenant, self._embedder.model, ids) if ids else []

    def _serve(self, tenant: str, index: Index, records: Sequence[DocumentVectors]) -> None:
        if self._embedder is not None:
            model, dimension = self._embedder.model, self._embedder.dimension
            version = self._library.version(tenant) or 0
            self._library.serve(tenant, version, index.with_vectors(records, model, dimension))

    # --- verdicts -------------------------------------------------------------------------

    def _learn(self, tenant: str) -> None:
        if self._votes is None:
            return
        feed = self._verdicts.feed(tenant, *self._learnt.get(tenant, (0, 0)))
        if feed is None:
            return
        if feed.anew:
            self._votes.forget(tenant)
        strange = 0
        for one in feed.changes:
            if one.helpful is None:
                self._votes.remove(tenant, one.doc_id, one.agent_id, one.call_id)
                continue
            key = (tenant, one.doc_id, one.agent_id, one.call_id)
            known = self._votes.add(Vote(*key, one.model, one.vector, one.helpful, one.at))
            strange += bool(one.model) and not known  # without one it was found by words
        if strange:
            log.warning(
                "votes.of_another_model tenant=%s votes=%d model=%s: kept in the report, but they"
                " teach ranking nothing",
                tenant, strange, self._votes.model,
            )  # fmt: skip
        self._learnt[tenant] = (feed.version, feed.erasures)


def _batches(index: Index) -> Iterator[list[Unembedded]]:
    """Documents without vectors, in BATCHES batches of about BATCH_TEXTS passages."""
    batch: list[Unembedded] = []
    texts = done = 0
    for one in index.unembedded():
        if batch and texts + len(one.texts) > BATCH_TEXTS:
            yield batch
            batch, texts, done = [], 0, done + 1
            if done == BATCHES:
                return
        batch.append(one)
        texts += len(one.texts)
    if batch:
        yield batch


def _is_of(record: DocumentVectors | None, document: Unembedded) -> bool:
    """Whether the record is of the document as it is now."""
    return record is not None and record.digests == b"".join(map(digest_of, document.texts))


def _replaced(old: Index, loaded: list[Document]) -> Index:
    """The index of what was loaded; documents that did not change are not read again."""
    held = {document.id for document in loaded}
    put = [document for document in loaded if old.get(document.id) != document]
    deleted = [document.id for document in old.documents() if document.id not in held]
    return old.with_changes(put, deleted) if put or deleted else old

"""Vectors of documents in the store, beside the documents.

Owns, for a tenant and a model, the records of engine/knowledge/vectors.py and the lease by
which one node at a time makes them:

    earshot:{tenant}:vectors:MODEL          hash, document id -> digests and rows
    earshot:{tenant}:vectors:MODEL:lease    the node that embeds, for LEASE_MS

A record tells by its digests whether it still belongs to its document, so nothing has to be
removed in step; `prune` takes out what belongs to no document. Vectors of a model that no
node asks for any more end after KEEP_S.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import msgspec
import redis
from msgspec import Struct

from engine.knowledge.store import saying_unavailable
from engine.knowledge.vectors import DocumentVectors

LEASE_MS = 30_000  # longer than embedding one batch takes; then another node goes on
KEEP_S = 30 * 24 * 3600
_READ_AT_ONCE = 500
_WRITE_BYTES = 1_000_000  # longer would hold up the calls' appends

# KEYS: lease. ARGV: node, ms.
_LEASE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
"""


class _Kept(Struct, frozen=True, array_like=True):
    digests: bytes
    rows: bytes


_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Kept).decode


class VectorStore:
    """Every method may raise Unavailable. `client` must not decode what the store answers."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        self._lease = client.register_script(_LEASE)
        self._release = client.register_script(_RELEASE)

    def load(self, tenant: str, model: str, doc_ids: Collection[str]) -> list[DocumentVectors]:
        """The records of these documents that are there."""
        key, ids, found = _key(tenant, model), list(doc_ids), list[DocumentVectors]()
        with saying_unavailable():
            for start in range(0, len(ids), _READ_AT_ONCE):
                some = ids[start : start + _READ_AT_ONCE]
                for doc_id, raw in zip(some, self._client.hmget(key, some), strict=True):
                    record = None if raw is None else _record(doc_id, model, raw)
                    if record is not None:
                        found.append(record)
            self._client.expire(key, KEEP_S)
        return found

    def put_many(self, tenant: str, model: str, records: Iterable[DocumentVectors]) -> None:
        key = _key(tenant, model)
        with saying_unavailable():
            for chunk in _chunks(records):
                self._client.hset(key, mapping=chunk)
            self._client.expire(key, KEEP_S)

    def prune(self, tenant: str, model: str, known: Callable[[str], bool]) -> int:
        """Remove the records of documents that are not known; how many there were."""
        key = _key(tenant, model)
        with saying_unavailable():
            ids = [raw.decode() for raw in self._client.hkeys(key)]
            gone = [doc_id for doc_id in ids if not known(doc_id)]
            for start in range(0, len(gone), _READ_AT_ONCE):
                self._client.hdel(key, *gone[start : start + _READ_AT_ONCE])
        return len(gone)

    def lease(self, tenant: str, model: str, node: str) -> bool:
        """Whether this node may embed now, and for LEASE_MS."""
        with saying_unavailable():
            keys = [f"{_key(tenant, model)}:lease"]
            return bool(self._lease(keys=keys, args=[node, LEASE_MS]))

    def release(self, tenant: str, model: str, node: str) -> None:
        with saying_unavailable():
            self._release(keys=[f"{_key(tenant, model)}:lease"], args=[node])


def _key(tenant: str, model: str) -> str:
    return f"earshot:{{{tenant}}}:vectors:{model}"


def _record(doc_id: str, model: str, raw: bytes) -> DocumentVectors | None:
    try:
        kept = _unpack(raw)
    except msgspec.MsgspecError:
        return None  # of another version of ours: it is made anew
    return DocumentVectors(doc_id, model, kept.digests, kept.rows)


def _chunks(records: Iterable[DocumentVectors]) -> Iterator[dict[str, bytes]]:
    chunk: dict[str, bytes] = {}
    size = 0
    for record in records:
        raw = _pack(_Kept(record.digests, record.rows))
        if chunk and size + len(raw) > _WRITE_BYTES:
            yield chunk
            chunk, size = {}, 0
        chunk[record.doc_id] = raw
        size += len(raw)
    if chunk:
        yield chunk

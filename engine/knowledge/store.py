"""Documents in the store.

Owns the keys of a tenant's documents and the version that rises with every change:

    earshot:{tenant}:documents            hash, document id -> the document as JSON
    earshot:{tenant}:documents:version    a number; absent before the first change
    earshot:{tenant}:documents:changed    channel: each new version, a hint that may be lost

The braces are written as they stand: they put a tenant's keys into one slot of a cluster.
A change and its version are one script, so a reader that knows the version has missed
nothing, and a document is stored whole or not at all. It never reads markup and never
caches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import msgspec
import redis

from engine.errors import Unavailable
from engine.knowledge.documents import Document

CHANGED_CHANNELS = "earshot:{*}:documents:changed"  # a pattern for PSUBSCRIBE
CHUNK_DOCUMENTS = 200
CHUNK_BYTES = 1_000_000  # a script longer than that would hold up the calls' appends

_CHANNEL = re.compile(r"earshot:\{(.+)\}:documents:changed")
_SCAN = 500  # fields asked for at once

# KEYS: documents, version. ARGV: channel, then the arguments of HSET.
_PUT = """
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', ARGV[1], version)
return version
"""
# KEYS: documents, version. ARGV: channel, document id. 0: there was no such document.
_DELETE = """
if redis.call('HDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', ARGV[1], version)
return version
"""


class DocumentSource(Protocol):
    """Where a node reads its knowledge from. A document in `load_all` is at least as new
    as the `version` read before it."""

    def version(self, tenant: str) -> int: ...

    def load_all(self, tenant: str) -> Iterator[Document]: ...


class DocumentStore:
    """Every method may raise Unavailable; nothing it raises for is half-written.

    `client` may decode answers or not. A put that was uncertain may be repeated as it is.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        self._put = client.register_script(_PUT)
        self._delete = client.register_script(_DELETE)

    def put_many(
        self, documents: Iterable[Document], progress: Callable[[int], None] | None = None
    ) -> int:
        """Write documents, in chunks that are each one step of the version; the count of
        them. `progress` is told the size of every chunk once it is written. When the store
        goes away midway the chunks before are kept."""
        total = 0
        for tenant, chunk in _chunks(documents):
            with _unavailable():
                self._put(keys=_keys(tenant), args=[_channel(tenant), *chunk])
            total += len(chunk) // 2
            if progress:
                progress(len(chunk) // 2)
        return total

    def get(self, tenant: str, doc_id: str) -> Document | None:
        with _unavailable():
            raw = self._client.hget(_keys(tenant)[0], doc_id)
        return _DECODER.decode(raw) if raw is not None else None

    def delete(self, tenant: str, doc_id: str) -> bool:
        """False when there was no such document."""
        with _unavailable():
            return bool(self._delete(keys=_keys(tenant), args=[_channel(tenant), doc_id]))

    def version(self, tenant: str) -> int:
        with _unavailable():
            return int(self._client.get(_keys(tenant)[1]) or 0)

    def count(self, tenant: str) -> int:
        with _unavailable():
            return int(self._client.hlen(_keys(tenant)[0]))

    def load_all(self, tenant: str) -> Iterator[Document]:
        """Every document once; one changed meanwhile may come in either state. What an
        older or newer program stored and this one cannot read is left out."""
        seen: set[str] = set()
        with _unavailable():
            for _, raw in self._client.hscan_iter(_keys(tenant)[0], count=_SCAN):
                try:
                    document = _DECODER.decode(raw)
                except msgspec.MsgspecError:
                    continue
                if document.id not in seen:  # a scan may repeat while the hash grows
                    seen.add(document.id)
                    yield document


def tenant_of(channel: str | bytes) -> str | None:
    """Whose documents changed; None for another channel."""
    name = channel.decode() if isinstance(channel, bytes) else channel
    found = _CHANNEL.fullmatch(name)
    return found[1] if found else None


_ENCODE = msgspec.json.Encoder().encode
_DECODER = msgspec.json.Decoder(Document)


def _keys(tenant: str) -> tuple[str, str]:
    documents = f"earshot:{{{tenant}}}:documents"
    return documents, f"{documents}:version"


def _channel(tenant: str) -> str:
    return f"{_keys(tenant)[0]}:changed"


def _chunks(documents: Iterable[Document]) -> Iterator[tuple[str, list[str | bytes]]]:
    """(tenant, the arguments of one HSET): id, JSON, id, JSON …"""
    tenant, chunk, size = "", cast("list[str | bytes]", []), 0
    for document in documents:
        raw = _ENCODE(document)
        full = len(chunk) >= 2 * CHUNK_DOCUMENTS or size + len(raw) > CHUNK_BYTES
        if chunk and (full or document.tenant != tenant):
            yield tenant, chunk
            chunk, size = [], 0
        tenant = document.tenant
        chunk += [document.id, raw]
        size += len(raw)
    if chunk:
        yield tenant, chunk


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as problem:
        raise Unavailable("The store of documents does not answer.") from problem

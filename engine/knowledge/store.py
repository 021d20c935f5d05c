"""Documents in the store.

Owns the keys of a tenant's documents and the version that rises with every change:

    earshot:{tenant}:documents            hash, document id -> the document as JSON
    earshot:{tenant}:documents:version    a number; absent before the first change
    earshot:{tenant}:documents:changes    sorted set, document id -> the version that last
                                          changed it; deleted ones too, up to a bound
    earshot:{tenant}:documents:floor      a version; what changed before it is not in `changes`
    earshot:{tenant}:documents:changed    channel: each new version, a hint that may be lost
    earshot:documents:tenants             set: tenants that ever had documents

The braces are written as they stand: they put a tenant's keys into one slot of a cluster.
A change and its version are one script, so a reader that knows the version has missed
nothing, and a document is stored whole or not at all. It never reads markup and never
caches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, cast

import msgspec
import redis

from engine.errors import Unavailable
from engine.knowledge.documents import Document

CHANGED_CHANNELS = "earshot:{*}:documents:changed"  # a pattern for PSUBSCRIBE
CHUNK_DOCUMENTS = 200
CHUNK_BYTES = 1_000_000  # a script longer than that would hold up the calls' appends

_CHANNEL = re.compile(r"earshot:\{(.+)\}:documents:changed")
_SCAN = 500  # fields asked for at once
DELETED_KEPT = 10_000  # ids of deleted documents; a node that missed more loads everything
MOST = 100_000  # documents of one tenant: limits.documents_per_tenant
_TENANTS = "earshot:documents:tenants"

# KEYS: documents, version, changes. ARGV: channel, the most documents there may be, then the
# arguments of HSET. Answers the ids that found no room.
_PUT = """
local held, most = redis.call('HLEN', KEYS[1]), tonumber(ARGV[2])
local put, over = {}, {}
for at = 3, #ARGV, 2 do
  local new = redis.call('HEXISTS', KEYS[1], ARGV[at]) == 0
  if new and held >= most then
    over[#over + 1] = ARGV[at]
  else
    if new then held = held + 1 end
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
    put[#put + 1] = ARGV[at]
  end
end
if #put > 0 then
  local version = redis.call('INCR', KEYS[2])
  for _, id in ipairs(put) do redis.call('ZADD', KEYS[3], version, id) end
  redis.call('PUBLISH', ARGV[1], version)
end
return over
"""
# KEYS: documents, version, changes, floor. ARGV: channel, document id, the most deleted ones
# that stay in `changes`. 0: there was no such document.
_DELETE = """
if redis.call('HDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
local version = redis.call('INCR', KEYS[2])
redis.call('ZADD', KEYS[3], version, ARGV[2])
if redis.call('ZCARD', KEYS[3]) - redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[3])
  redis.call('SET', KEYS[4], version)
end
redis.call('PUBLISH', ARGV[1], version)
return version
"""


class Changes(NamedTuple):
    """What became of documents since a version, up to `version` at least."""

    version: int
    put: list[Document]
    deleted: list[str]


class DocumentSource(Protocol):
    """Where a node reads its knowledge from. A document in `load_all` is at least as new
    as the `version` read before it."""

    def version(self, tenant: str) -> int: ...

    def load_all(self, tenant: str) -> Iterator[Document]: ...


class DocumentStore:
    """Every method may raise Unavailable; nothing it raises for is half-written.

    `client` may decode answers or not. A put that was uncertain may be repeated as it is.
    `most`: documents of one tenant; those that are there may be replaced when it is reached.
    """

    def __init__(
        self, client: redis.Redis, deleted_kept: int = DELETED_KEPT, most: int = MOST
    ) -> None:
        self._client: Any = client
        self._deleted_kept = deleted_kept
        self.most = most
        self._put = client.register_script(_PUT)
        self._delete = client.register_script(_DELETE)

    def put_many(
        self,
        documents: Iterable[Document],
        progress: Callable[[int], None] | None = None,
        over: Callable[[str], None] = lambda doc_id: None,
    ) -> int:
        """Write documents, in chunks that are each one step of the version; the count of
        them. `progress` is told the size of every chunk once it is written, `over` the id of
        each that found no room. When the store goes away midway the chunks before are kept."""
        total = 0
        for tenant, chunk in _chunks(documents):
            with saying_unavailable():
                self._client.sadd(_TENANTS, tenant)
                keys = _keys(tenant)
                full = self._put(keys=keys[:3], args=[_channel(tenant), self.most, *chunk])
            for raw in full:
                over(_text(raw))
            total += len(chunk) // 2 - len(full)
            if progress:
                progress(len(chunk) // 2)
        return total

    def get(self, tenant: str, doc_id: str) -> Document | None:
        with saying_unavailable():
            raw = self._client.hget(_keys(tenant)[0], doc_id)
        return _DECODER.decode(raw) if raw is not None else None

    def delete(self, tenant: str, doc_id: str) -> bool:
        """False when there was no such document."""
        with saying_unavailable():
            args: list[str | int] = [_channel(tenant), doc_id, self._deleted_kept]
            return bool(self._delete(keys=_keys(tenant), args=args))

    def version(self, tenant: str) -> int:
        with saying_unavailable():
            return int(self._client.get(_keys(tenant)[1]) or 0)

    def tenants(self) -> list[str]:
        """Those that ever had documents."""
        with saying_unavailable():
            return sorted(_text(raw) for raw in self._client.smembers(_TENANTS))

    def changes(self, tenant: str, since: int) -> Changes | None:
        """What changed after a version; None: nobody knows any more, load everything.

        A document is as it is now, so it may be newer than `version`; then it comes again
        with the next changes.
        """
        _, version_key, changes_key, floor_key = _keys(tenant)
        with saying_unavailable():
            raw_version, raw_floor = self._client.mget(version_key, floor_key)
            version, floor = int(raw_version or 0), int(raw_floor or 0)
            if version == since:
                return Changes(version, [], [])
            if version < since or since < floor:
                return None  # another store, or a restored one; or too much was deleted
            names = self._client.zrangebyscore(changes_key, f"({since}", "+inf")
        if not names:
            return None  # written by a program that kept no changes
        changes = Changes(version, [], [])
        for start in range(0, len(names), CHUNK_DOCUMENTS):
            self._read(tenant, [_text(raw) for raw in names[start : start + CHUNK_DOCUMENTS]],
                       changes)  # fmt: skip
        return changes

    def _read(self, tenant: str, ids: list[str], into: Changes) -> None:
        with saying_unavailable():
            found = self._client.hmget(_keys(tenant)[0], ids)
        for doc_id, raw in zip(ids, found, strict=True):
            if raw is None:
                into.deleted.append(doc_id)
                continue
            try:
                into.put.append(_DECODER.decode(raw))
            except msgspec.MsgspecError:
                into.deleted.append(doc_id)  # this program cannot read it

    def count(self, tenant: str) -> int:
        with saying_unavailable():
            return int(self._client.hlen(_keys(tenant)[0]))

    def load_all(self, tenant: str) -> Iterator[Document]:
        """Every document once; one changed meanwhile may come in either state. What an
        older or newer program stored and this one cannot read is left out."""
        seen: set[str] = set()
        with saying_unavailable():
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


def _text(raw: bytes | str) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw


def _keys(tenant: str) -> tuple[str, str, str, str]:
    """(documents, version, changes, floor)"""
    documents = f"earshot:{{{tenant}}}:documents"
    return documents, f"{documents}:version", f"{documents}:changes", f"{documents}:floor"


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
def saying_unavailable() -> Iterator[None]:
    """What the store's client raises, in the words of this package."""
    try:
        yield
    except redis.RedisError as problem:
        raise Unavailable("The store of documents does not answer.") from problem

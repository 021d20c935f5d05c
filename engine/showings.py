"""What was shown and what was missing: kept beside the log for verdicts and for the report.

Owns three things of a tenant and its calls:

    earshot:{tenant/call}:shown        hash, document id -> the last suggestion that held it,
                                       with the query it was found with; ends with the log
    earshot:{tenant}:shown             hash, document id -> how often it was shown
    earshot:{tenant}:unanswered        sorted set by time: what customers asked and no document
                                       was good enough for; bounded, and gone with its call

The log stays the truth; this is derived, and what is lost of it is missed by no screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import redis
from msgspec import Struct

from engine.assist.asked import Asked
from engine.config import Settings
from engine.log import CallKey
from engine.wire import AiSuggestion

UNANSWERED_KEPT = 2_000  # of a tenant; then the oldest goes
MOST_WORDS = 16  # kept of one question


class Showing(Struct, frozen=True):
    """The last suggestion that held a document. `documents`: the list that was shown."""

    suggestion_id: str
    seq: int
    documents: tuple[str, ...]
    model: str = ""
    vector: bytes = b""


class Unanswered(Struct, frozen=True):
    """`words`: the content words of the customer's turn. `at`: seconds since 1970."""

    call_id: str
    because: str
    words: tuple[str, ...]
    at: float


_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Showing).decode
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Unanswered).decode


def keep_of(settings: Settings) -> Callable[[str], int]:
    """By tenant, the seconds in which a verdict on a suggestion may come: a call's longest life,
    then its log's."""
    return lambda tenant: settings.call.retention_of(tenant) + int(settings.call.silent_s)


class ShowingStore:
    """Every method raises redis.RedisError where the store is away, and may be repeated (a
    repeated `note` counts twice). `keep_of` a tenant: for how long after the last suggestion a
    verdict may come."""

    def __init__(
        self,
        client: redis.Redis,
        keep_of: Callable[[str], int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client: Any = client
        self._keep_of = keep_of
        self._clock = clock

    def note(self, call: CallKey, suggestion: AiSuggestion, asked: Asked) -> None:
        ids = tuple(document.id for document in suggestion.documents)
        if not ids:
            return
        showing = _pack(
            Showing(suggestion.suggestion_id, suggestion.seq, ids, asked.model, asked.vector)
        )
        mine = _of_call(call)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hset(mine, mapping=dict.fromkeys(ids, showing))
            pipe.expire(mine, self._keep_of(call.tenant))
            for doc_id in ids:
                pipe.hincrby(_counts(call.tenant), doc_id, 1)
            pipe.execute()

    def last(self, call: CallKey, doc_id: str) -> Showing | None:
        """The last suggestion of the call that held the document."""
        raw = self._client.hget(_of_call(call), doc_id)
        try:
            return None if raw is None else _unpack(raw)
        except msgspec.MsgspecError:
            return None  # of another version of ours

    def note_unanswered(self, call: CallKey, because: str, asked: Asked) -> None:
        now = self._clock()
        entry = Unanswered(call.call_id, because, asked.words[:MOST_WORDS], round(now, 3))
        key = _unanswered(call.tenant)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.zadd(key, {_encode(entry): entry.at})
            pipe.zremrangebyscore(key, "-inf", now - self._keep_of(call.tenant))
            pipe.zremrangebyrank(key, 0, -UNANSWERED_KEPT - 1)
            pipe.execute()

    def unanswered(self, tenant: str) -> list[Unanswered]:
        """The newest first."""
        since = self._clock() - self._keep_of(tenant)
        found = []
        for raw in self._client.zrangebyscore(_unanswered(tenant), since, "+inf"):
            try:
                found.append(_decode(raw))
            except msgspec.MsgspecError:
                continue
        return found[::-1]

    def counts(self, tenant: str) -> dict[str, int]:
        """How often each document was shown."""
        raw = self._client.hgetall(_counts(tenant))
        return {_text(doc_id): int(count) for doc_id, count in raw.items()}

    def forget_call(self, call: CallKey) -> None:
        """Erasure of a call reaches what its customer asked. Counts stay: they name nobody."""
        self._client.unlink(_of_call(call))
        key = _unanswered(call.tenant)
        theirs = []
        for raw in self._client.zrange(key, 0, -1):
            try:
                entry = _decode(raw)
            except msgspec.MsgspecError:
                continue
            if entry.call_id == call.call_id:
                theirs.append(raw)
        if theirs:
            self._client.zrem(key, *theirs)


def _text(raw: bytes | str) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw


def _of_call(call: CallKey) -> str:
    return f"earshot:{{{call.tenant}/{call.call_id}}}:shown"


def _counts(tenant: str) -> str:
    return f"earshot:{{{tenant}}}:shown"


def _unanswered(tenant: str) -> str:
    return f"earshot:{{{tenant}}}:unanswered"

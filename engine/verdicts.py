"""What agents thought of a document, across calls: derived from `feedback:update` events.

Owns one hash per document, field `agent call`, the last word of each agent in each call.
The log stays the truth; ranking does not read this yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import redis
from msgspec import Struct

from engine.log import CallKey
from engine.times import instant_at
from engine.wire import FeedbackUpdate

_decode = msgspec.json.Decoder(FeedbackUpdate).decode


class Verdict(Struct):
    """One agent's last word on a document in one call."""

    call_id: str
    agent_id: str
    helpful: bool
    at: str


_decode_verdict = msgspec.json.Decoder(Verdict).decode


class VerdictStore:
    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock

    def note(self, call: CallKey, body: bytes) -> None:
        """Keep the verdict of a `feedback:update`; one taken back is removed. Raises
        redis.RedisError; may be repeated."""
        event = _decode(body)
        if event.dismissed is True:
            return
        key = self._key(call.tenant, event.doc_id)
        field = f"{event.agent_id} {event.call_id}"
        if event.helpful is None:
            self._client.hdel(key, field)
            return
        at = instant_at(self._clock())
        verdict = Verdict(event.call_id, event.agent_id, event.helpful, at)
        self._client.hset(key, field, msgspec.json.encode(verdict))

    def of(self, tenant: str, doc_id: str) -> list[Verdict]:
        """Newest first."""
        raw = self._client.hvals(self._key(tenant, doc_id))
        found = [_decode_verdict(one) for one in raw]
        return sorted(found, key=lambda verdict: verdict.at, reverse=True)

    def forget_call(self, tenant: str, doc_ids: list[str], call_id: str) -> None:
        """Erasure of a call reaches its verdicts."""
        ending: Any = f" {call_id}".encode()
        for doc_id in doc_ids:
            key = self._key(tenant, doc_id)
            fields = [f for f in self._client.hkeys(key) if f.endswith(ending)]
            if fields:
                self._client.hdel(key, *fields)

    @staticmethod
    def _key(tenant: str, doc_id: str) -> str:
        return f"earshot:verdicts:{{{tenant}/{doc_id}}}"

"""What a tenant's models have spent today, counted in the store for all nodes together.

Owns the counter `earshot:{tenant}:model_tokens:DAY` and the ceiling on it. A day is UTC's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import redis

KEEP_S = 3 * 24 * 3600


class TokenLedger:
    """Raises redis.RedisError where the store is away. `ceiling` 0: none. Requests that run
    at the same moment may pass the ceiling together, by what they cost."""

    def __init__(
        self, client: redis.Redis, ceiling: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._client: Any = client
        self._ceiling = ceiling
        self._clock = clock

    def may_spend(self, tenant: str) -> bool:
        return not self._ceiling or self.spent(tenant) < self._ceiling

    def spent(self, tenant: str) -> int:
        return int(self._client.get(self._key(tenant)) or 0)

    def note(self, tenant: str, tokens: int) -> None:
        key = self._key(tenant)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.incrby(key, tokens)
            pipe.expire(key, KEEP_S)
            pipe.execute()

    def _key(self, tenant: str) -> str:
        day = time.strftime("%Y-%m-%d", time.gmtime(self._clock()))
        return f"earshot:{{{tenant}}}:model_tokens:{day}"

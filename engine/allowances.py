"""What one agent or producer may do in a second, over all of their connections.

Owns a token bucket for each (who, kind) that was used lately, and how much of it was used, so
that nodes can share one allowance: a node's buckets refill by its own share of what all nodes
used. Time is an argument. It asks no store: web/shared_limits.py carries the figures.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from engine.errors import RateLimited
from engine.limits import TokenBucket

Kind = Literal["commands", "verdicts", "requests", "segments"]
KEPT = 20_000  # buckets; the one unused for longest is forgotten, full again when it returns
BURST_S = 2.0  # a bucket holds what two seconds refill
UNLIMITED: Mapping[Kind, float] = dict.fromkeys(get_args(Kind), 1e12)
LEAST_SHARE = 0.05  # a node that used little may still begin


class Spender(NamedTuple):
    """Whose allowance it is. An agent's id of one tenant is not another's."""

    tenant: str
    who: str
    kind: Kind


class Allowances:
    """`rates`: tokens a second for each kind, for all nodes together."""

    def __init__(self, rates: Mapping[Kind, float]) -> None:
        self._rates = dict(rates)
        self._buckets: OrderedDict[Spender, TokenBucket] = OrderedDict()
        self._used: Counter[Spender] = Counter()

    def take(self, spender: Spender, now: float, tokens: int = 1) -> float:
        """0.0: taken. Else the seconds until there is as much; nothing was taken. More than a
        bucket holds is taken from a full one: a large batch waits, it is never impossible."""
        bucket = self._buckets.get(spender)
        if bucket is None:
            rate = self._rates[spender.kind]
            bucket = self._buckets[spender] = TokenBucket(rate, max(1.0, rate * BURST_S), now)
            if len(self._buckets) > KEPT:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(spender)
        wait_s = bucket.take(now, tokens)
        if not wait_s:
            self._used[spender] += tokens
        return wait_s

    def spend(self, spender: Spender, now: float, tokens: int = 1) -> None:
        """Raises RateLimited with the time to wait; nothing was taken then."""
        wait_s = self.take(spender, now, tokens)
        if wait_s:
            wait_ms = int(wait_s * 1000) + 1
            raise RateLimited(f"Too many {spender.kind} of {spender.who}", retry_after_ms=wait_ms)

    def take_used(self) -> dict[Spender, int]:
        """What was used since this was asked last."""
        used, self._used = dict(self._used), Counter()
        return used

    def share(self, spender: Spender, own: float, of_all: float, now: float) -> None:
        """This node used `own` of what all nodes used lately: its bucket refills by that."""
        bucket = self._buckets.get(spender)
        if bucket is not None:
            part = min(1.0, max(LEAST_SHARE, own / of_all)) if of_all > 0 else 1.0
            bucket.refill_by(self._rates[spender.kind] * part, now)

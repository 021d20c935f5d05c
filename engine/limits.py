"""Rate limits, as values: time is an argument.

Owns the token bucket. Who is limited, by which bucket and what happens over the limit is
its caller's to say.
"""

from __future__ import annotations


class TokenBucket:
    """`rate` tokens a second, `burst` at most; starts full."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float, tokens: float = 1.0) -> float:
        """0.0: they were taken. Else the seconds until they are there; nothing was taken. What
        the bucket never holds is taken when it is full, and leaves it in debt."""
        self._refill(now)
        needed = min(tokens, self._burst)
        if self._tokens >= needed:
            self._tokens -= tokens
            return 0.0
        return (needed - self._tokens) / self._rate

    def refill_by(self, rate: float, now: float) -> None:
        """From now on at another rate."""
        self._refill(now)
        self._rate = rate

    def _refill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now

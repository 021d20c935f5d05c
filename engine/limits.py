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

    def take(self, now: float) -> float:
        """0.0: one token was taken. Else the seconds until there is one; nothing was taken."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate

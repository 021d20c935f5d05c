"""Whether the store answers this node.

Owns since when it does not, as whoever asked it last has found, and that this is said once. It
asks nothing itself.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from engine.log import LogUnavailable

log = logging.getLogger("earshot.store")


class Presence:
    """`clock` gives monotonic seconds; `partly_up`: some part of the store still answers."""

    def __init__(
        self, clock: Callable[[], float], counts: Counter[str], partly_up: Callable[[], bool]
    ) -> None:
        self._clock = clock
        self._counts = counts
        self._partly_up = partly_up
        self.away_since: float | None = None  # None: the store answers
        self.closing = False  # what fails from now on says nothing of the store

    def note(self, outcome: Any) -> None:
        """Of a question that nobody waits for."""
        if isinstance(outcome, LogUnavailable):
            self.away(outcome.reason)

    def away(self, reason: str) -> None:
        if self.away_since is None and not self.closing and not self._partly_up():
            self.away_since = self._clock()
            self._counts["store_aways"] += 1
            log.warning("store.away reason=%s", reason)

    def back(self) -> None:
        if self.away_since is not None:
            log.warning("store.back after_s=%.1f", self._clock() - self.away_since)
            self.away_since = None

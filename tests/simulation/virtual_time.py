"""Virtual time: one clock for a whole cluster, and what is due on it.

Owns the order of everything that travels or waits outside of actors. Nothing sleeps; the
clock moves only when somebody takes what is due.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

START = 1_700_000_000.0  # seconds since 1970 at virtual time 0

Task = Callable[[], None]


class VirtualTime:
    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Task]] = []
        self._order = count()

    def wall(self) -> float:
        return START + self.now

    def later(self, delay_s: float, task: Task) -> None:
        heapq.heappush(self._heap, (self.now + delay_s, next(self._order), task))

    def next_due(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def take_due(self) -> Task | None:
        """The oldest task that is due by now."""
        if self._heap and self._heap[0][0] <= self.now:
            return heapq.heappop(self._heap)[2]
        return None

    def __len__(self) -> int:
        return len(self._heap)

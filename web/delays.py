"""Things that are due a constant time after they were put, on one timer of the loop.

Owns a queue in order of time: since the delay is the same for all, putting and firing cost
the same for one thing as for ten thousand. It cancels nothing; who gets a thing looks
whether it still matters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gevent

EARLY = 0.01  # of the delay: what is due so soon is taken along, so that a crowd fires together
EARLY_MOST_S = 0.02


class Delays:
    """`on_due(thing)` is called in the hub and must not wait."""

    def __init__(self, delay_s: float, on_due: Callable[[Any], None]) -> None:
        self._delay_s = delay_s
        self._early_s = min(delay_s * EARLY, EARLY_MOST_S)
        self._on_due = on_due
        self._loop: Any = gevent.get_hub().loop
        self._queue: deque[tuple[float, Any]] = deque()
        self._timer: Any = None

    def put(self, thing: Any) -> None:
        self._queue.append((self._loop.now() + self._delay_s, thing))
        if self._timer is None:
            self._arm()

    def close(self) -> None:
        self._queue.clear()
        self._disarm()

    def __len__(self) -> int:
        return len(self._queue)

    def _arm(self) -> None:
        due_in_s = max(0.0, self._queue[0][0] - self._loop.now())
        self._timer = self._loop.timer(due_in_s)
        self._timer.start(self._fire)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def _fire(self) -> None:
        self._disarm()
        queue, until = self._queue, self._loop.now() + self._early_s
        try:
            while queue and queue[0][0] <= until:
                self._on_due(queue.popleft()[1])
        finally:
            if queue and self._timer is None:
                self._arm()

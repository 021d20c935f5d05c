"""One timer wheel per node: a message to an actor at a later time.

Owns what is due when. Whoever drives it (a loop watcher, a test) calls `advance`; it
starts nothing and never waits.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from pykka import ActorRef


class Timer:
    """A message on its way. `cancel` is idempotent."""

    __slots__ = ("due", "message", "ref")

    def __init__(self, due: float, ref: ActorRef[Any], message: Any) -> None:
        self.due = due
        self.ref: ActorRef[Any] | None = ref
        self.message = message

    def cancel(self) -> None:
        self.ref = None
        self.message = None


class Wheel:
    """`clock` in seconds, monotonic; `send` tells without raising."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        send: Callable[[ActorRef[Any], Any], bool],
        on_earlier: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._send = send
        self._on_earlier = on_earlier
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()

    def after(self, delay_s: float, ref: ActorRef[Any], message: Any) -> Timer:
        timer = Timer(self._clock() + delay_s, ref, message)
        heapq.heappush(self._heap, (timer.due, next(self._order), timer))
        if self._heap[0][2] is timer:
            self._on_earlier()
        return timer

    def advance(self) -> int:
        """Tell everything that is due; returns how many."""
        now = self._clock()
        told = 0
        while self._heap and self._heap[0][0] <= now:
            timer = heapq.heappop(self._heap)[2]
            if timer.ref is not None:
                self._send(timer.ref, timer.message)
                timer.cancel()
                told += 1
        return told

    def next_due(self) -> float | None:
        """When the earliest timer is due, on the clock's scale."""
        while self._heap and self._heap[0][2].ref is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def __len__(self) -> int:
        return sum(1 for _, _, timer in self._heap if timer.ref is not None)

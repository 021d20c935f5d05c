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

MOST_CANCELLED = 64


class Timer:
    """A message on its way. `cancel` is idempotent."""

    __slots__ = ("_wheel", "due", "message", "ref")

    def __init__(self, due: float, ref: ActorRef[Any], message: Any, wheel: Wheel) -> None:
        self.due = due
        self.ref: ActorRef[Any] | None = ref
        self.message = message
        self._wheel = wheel

    def cancel(self) -> None:
        if self.ref is not None:
            self.ref = None
            self.message = None
            self._wheel.cancelled()


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
        self._cancelled = 0  # of those in the heap
        self._order = count()

    def after(self, delay_s: float, ref: ActorRef[Any], message: Any) -> Timer:
        timer = Timer(self._clock() + delay_s, ref, message, self)
        heapq.heappush(self._heap, (timer.due, next(self._order), timer))
        if self._heap[0][2] is timer:
            self._on_earlier()
        return timer

    def advance(self) -> int:
        """Tell everything that is due to who is still alive; returns how many."""
        now = self._clock()
        told = 0
        while self._heap and self._heap[0][0] <= now:
            timer = heapq.heappop(self._heap)[2]
            ref, timer.ref = timer.ref, None  # from here on there is nothing to cancel
            if ref is None:
                self._cancelled -= 1
            elif ref.is_alive():
                self._send(ref, timer.message)
                told += 1
        if told:
            self._throw_out()
        return told

    def next_due(self) -> float | None:
        """When the earliest timer is due, on the clock's scale."""
        while self._heap and self._heap[0][2].ref is None:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else None

    def cancelled(self) -> None:
        """A timer in the heap means nothing any more."""
        self._cancelled += 1
        self._throw_out()

    def _throw_out(self) -> None:
        """What was cancelled, once it is most of the heap: a token's end lies hours ahead,
        connections come and go in seconds."""
        if self._cancelled > MOST_CANCELLED and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].ref is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    @property
    def size(self) -> int:
        """Entries held, cancelled ones too."""
        return len(self._heap)

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

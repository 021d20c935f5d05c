"""Python's garbage collector, kept out of the latency.

Owns when full collections run. What lives long is frozen, so that they look at what is new
only; a quiet second is waited for, but not for ever. Young collections stay Python's own.
Objects that end form no cycles where we can help it (actors let go of their parts), so what
is frozen is freed by its count of references; a thorough collection, rarely, is for the rest.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from typing import Any

import gevent

log = logging.getLogger("earshot.collector")

LOOK_S = 1.0
YOUNG_OBJECTS, YOUNG_RUNS = 10_000, 20  # net allocations before generation 0, then 1, is looked at
NEVER = 1_000_000_000
WANTED_RUNS = 10  # of generation 1: then a full one in a quiet second
URGENT_RUNS = 200  # then without waiting for one
QUIET_MESSAGES = 100  # handled by actors in a second
THOROUGH_S = 3600.0
SLOW_S = 0.05  # a pause worth a line in the log


class Collector:
    """Runs from when it is made until `close`. `handled` counts the node's messages."""

    def __init__(self, handled: Callable[[], int]) -> None:
        self._handled = handled
        self._seen = handled()
        self._thorough_at = time.monotonic()
        self.pauses = 0
        self.longest_s = 0.0
        self._before = gc.get_threshold()
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, YOUNG_RUNS, NEVER)
        self._timer: Any = gevent.get_hub().loop.timer(LOOK_S, LOOK_S)
        self._timer.start(self._look)

    def close(self) -> None:
        self._timer.stop()
        self._timer.close()
        gc.set_threshold(*self._before)
        gc.unfreeze()

    def _look(self) -> None:
        handled = self._handled()
        quiet, self._seen = handled - self._seen < QUIET_MESSAGES, handled
        runs = gc.get_count()[2]
        if runs >= URGENT_RUNS or (quiet and runs >= WANTED_RUNS):
            self.collect(thorough=quiet and time.monotonic() - self._thorough_at > THOROUGH_S)

    def collect(self, *, thorough: bool = False) -> None:
        """A full collection now. `thorough`: of what was frozen before, too."""
        begun = time.perf_counter()
        if thorough:
            self._thorough_at = time.monotonic()
            gc.unfreeze()
        gc.collect()
        gc.freeze()
        took_s = time.perf_counter() - begun
        self.pauses += 1
        self.longest_s = max(self.longest_s, took_s)
        if took_s > SLOW_S:
            log.info("collector.slow took_ms=%.0f thorough=%s", took_s * 1000, thorough)

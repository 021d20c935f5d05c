"""Python's garbage collector, kept out of the latency.

Owns what the collector looks at. What lived for a second is looked through once more and
frozen, so that no collection walks over ten thousand idle connections (220 ms). Objects that
end form no cycles where we can help it (actors let go of their parts), so what is frozen is
freed by its count of references; a thorough collection, rarely and in quiet, is for the rest.
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
# New objects before generation 0 is looked at, and such looks before generation 1: about 0.2
# and 2 ms. 10,000 and 20 made pauses of 9 ms while a thousand browsers connected.
YOUNG_OBJECTS, YOUNG_RUNS = 1_000, 5
NEVER = 1_000_000_000
QUIET_MESSAGES = 20  # handled by actors in a second
THOROUGH_S = 3600.0  # from then on a quiet second is waited for
OVERDUE_S = 6 * 3600.0  # and from then on none


class Collector:
    """Runs from when it is made until `close`. `handled` counts the node's messages."""

    def __init__(self, handled: Callable[[], int]) -> None:
        self._handled = handled
        self._seen = handled()
        self._thorough_at = time.monotonic()
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
        age_s = time.monotonic() - self._thorough_at
        if age_s > OVERDUE_S or (quiet and age_s > THOROUGH_S):
            self.collect_all()
        elif any(gc.get_count()[1:]):
            gc.collect(1)
            gc.freeze()

    def collect_all(self) -> None:
        """A full collection now, of what was frozen before, too."""
        begun = self._thorough_at = time.monotonic()
        gc.unfreeze()
        found = gc.collect()
        gc.freeze()
        took_ms = (time.monotonic() - begun) * 1000
        log.info("collector.thorough found=%d took_ms=%.0f", found, took_ms)

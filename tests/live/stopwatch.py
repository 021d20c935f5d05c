"""Time as a promise means it: without the moments in which the machine stood still.

A promise ("within a second") is the product's; that a virtual machine is not given a processor
for a second is not the product's fault. A thread of the system's, beside gevent's loop, looks at
the clock every few milliseconds: a look that comes much too late tells of a standstill. It does
not see one process that is kept waiting while the others run: a promise that was late once has
to hold twice more (`in_time`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gevent import monkey

TICK_S = 0.01
HICCUP_S = 0.05  # a thread that shares two cores wakes so late every now and then

_sleep: Any = monkey.get_original("time", "sleep")
_begin_thread: Any = monkey.get_original("_thread", "start_new_thread")
_made_lock: Any = monkey.get_original("_thread", "allocate_lock")


class Standstill:
    """How long the machine stood still, by looks that are due every TICK_S."""

    def __init__(self, now: float) -> None:
        self.seconds = 0.0
        self._before = now

    def look(self, now: float) -> None:
        late_s = now - self._before - TICK_S
        self._before = now
        if late_s > HICCUP_S:
            self.seconds += late_s


class Stopwatch:
    """`with Stopwatch() as took:`; `took.seconds` afterwards, of a machine that ran."""

    def __enter__(self) -> Stopwatch:
        self.seconds = 0.0
        self._began = time.monotonic()
        self._stopped = False
        self._looking = _made_lock()
        self._looking.acquire()
        self._standstill = Standstill(self._began)
        _begin_thread(self._look, ())
        return self

    def __exit__(self, *_: object) -> None:
        ended = time.monotonic()
        self._stopped = True
        self._looking.acquire()  # its last look may tell of the standstill that just ended
        self.seconds = max(0.0, ended - self._began - self._standstill.seconds)

    def _look(self) -> None:
        while not self._stopped:
            _sleep(TICK_S)
            self._standstill.look(time.monotonic())
        self._looking.release()


def in_time(bound_s: float, attempt: Callable[[], float]) -> None:
    """A promise in seconds. `attempt` does all of it anew and says how long it took. What is slow
    by design is late each time."""
    first_s = attempt()
    if first_s < bound_s:
        return
    again_s = [attempt(), attempt()]
    assert max(again_s) < bound_s, f"late twice: {first_s:.2f}, {again_s}, not {bound_s:g} s"

"""How the reader of hints waits under gevent: one greenlet, which a watcher of its
socket, a timer or a wish switches to.

Owns that switch. gevent's select.poll costs 30 us a wait: it makes an event and a time-out,
and watches the pipe that nothing needs within one thread.
"""

from __future__ import annotations

from typing import Any

import gevent

READ = 1  # of the loop


class LoopWaiter:
    """Implements engine.waiting.Waiter. `wake` is for the thread of the loop."""

    def __init__(self) -> None:
        self._hub: Any = gevent.get_hub()
        self._sleeper: Any = None
        self._woken = False

    def wait(self, number: int | None, seconds: float) -> None:
        if not self._woken:
            self._sleep(number, max(0.0, seconds))
        self._woken = False

    def wake(self) -> None:
        if not self._woken:
            self._woken = True
            self._hub.loop.run_callback(self._resume)

    def close(self) -> None: ...

    def _sleep(self, number: int | None, seconds: float) -> None:
        loop = self._hub.loop
        # Made for each wait, at 1 us: a new connection may have the number of an old one, and
        # a watcher that was stopped takes it for the same.
        watchers = [loop.timer(seconds)]
        if number is not None:
            watchers.append(loop.io(number, READ))
        self._sleeper = gevent.getcurrent()
        for watcher in watchers:
            watcher.start(self._resume)
        try:
            self._hub.switch()
        finally:
            self._sleeper = None
            for watcher in watchers:
                watcher.stop()
                watcher.close()

    def _resume(self) -> None:
        if self._sleeper is not None:
            self._sleeper.switch()

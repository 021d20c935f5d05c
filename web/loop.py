"""The event loop under the actors: gives the dispatcher its runs and the wheel its ticks.

Owns four watchers of gevent's hub and nothing else; what actors sent leaves at the end of
a run. Actors run in loop callbacks: a
handler that tried to wait there would get an error from gevent, not a pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

import gevent

from actors.dispatcher import Dispatcher
from actors.lag import Lag
from actors.timers import Wheel
from web.outgoing import Outgoing

EARLIEST_S = 0.001


class Loop:
    """Made in the thread whose hub runs the node."""

    def __init__(self) -> None:
        self._loop: Any = gevent.get_hub().loop
        self._outgoing = Outgoing.here()
        self._due = False  # at this pass's check
        self._again = self._loop.timer(0.0)
        self._tick = self._loop.timer(0.0)
        self._thread = self._loop.async_()
        # After the sockets of a pass were read; the lowest priority comes last.
        lowest = self._loop.MINPRI  # type: ignore[attr-defined] # the stubs lack it
        self._check = self._loop.check(priority=lowest)
        self.dispatcher: Dispatcher
        self.wheel: Wheel

    def bind(self, dispatcher: Dispatcher, wheel: Wheel, lags: Sequence[Lag] = ()) -> None:
        self.dispatcher = dispatcher
        self.wheel = wheel
        self._lags = lags
        self._thread.start(self._run)
        self._check.start(self._on_check)

    def wake(self) -> None:
        """Run the dispatcher soon: when all sockets of this pass were read, or else after
        what the loop is doing now."""
        if self._outgoing.reading:
            self._due = True
        else:
            self._loop.run_callback(self._run)

    def wake_from_thread(self) -> None:
        """The same, from another thread."""
        self._thread.send()

    def rearm(self) -> None:
        """A timer earlier than all others was set."""
        due = self.wheel.next_due()
        if due is not None:
            self._tick.stop()
            self._tick.close()
            delay_s = max(EARLIEST_S, due - self._loop.now())
            self._tick = self._loop.timer(delay_s)
            self._tick.start(self._on_tick)

    def now(self) -> float:
        """The clock of the wheel, in seconds: cheap, and updated once a loop pass."""
        return float(self._loop.now())

    def close(self) -> None:
        for watcher in (self._again, self._tick, self._thread, self._check):
            watcher.stop()
            watcher.close()

    def _on_check(self) -> None:
        self._outgoing.reading = False
        if self._due:
            self._due = False
            self._run()

    def _run(self) -> None:
        outgoing = self._outgoing
        outgoing.held = True
        more = False
        try:
            more = self.dispatcher.run()
        finally:
            outgoing.held = False
            outgoing.flush()
        outgoing.behind = more
        for lag in self._lags:
            if lag.arrived:
                lag.left(monotonic(), all_told=not more)
        if more:
            # By way of a timer, so that the loop looks at its sockets in between.
            self._again.stop()
            self._again.start(self._run)

    def _on_tick(self) -> None:
        self.wheel.advance()
        self.rearm()

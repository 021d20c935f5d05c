"""Engine.IO's heartbeat for all connections of a process, without a greenlet for any.

Owns when a transport is pinged and when it is given up: `interval_s` after it was opened or
last answered, and `timeout_s` after a ping that was not. It knows no packets and no sockets.
"""

from __future__ import annotations

from typing import Protocol

from web.delays import Delays


class Beating(Protocol):
    """`pinged`: a ping is unanswered. `beats` counts the pings sent."""

    closed: bool
    pinged: bool
    beats: int

    def ping(self) -> None: ...

    def give_up(self) -> None: ...


class Heartbeat:
    def __init__(self, interval_s: float, timeout_s: float) -> None:
        self._pings = Delays(interval_s, self._ping)
        self._timeouts = Delays(timeout_s, self._look)

    def watch(self, transport: Beating) -> None:
        """Opened, or its answer came: the next ping is an interval away."""
        self._pings.put(transport)

    def close(self) -> None:
        self._pings.close()
        self._timeouts.close()

    def __len__(self) -> int:
        """Entries held, those of closed transports too, until they are due."""
        return len(self._pings) + len(self._timeouts)

    def _ping(self, transport: Beating) -> None:
        if not transport.closed:
            transport.pinged = True
            transport.beats += 1
            transport.ping()
            self._timeouts.put((transport, transport.beats))

    def _look(self, entry: tuple[Beating, int]) -> None:
        transport, beat = entry
        if not transport.closed and transport.pinged and transport.beats == beat:
            transport.give_up()

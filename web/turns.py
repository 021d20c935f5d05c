"""Greenlets for work that comes in crowds: a few of them begin in each pass of the loop.

Owns who waits for a beginning. A thousand browsers that come back at once each need a
millisecond of our time; begun one after the other, they let those who are connected have
theirs in between. Nobody waits while there is no crowd.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gevent

BEGIN_IN_A_PASS = 2


class Turns:
    """For one hub. Bounded by its callers: each connection has a piece of work or two."""

    def __init__(self) -> None:
        self._loop: Any = gevent.get_hub().loop
        self._waiting: deque[Callable[[], Any]] = deque()
        self._begun = 0  # in this pass
        self._check = self._loop.check()

    def spawn(self, work: Callable[[], Any]) -> None:
        """Begin now, or in a later pass, in order. Safe in the hub."""
        if self._begun < BEGIN_IN_A_PASS and not self._waiting:
            if not self._begun:
                self._check.start(self._next_pass)
            self._begun += 1
            gevent.spawn(work)
        else:
            self._waiting.append(work)

    def __len__(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        self._check.stop()
        self._check.close()

    def _next_pass(self) -> None:
        # Whoever is begun here is a callback of the loop, so that it does not wait for
        # sockets while somebody waits for a turn.
        self._begun = min(len(self._waiting), BEGIN_IN_A_PASS)
        for _ in range(self._begun):
            gevent.spawn(self._waiting.popleft())
        if not self._begun:
            self._check.stop()

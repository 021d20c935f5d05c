"""Keeps the embedded Valkey running under a living server.

Owns when one that has died is started again, how often that is tried, and the words for one
that does not start any more. What was acknowledged comes back from its append-only file and
from what nodes still hold; that is the log's business.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

import gevent

from engine.store import StoreUnusable

log = logging.getLogger("earshot.store")

LOOK_S = 0.25  # between looks whether it lives
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0  # before it is started again; doubles
SETTLED_S = 60.0  # lived so long: what follows counts anew
TRIES_IN_A_ROW = 6  # some seven seconds' worth; then it is given up


class Kept(Protocol):
    """engine.store_embedded.EmbeddedStore, as far as it is needed here."""

    @property
    def pid(self) -> int: ...

    def alive(self) -> bool: ...

    def restart(self) -> None: ...


class StoreKeeper:
    """`trouble` is None, or a clause for the person who runs the server: why there is no
    store, and there will be none without them."""

    def __init__(
        self,
        store: Kept,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = gevent.sleep,
    ) -> None:
        self._store = store
        self._clock, self._sleep = clock, sleep
        self.trouble: str | None = None
        self._reason = "it ends again and again"
        self.restarts = 0

    def start(self) -> StoreKeeper:
        self._greenlet = gevent.spawn(self.run)
        return self

    def close(self) -> None:
        self._greenlet.kill()

    def run(self) -> None:
        """Until it is given up."""
        tries, began = 0, self._clock()
        while True:
            while self._store.alive():
                self._sleep(LOOK_S)
            tries = 1 if self._clock() - began > SETTLED_S else tries + 1
            if tries > TRIES_IN_A_ROW:
                self.trouble = f"the embedded store was given up: {self._reason}"
                log.error("store.given_up tries=%d reason=%s", tries - 1, self._reason)
                return
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1))
            log.error("store.died pid=%d again_in_s=%.1f", self._store.pid, pause_s)
            self._sleep(pause_s)
            began = self._clock()
            self._start_again()

    def _start_again(self) -> None:
        try:
            self._store.restart()
        except (StoreUnusable, OSError) as problem:
            self._reason = str(problem)
            log.error("store.not_started reason=%s", problem)  # noqa: TRY400 - says why itself
        else:
            self.restarts += 1
            log.warning("store.restarted pid=%d", self._store.pid)

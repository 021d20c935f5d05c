"""Ranking beside the loop: real threads, one request per call in flight, newest wins.

Owns the pool and its bound. Ranking is CPU work and would stop every delivery if it ran in
a greenlet; here the loop only hands over and takes back. It ranks nothing itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import gevent
from gevent.threadpool import ThreadPool

from actors import messages as m
from engine.assist.suggest import Suggester
from engine.assist.view import CallExcerpt
from engine.log import CallKey

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher

log = logging.getLogger("earshot.assist")

WAITING = 256  # calls that wait for a thread; more come back failed at once


class AssistPool:
    """Implements actors.ports.Assist."""

    def __init__(self, suggester: Suggester, dispatcher: Dispatcher, workers: int) -> None:
        self._suggester = suggester
        self._dispatcher = dispatcher
        self._pool = ThreadPool(workers)
        self._in_flight: set[CallKey] = set()

    def suggest(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Any) -> None:
        if call in self._in_flight or len(self._in_flight) >= WAITING:
            self._fail(reply_to, because)
            return
        self._in_flight.add(call)
        gevent.spawn(self._run, call, because, excerpt, reply_to)

    def _run(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Any) -> None:
        try:
            found = self._pool.apply(self._suggester.suggest, (excerpt,))
        except Exception:
            log.exception("assist.failed call=%s", call)
            self._fail(reply_to, because)
        else:
            message = m.Proposed(because, list(found.documents), found.summary, found.summary_kind)
            self._dispatcher.send(reply_to, message)
        finally:
            self._in_flight.discard(call)

    def _fail(self, reply_to: Any, because: str) -> None:
        self._dispatcher.send(reply_to, m.Proposed(because, [], "", "none", failed=True))

    def close(self) -> None:
        self._pool.kill()

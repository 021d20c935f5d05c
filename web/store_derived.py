"""What follows from a log and is kept beside it: verdicts, and what was shown for what.

Owns when it is written: after the log, by a greenlet, while nobody waits. None of it is truth.
Lists of calls have a file of their own (store_listing.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import gevent
import redis

from engine import wire
from engine.log import CallKey, LogUnavailable
from web.queue import WorkQueue

if TYPE_CHECKING:
    from engine.assist.asked import Asked
    from engine.showings import ShowingStore
    from engine.verdicts import VerdictStore
    from web.store_presence import Presence

log = logging.getLogger("earshot.store")

AGAIN_S = (0.5, 2.0, 5.0)  # what agents thought is worth some patience
WAITING = 4096


class Derived:
    """One per node."""

    def __init__(
        self,
        verdicts: VerdictStore,
        showings: ShowingStore,
        presence: Presence,
    ) -> None:
        self._verdicts = verdicts
        self._showings = showings
        self._presence = presence
        self.queue = WorkQueue("derived", 1, WAITING)

    def verdict(self, call: CallKey, body: bytes) -> None:
        self._derive(partial(self._verdicts.note, call, body))

    def shown(self, call: CallKey, suggestion: wire.AiSuggestion, asked: Asked) -> None:
        self._derive(partial(self._showings.note, call, suggestion, asked))

    def unanswered(self, call: CallKey, because: str, asked: Asked) -> None:
        self._derive(partial(self._showings.note_unanswered, call, because, asked))

    def _derive(self, task: Callable[[], object]) -> None:
        """Tried again where the store is away for a moment; then given up."""

        def insist() -> None:
            for pause_s in (*AGAIN_S, None):
                try:
                    task()
                except (LogUnavailable, redis.RedisError) as problem:
                    self._presence.away(str(problem))
                    if pause_s is not None:
                        gevent.sleep(pause_s)
                else:
                    return
            log.warning("store.derived_lost")

        self.queue.put(insist)

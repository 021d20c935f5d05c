"""What failed in actors, written to the log by somebody who may write.

Owns the one place where an actor's failure reaches the log. Actors log nothing; their
supervisor keeps what happened, bounded, until it is read here.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

import gevent

log = logging.getLogger("earshot.node")

EVERY_S = 0.2


class Incidents:
    """`kept`: the supervisor's, oldest first. Runs until `close`."""

    def __init__(self, kept: deque[Any]) -> None:
        self._kept = kept
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        """With what was not written yet."""
        self._greenlet.kill()
        self._write()

    def _run(self) -> None:
        while True:
            gevent.sleep(EVERY_S)
            self._write()

    def _write(self) -> None:
        while self._kept:
            incident = self._kept.popleft()
            log.error(
                "actor.failed actor=%s about=%s parked=%s",
                incident.actor,
                incident.about,
                incident.parked,
                exc_info=incident.error,
            )

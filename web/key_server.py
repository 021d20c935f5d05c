"""Asks the key server (JWKS) for its keys, for everybody who waits for them.

Owns one greenlet, one request at a time and who waits for its end. A key server that is slow
holds up nobody but those whose token needs its answer, and those for `tokens.jwks_timeout_s` at
most; when it is down, the keys of before hold on (engine/keys.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import gevent
from gevent.event import Event

from engine.config import Tokens
from engine.keys import MAX_BYTES, KeyRing
from web.fetching import FetchFailed, fetch

log = logging.getLogger("earshot.keys")

WAITING = 1024  # who waits for an answer; more are told `unavailable` at once


class KeyServer:
    """Asks once at the start, then whenever the keys are due or somebody waits."""

    def __init__(self, ring: KeyRing, settings: Tokens, wall: Callable[[], float]) -> None:
        self._ring, self._settings, self._wall = ring, settings, wall
        self._waiting: list[Callable[[], None]] = []
        self._wanted = Event()
        self._well = True  # as last logged
        self._greenlet = gevent.spawn(self._run)

    def ask(self, done: Callable[[], None]) -> bool:
        """`done()` follows when the key server answered or failed: look at the ring again. May
        be called in the hub. False: too many wait."""
        if len(self._waiting) >= WAITING:
            return False
        self._waiting.append(done)
        self._wanted.set()
        return True

    def close(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            self._wanted.wait(self._ring.due_s(self._wall()))
            self._wanted.clear()
            if self._ring.may_ask(self._wall()):
                self._fetch()
            waiting, self._waiting = self._waiting, []
            for done in waiting:
                done()

    def _fetch(self) -> None:
        self._ring.asking(self._wall())
        timeout_s = self._settings.jwks_timeout_s
        try:
            raw = fetch(self._settings.jwks_url, timeout_s=timeout_s, most_bytes=MAX_BYTES)
            count = self._ring.took(raw, self._wall())
        except (FetchFailed, ValueError) as problem:
            self._fail(str(problem))
        else:
            log.log(logging.DEBUG if self._well else logging.WARNING, "keys.taken count=%d", count)
            self._well = True

    def _fail(self, reason: str) -> None:
        self._ring.failed()
        log.log(logging.WARNING if self._well else logging.DEBUG, "keys.failed reason=%s", reason)
        self._well = False

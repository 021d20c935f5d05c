"""How long a request may take to arrive, so that nobody holds a connection by dripping bytes.

Owns the deadlines of connections that are being read: for the first byte, for a head, for a
body, and for the next request on a kept connection. One greenlet looks once a second; a
connection that is late is shut down, which ends whoever reads it. WebSockets and polls that
wait for news are not its business: the heartbeat looks after those.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent

HEAD_S = 10.0  # from the first byte of a request to the end of its head; also to that first byte
BODY_S = 60.0  # from then to the end of its body
KEPT_S = 95.0  # between two requests on one connection; routers keep theirs for 90 s
LOOK_S = 1.0


class SlowRequests:
    """`connection` is whatever identifies one; `clock` gives monotonic seconds. `count` is told
    of each connection that was shut down."""

    def __init__(self, clock: Callable[[], float], count: Callable[[], None]) -> None:
        self._clock, self._count = clock, count
        self._late_at: dict[Any, tuple[float, Any, Callable[[], bool]]] = {}
        self._greenlet: gevent.Greenlet[[], None] | None = None

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def expect(
        self, connection: Any, sock: Any, within_s: float, is_there: Callable[[], bool] = bool
    ) -> None:
        """It is being read, and what is read must be there by then. `is_there` is asked at the
        deadline, where nobody says so earlier."""
        self._late_at[connection] = (self._clock() + within_s, sock, is_there)

    def arrived(self, connection: Any) -> None:
        """Nothing is being read of it."""
        self._late_at.pop(connection, None)

    def look(self) -> None:
        now = self._clock()
        for connection, (late_at, sock, is_there) in list(self._late_at.items()):
            if late_at <= now:
                del self._late_at[connection]
                if is_there():
                    continue
                with suppress(OSError):  # gone meanwhile
                    sock.shutdown(socket.SHUT_RDWR)
                self._count()

    def _run(self) -> None:
        while True:
            gevent.sleep(LOOK_S)
            self.look()

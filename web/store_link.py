"""The node's own connection to the store, driven by the event loop.

Owns one non-blocking socket and its watchers. What is asked during one pass of the loop
leaves in one send, and answers are handed on in the watcher's callback: no greenlet waits
and none is switched to. redis-py makes the connection (address, password, database); what
requests and answers mean is engine/redis_link.py's.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from typing import Any, Protocol

import gevent
import redis
from redis.exceptions import RedisError

from engine.log import LogUnavailable
from engine.log_redis import SCRIPTS
from engine.redis_link import (
    NO_REPLICAS,
    PROBE_S,
    Done,
    Elsewhere,
    LinkBroken,
    RedisLink,
    Replicas,
)
from engine.redis_refusals import reason_of
from engine.redis_words import Packed
from web.outgoing import Outgoing

log = logging.getLogger("earshot.store")

REQUESTS_UNDER_WAY = 32_768  # over it: refused, `unavailable`
AT_ONCE_BYTES = 16_384  # read in one go, some 600 answers; then others get their turn
CHECKS_IN_A_TIMEOUT = 8  # how finely an answer's lateness is looked at

READ, WRITE = 1, 2  # of the loop


class Link(Protocol):
    def ask(self, packed: Packed, done: Done, *, changes: bool) -> None:
        """`done(answer)` or `done(LogUnavailable)`: in the hub, or at once if refused."""
        ...

    @property
    def up(self) -> bool: ...

    @property
    def partly_up(self) -> bool:
        """Whether some servers of several answer, or may."""
        ...

    def __len__(self) -> int:
        """Requests without an outcome."""
        ...

    def reopen(self) -> None:
        """The store is elsewhere, or was another: what is asked from now on goes there."""
        ...

    def close(self) -> None: ...


class StoreLink:
    """`ask` may be called in the hub, in a greenlet of its thread, and in a `done`. The
    connection is made when something is asked and none is there; when it cannot be made, all
    that waited for it hears so, and the next request tries again. `on_lost` hears of either
    in the hub or a greenlet, before who asked does."""

    def __init__(
        self,
        pool: Any,
        *,
        answer_s: float,
        probe_s: float = PROBE_S,
        replicas: Replicas = NO_REPLICAS,
        elsewhere: Elsewhere | None = None,
        on_lost: Callable[[], None] = lambda: None,
        most: int = REQUESTS_UNDER_WAY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._answer_s, self._probe_s = answer_s, probe_s
        self._link = RedisLink(
            SCRIPTS,
            answer_s=answer_s,
            most=most,
            clock=clock,
            on_fault=_log_fault,
            probe_s=probe_s,
            replicas=replicas,
            elsewhere=elsewhere,
        )
        self._on_lost = on_lost
        self._loop: Any = gevent.get_hub().loop
        self._outgoing = Outgoing.here()
        self._connection: Any = None
        self._socket: Any = None  # the connection's own, that never waits; None: no connection
        self._watchers: list[Any] = []
        self._writable: Any = None
        self._unsent = memoryview(b"")  # of what the kernel did not take
        self._flushing = False  # a flush is on its way
        self._connecting: Any = None  # the greenlet that makes the connection
        self._closed = False

    def ask(self, packed: Packed, done: Done, *, changes: bool, hops: int = 0) -> None:
        """`done(answer)` or `done(LogUnavailable)`: in the hub, or at once if refused."""
        if self._closed:
            done(LogUnavailable("the node is closing", uncertain=False))
            return
        self._link.ask(packed, done, changes=changes, hops=hops)
        if self._socket is None:
            self._connect()
        elif not self._flushing:
            self._flushing = True
            self._outgoing.add(self)

    @property
    def up(self) -> bool:
        return self._socket is not None

    partly_up = False  # it is the only one

    def __len__(self) -> int:
        return len(self._link)

    def reopen(self) -> None:
        if self._socket is not None:
            self._link.retire()
            self._leave_if_spent()

    def close(self) -> None:
        self._closed = True
        if self._connecting is not None:
            self._connecting.kill()
        self._lose("the node is closing")

    # --- the connection -------------------------------------------------------------------

    def _connect(self) -> None:
        if self._connecting is None:
            self._connecting = gevent.spawn(self._make_connection)

    def _make_connection(self) -> None:
        connection = self._pool.connection_class(**self._pool.connection_kwargs)
        try:
            connection.connect()
        except (RedisError, OSError) as problem:
            connection.disconnect()
            self._connecting = None
            self._on_lost()
            self._link.lose(reason_of(problem))
        except BaseException:
            connection.disconnect()
            raise
        else:
            self._connecting = None
            self._begin(connection)

    def _begin(self, connection: Any) -> None:
        self._connection = connection
        self._link.renew()
        self._link.run_id = connection.run_id
        is_tls = isinstance(connection, redis.SSLConnection)
        self._socket = (_Tls if is_tls else _Plain)(connection._sock)
        number = connection._sock.fileno()
        readable = self._loop.io(number, READ)
        self._writable = self._loop.io(number, WRITE)
        period_s = min(self._answer_s, self._probe_s) / CHECKS_IN_A_TIMEOUT
        look = self._loop.timer(period_s, period_s)
        self._watchers = [readable, self._writable, look]
        readable.start(self._on_readable)
        look.start(self._on_look)
        self.flush()

    def _lose(self, reason: str) -> None:
        self._end()
        self._on_lost()
        self._link.lose(reason)

    def _end(self) -> None:
        for watcher in self._watchers:
            watcher.stop()
            watcher.close()
        self._watchers = []
        self._socket = None
        self._unsent = memoryview(b"")
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    # --- in the loop's callbacks ----------------------------------------------------------

    def flush(self) -> None:
        """Called at the end of each pass in which something was asked."""
        self._flushing = False
        if self._socket is None:
            return  # lost meanwhile; who asked since has asked for a new one
        if not self._unsent and self._link.sendable:
            self._unsent = memoryview(self._link.outgoing())
            self._send()

    def _send(self) -> None:
        try:
            taken = self._socket.send(self._unsent)
        except OSError as problem:
            self._lose(reason_of(problem))
            return
        self._unsent = self._unsent[taken:]
        if self._unsent:
            self._writable.start(self._on_writable)

    def _on_writable(self) -> None:
        self._writable.stop()
        self._send()
        self.flush()

    def _on_readable(self) -> None:
        self._outgoing.reading = True  # the actors that hear of it run in this pass
        try:
            received = self._socket.receive()
        except OSError as problem:
            self._lose(reason_of(problem))
            return
        if received is None:
            return
        if not received:
            self._lose("the store closed the connection")
            return
        try:
            self._link.receive(received)
        except LinkBroken as problem:
            self._lose(reason_of(problem))
            return
        if self._leave_if_spent():
            return
        if self._link.sendable:
            self.flush()

    def _leave_if_spent(self) -> bool:
        if not self._link.spent:
            return False
        self._end()
        if len(self._link):
            self._connect()
        return True

    def _on_look(self) -> None:
        if self._link.overdue():
            self._lose(f"no answer within {self._answer_s:g} s")
            return
        self._link.probe()
        if self._link.sendable:
            self.flush()


class _Plain:
    """A socket that never waits, under gevent's."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock._sock

    def send(self, unsent: memoryview) -> int:
        """How much was taken."""
        try:
            return int(self._sock.send(unsent))
        except BlockingIOError:
            return 0

    def receive(self) -> bytes | None:
        """None: nothing is there; empty: the end."""
        try:
            received: bytes = self._sock.recv(AT_ONCE_BYTES)
        except BlockingIOError:
            return None
        return received


class _Tls:
    """The same with TLS. A record is read whole, so nothing of it is left where the loop
    does not see it."""

    def __init__(self, sock: Any) -> None:
        self._tls = sock._sslobj

    def send(self, unsent: memoryview) -> int:
        try:
            return int(self._tls.write(unsent[:AT_ONCE_BYTES]))
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0

    def receive(self) -> bytes | None:
        try:
            received: bytes = self._tls.read(AT_ONCE_BYTES)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLZeroReturnError:
            return b""
        return received


def _log_fault(fault: Exception) -> None:
    log.error("store.outcome_not_handled", exc_info=fault)

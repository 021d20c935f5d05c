"""The node's own connection to the store, driven by the event loop.

Owns one non-blocking socket and its watchers. What is asked during one pass of the loop
leaves in one send, and answers are handed on in the watcher's callback: no greenlet waits
and none is switched to. redis-py makes the connection (address, password, database); what
requests and answers mean is engine/redis_link.py's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
import redis
from gevent.event import Event
from redis.exceptions import RedisError, ResponseError

from engine.log import LogUnavailable
from engine.log_redis import SCRIPTS
from engine.redis_link import Done, LinkBroken, RedisLink
from engine.redis_pipe import Packed, RedisPipe, failed, reason_of
from web.outgoing import Outgoing

log = logging.getLogger("earshot.store")

REQUESTS_UNDER_WAY = 32_768  # over it: refused, `unavailable`
AT_ONCE_BYTES = 16_384  # read in one go, some 600 answers; then others get their turn
CHECKS_IN_A_TIMEOUT = 8  # how finely an answer's lateness is looked at
PIPELINED_AT_ONCE = 128

READ, WRITE = 1, 2  # of the loop


def open_link(client: redis.Redis, *, answer_s: float) -> StoreLink | PipelinedLink:
    """To the store of `client`. A TLS connection cannot be read by a watcher alone, since
    records and answers do not end together; it is served by a greenlet."""
    pool: Any = client.connection_pool
    if issubclass(pool.connection_class, redis.SSLConnection):
        return PipelinedLink(client)
    return StoreLink(pool, answer_s=answer_s)


class StoreLink:
    """`ask` may be called in the hub, in a greenlet of its thread, and in a `done`. The
    connection is made when something is asked and none is there; when it cannot be made, all
    that waited for it hears so, and the next request tries again."""

    def __init__(
        self,
        pool: Any,
        *,
        answer_s: float,
        most: int = REQUESTS_UNDER_WAY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._answer_s = answer_s
        self._link = RedisLink(
            SCRIPTS, answer_s=answer_s, most=most, clock=clock, on_fault=_log_fault
        )
        self._loop: Any = gevent.get_hub().loop
        self._outgoing = Outgoing.here()
        self._connection: Any = None
        self._socket: Any = None  # the connection's own, under gevent's; None: no connection
        self._watchers: list[Any] = []
        self._writable: Any = None
        self._unsent = memoryview(b"")  # of what the kernel did not take
        self._flushing = False  # a flush is on its way
        self._connecting: Any = None  # the greenlet that makes the connection
        self._closed = False

    def ask(self, packed: Packed, done: Done, *, changes: bool) -> None:
        """`done(answer)` or `done(LogUnavailable)`: in the hub, or at once if refused."""
        if self._closed:
            done(LogUnavailable("the node is closing", uncertain=False))
            return
        self._link.ask(packed, done, changes=changes)
        if self._socket is None:
            self._connect()
        elif not self._flushing:
            self._flushing = True
            self._outgoing.add(self)

    @property
    def up(self) -> bool:
        return self._socket is not None

    def __len__(self) -> int:
        return len(self._link)

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
            self._link.lose(reason_of(problem))
        except BaseException:
            connection.disconnect()
            raise
        else:
            self._connecting = None
            self._begin(connection)

    def _begin(self, connection: Any) -> None:
        self._connection = connection
        self._link.run_id = connection.run_id
        self._socket = connection._sock._sock
        number = self._socket.fileno()
        readable = self._loop.io(number, READ)
        self._writable = self._loop.io(number, WRITE)
        period_s = self._answer_s / CHECKS_IN_A_TIMEOUT
        look = self._loop.timer(period_s, period_s)
        self._watchers = [readable, self._writable, look]
        readable.start(self._on_readable)
        look.start(self._on_look)
        self.flush()

    def _lose(self, reason: str) -> None:
        self._end()
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
        except BlockingIOError:
            taken = 0
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
            received = self._socket.recv(AT_ONCE_BYTES)
        except BlockingIOError:
            return
        except OSError as problem:
            self._lose(reason_of(problem))
            return
        if not received:
            self._lose("the store closed the connection")
            return
        try:
            self._link.receive(received)
        except LinkBroken as problem:
            self._lose(reason_of(problem))
            return
        if self._link.spent:
            self._end()
            self._link.renew()
            if len(self._link):
                self._connect()
        elif self._link.sendable:
            self.flush()

    def _on_look(self) -> None:
        if self._link.overdue():
            self._lose(f"no answer within {self._answer_s:g} s")


class PipelinedLink:
    """The same for a TLS connection: a greenlet takes what waits and sends it in one
    pipeline of the client's pool."""

    def __init__(self, client: redis.Redis, most: int = REQUESTS_UNDER_WAY) -> None:
        self._pipe = RedisPipe(client, SCRIPTS)
        self._most = most
        self._waiting: list[tuple[Packed, Done, bool]] = []
        self._mail = Event()
        self._greenlet = gevent.spawn(self._run)
        self.up = True  # until a pipeline fails

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, packed: Packed, done: Done, *, changes: bool) -> None:
        if len(self._waiting) >= self._most:
            done(LogUnavailable("too many requests wait for the store", uncertain=False))
            return
        self._waiting.append((packed, done, changes))
        self._mail.set()

    def close(self) -> None:
        self._greenlet.kill()
        for _, done, _ in self._waiting:
            _settle(done, LogUnavailable("the node is closing", uncertain=False))
        self._waiting = []

    def _run(self) -> None:
        while True:
            self._mail.wait()
            taken = self._waiting[:PIPELINED_AT_ONCE]
            del self._waiting[:PIPELINED_AT_ONCE]
            if not self._waiting:
                self._mail.clear()
            self._exchange(taken)

    def _exchange(self, taken: list[tuple[Packed, Done, bool]]) -> None:
        changes = any(changing for _, _, changing in taken)
        try:
            outcomes = self._pipe.outcomes([packed for packed, _, _ in taken], changes=changes)
        except LogUnavailable as problem:
            self.up = False
            for _, done, changing in taken:
                uncertain = problem.uncertain and changing
                _settle(done, LogUnavailable(problem.reason, uncertain=uncertain))
            return
        self.up = True
        for (_, done, changing), outcome in zip(taken, outcomes, strict=True):
            error = isinstance(outcome, ResponseError)
            _settle(done, failed(outcome, changes=changing) if error else outcome)


def _settle(done: Done, outcome: Any) -> None:
    try:
        done(outcome)
    except Exception as fault:  # noqa: BLE001 - it must not hold up those behind it
        _log_fault(fault)


def _log_fault(fault: Exception) -> None:
    log.error("store.outcome_not_handled", exc_info=fault)

"""The bounded pool of connections to one server, and what every connection in it is given.

Owns the bound, the count of who found none free, and the options that make redis-py promise
what ours need: no retries of its own, time-outs, an end to links that are dead. It knows no
URL and no shape of store.
"""

from __future__ import annotations

import socket
from queue import Empty
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as NotConnected
from redis.retry import Retry

KEEPALIVE_IDLE_S, KEEPALIVE_PERIOD_S, KEEPALIVE_PROBES = 15, 5, 3


class Pool(BlockingConnectionPool):
    """Who finds no connection free within the pool's wait gets redis-py's ConnectionError,
    which ours answer as `unavailable`: nothing was sent."""

    def __init__(self, **options: Any) -> None:
        self.exhausted = 0  # how often nobody gave one back in time
        super().__init__(**options)  # type: ignore[no-untyped-call]

    @property
    def in_use(self) -> int:
        return int(self.max_connections - self.pool.qsize())

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:
        try:
            return super().get_connection()  # type: ignore[no-untyped-call]
        except NotConnected as problem:
            if isinstance(problem.__context__, Empty):
                self.exhausted += 1
            raise


def promised(connection_class: type, socket_timeout_s: float) -> dict[str, Any]:
    """redis-py's options for every connection of ours.

    - Its retries are off: an append whose answer was lost is *uncertain*, and only the log
      may repeat it, with its key. Every failure comes out at once.
    - RESP2: for one small message a command it took redis-py 8.1 3 to 17 % less processor
      time than RESP3 (medians of GET, EVALSHA, PUBLISH and its receipt).
    - No health checks: a PING before a command proves nothing about that command.
    - The kernel gives up what the other side has not acknowledged after the same time-out.
    """
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "health_check_interval": 0,
        "socket_timeout": socket_timeout_s,
        "socket_connect_timeout": socket_timeout_s,
        "driver_info": None,
    }
    if issubclass(connection_class, UnixDomainSocketConnection):
        return options
    return options | {"socket_keepalive_options": _keepalive(socket_timeout_s)}


def _keepalive(dead_after_s: float) -> dict[int, int]:
    """TCP's options, those that this system has."""
    wanted = {
        "TCP_KEEPIDLE": KEEPALIVE_IDLE_S,
        "TCP_KEEPINTVL": KEEPALIVE_PERIOD_S,
        "TCP_KEEPCNT": KEEPALIVE_PROBES,
        "TCP_USER_TIMEOUT": max(1, int(dead_after_s * 1000)),
    }
    return {getattr(socket, name): n for name, n in wanted.items() if hasattr(socket, name)}

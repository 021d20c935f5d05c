"""Connections whose address is found out whenever they are made.

Owns the seam between redis-py's connections and whoever knows where the store is now
(sentinels, or the nodes of a cluster). It keeps no address.
"""

from __future__ import annotations

from typing import Any, Protocol

from redis.connection import Connection, SSLConnection
from redis.exceptions import ReadOnlyError, RedisError

from engine.store_url import Address


class Finder(Protocol):
    def find(self) -> Address:
        """Where to connect to. Raises redis.exceptions.ConnectionError."""
        ...

    def doubt(self) -> None:
        """What was found last could not be used."""
        ...


class _Found:
    """Mixed into redis-py's connections."""

    def __init__(self, *, finder: Finder, **options: Any) -> None:
        self._finder = finder
        super().__init__(**options)

    def connect_check_health(self, *arguments: Any, **options: Any) -> None:
        try:
            super().connect_check_health(*arguments, **options)  # type: ignore[misc]
        except (RedisError, OSError):
            self._finder.doubt()
            raise

    def _connect(self) -> Any:
        connection: Any = self
        connection.host, connection.port = self._finder.find()
        return super()._connect()  # type: ignore[misc]

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """After a READONLY the pool makes the connection anew: its server was demoted."""
        try:
            return super().read_response(*arguments, **options)  # type: ignore[misc]
        except ReadOnlyError:
            connection: Any = self
            connection.mark_for_reconnect()
            raise


class FoundConnection(_Found, Connection):
    pass


class FoundSSLConnection(_Found, SSLConnection):
    pass

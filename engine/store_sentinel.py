"""Who leads, as Redis's sentinels tell it.

Owns the question to the sentinels. Every connection asks it whenever it is made
(`store_found.py`): pool, link and hints alike, so that after a failover each of them finds
the new primary by itself. It never follows a replica and keeps no address.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from redis.connection import Connection, SSLConnection
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as NotConnected

from engine.store_pool import promised
from engine.store_url import Address

SENTINEL_TIMEOUT_S = 0.5  # for a sentinel's connect and its answer; then the next one is asked


class NoSentinel(NotConnected):
    """None of them answers."""


class UnknownService(NotConnected):
    """Every sentinel answered, and none has heard of the service."""


class SentinelRefuses(AuthenticationError):
    """A sentinel wants a password, or another one."""


class Sentinels:
    """`find` asks one after another until one knows; the one that knew is asked first
    the next time, unless `doubt` was said."""

    def __init__(
        self,
        hosts: Iterable[Address],
        service: str,
        options: dict[str, Any],
        *,
        tls: bool = False,
        timeout_s: float = SENTINEL_TIMEOUT_S,
    ) -> None:
        self._hosts = deque(hosts)
        self._service = service
        self._class: Any = SSLConnection if tls else Connection
        self._options = options | promised(self._class, timeout_s)

    def find(self) -> Address:
        """Raises redis.exceptions.ConnectionError, in words that say what is wrong."""
        answered = 0
        refusal: Exception | None = None
        silence: Exception | None = None
        for _ in range(len(self._hosts)):
            try:
                address = self._ask(self._hosts[0])
            except (AuthenticationError, NoPermissionError) as problem:
                refusal = problem
            except ResponseError as problem:
                silence = problem  # no sentinel at all, or one that is not ready
            except (RedisError, OSError) as problem:
                silence = problem
            else:
                if address is not None:
                    return address
                answered += 1
            self._hosts.rotate(-1)
        raise self._nobody(answered, refusal, silence)

    def doubt(self) -> None:
        """The primary that was named could not be used: ask another sentinel next."""
        self._hosts.rotate(-1)

    def _nobody(
        self, answered: int, refusal: Exception | None, silence: Exception | None
    ) -> Exception:
        names = ", ".join(f"{host}:{port}" for host, port in sorted(self._hosts))
        if refusal is not None:
            return SentinelRefuses(
                f"a sentinel of {names} refuses to tell who leads ({refusal}); its user and"
                " password are sentinel_username and sentinel_password in REDIS_URL's query"
            )
        if answered == len(self._hosts):
            return UnknownService(f"the sentinels {names} know no service {self._service!r}")
        if answered:
            return NoSentinel(
                f"the sentinels of {names} that answer know no service {self._service!r}"
            )
        if isinstance(silence, ResponseError):
            return NoSentinel(f"no sentinel answers at {names} ({silence})")
        return NoSentinel(f"no sentinel answers at {names}")

    def _ask(self, host: Address) -> Address | None:
        connection = self._class(host=host[0], port=host[1], **self._options)
        try:
            connection.connect()
            connection.send_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service)
            found: Any = connection.read_response()
        finally:
            connection.disconnect()
        return None if found is None else (found[0].decode(), int(found[1]))

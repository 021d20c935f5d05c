"""Clients of the store, of whatever shape its URL names.

Owns how connections, pools and clients are put together from a URL. It does no IO: what is
asked of a store before it is used is in store.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from redis import exceptions as wrong
from redis.connection import Connection, SSLConnection

from engine.store_cluster import Cluster, ClusterClient
from engine.store_found import Finder, FoundConnection, FoundSSLConnection
from engine.store_greeting import greet, greet_primary
from engine.store_pool import Pool, promised
from engine.store_sentinel import Sentinels
from engine.store_url import Address, StoreUnusable, StoreUrl, read

SOCKET_TIMEOUT_S, POOL_WAIT_S = 5.0, 1.0
CLUSTER_TIMEOUT_S = 1.0  # for a node's connect and its word on slots; then the next is asked

MakePool = Callable[..., Pool]


def address(url: str) -> str:
    """The URL as it may be shown: scheme, hosts, service and database, or the socket's path."""
    return read(url).shown


def is_single(url: str) -> bool:
    """One server, and always the same."""
    return read(url).shape == "single"


def connect(
    url: str,
    *,
    socket_timeout_s: float = SOCKET_TIMEOUT_S,
    max_connections: int = 32,
    decode_responses: bool = False,
    pool_wait_s: float = POOL_WAIT_S,
    cluster: Cluster | None = None,
) -> redis.Redis:
    """A client of the store at `url`, of any shape that store_url.py names; does no IO yet.

    - The pool is bounded, on a cluster one to each primary. Who finds no connection free
      waits `pool_wait_s`, then gets redis.exceptions.ConnectionError: callers do not pile up
      behind a store that hangs.
    - `socket_timeout_s` bounds the connect and each answer.
    - What else a connection promises is in store_pool.py. Each knows the run of its server,
      `connection.run_id`, at the price of one round trip when it is made; a connection the
      server closed is seen and replaced when it leaves the pool.
    - `cluster`: what another client has learnt of the same one is shared.

    The URL's query takes `db`, `username`, `password`, `client_name`, with TLS redis-py's
    `ssl_…`, and for sentinels `sentinel_username` and `sentinel_password`. Another option
    could turn off what is promised here and is refused by name. Raises StoreUnusable for a
    URL that cannot be used, naming REDIS_URL.
    """
    place = read(url)
    given = dict(place.options)
    kind = given.pop("connection_class", Connection)

    def pool(kind: Any = kind, greeting: Any = greet, **more: Any) -> Pool:
        return Pool(
            max_connections=max_connections,
            timeout=pool_wait_s,
            connection_class=kind,
            decode_responses=decode_responses,
            redis_connect_func=greeting,
            **given,
            **promised(kind, socket_timeout_s),
            **more,
        )

    try:
        kind(**given)  # refuses bad options; opens nothing
        if place.shape == "cluster":
            return _of_cluster(place, kind, pool, cluster or _cluster(place, kind, given))
        if place.shape == "sentinel":
            sentinels = Sentinels(place.hosts, place.service, place.asked, tls=_is_tls(kind))
            return redis.Redis.from_pool(pool(_found(kind), greet_primary, finder=sentinels))
        return redis.Redis.from_pool(pool())
    except (wrong.RedisError, TypeError, ValueError):
        raise StoreUnusable("REDIS_URL has an option whose value redis-py refuses.") from None


def _is_tls(kind: type) -> bool:
    return issubclass(kind, SSLConnection)


def _found(kind: type) -> type:
    return FoundSSLConnection if _is_tls(kind) else FoundConnection


def _of_cluster(place: StoreUrl, kind: type, pool: MakePool, cluster: Cluster) -> ClusterClient:
    def pool_of(one: Address) -> Pool:
        return pool(kind, greet, host=one[0], port=one[1])

    finder: Finder = cluster
    return ClusterClient(cluster, pool_of, pool(_found(kind), greet, finder=finder))


def _cluster(place: StoreUrl, kind: Any, given: dict[str, Any]) -> Cluster:
    options = given | promised(kind, CLUSTER_TIMEOUT_S)

    def ask(one: Address) -> list[Any]:
        connection = kind(host=one[0], port=one[1], **options)
        try:
            connection.connect()
            connection.send_command("CLUSTER", "SLOTS")
            return connection.read_response()  # type: ignore[no-any-return]
        finally:
            connection.disconnect()

    return Cluster(place.hosts, ask)

"""A node's ways to the store, whatever its shape: pools, link, hints, and who looks where
the store is.

Owns which of them are made for a single server, for sentinels and for a cluster, and that
all of them hear when the store has moved. It asks nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import redis

from engine import store
from engine.config import Settings
from engine.hints_cluster import ClusterHints
from engine.hints_redis import HintStream
from engine.redis_link import Replicas
from engine.store_cluster import ClusterClient
from engine.store_pool import Pool
from engine.store_url import Address
from web.cluster_link import open_link
from web.loop_waiter import LoopWaiter
from web.store_link import Link
from web.store_watch import StoreWatch, look_of

HINTS_TIMEOUT_S = 2.0  # a store that does not answer the hints' link is tried again by then


class Ways(NamedTuple):
    """`watch` None: the store's place is fixed."""

    client: redis.Redis
    link: Link
    hints: HintStream | ClusterHints
    watch: StoreWatch | None

    @property
    def is_cluster(self) -> bool:
        return isinstance(self.client, ClusterClient)

    @property
    def pools(self) -> list[Pool]:
        if isinstance(self.client, ClusterClient):
            return self.client.pools
        # What engine.store.connect gave it.
        return [self.client.connection_pool]  # type: ignore[list-item] # redis-py says less

    def suspect(self) -> None:
        if self.watch is not None:
            self.watch.suspect()

    def close(self) -> None:
        """Of the watch: the others belong to who uses them."""
        if self.watch is not None:
            self.watch.close()


def open_ways(url: str, settings: Settings, own: str) -> Ways:
    """`own` is the node's name: hints of what it appended itself are dropped."""
    of_store = settings.store
    client = store.connect(
        url,
        socket_timeout_s=of_store.answer_timeout_s,
        max_connections=of_store.connections,
    )
    look = look_of(client)
    watch = None if look is None else StoreWatch(look, of_store.probe_s)
    link = open_link(
        client,
        suspect=_nobody if watch is None else watch.suspect,
        answer_s=of_store.answer_timeout_s,
        probe_s=of_store.probe_s,
        replicas=Replicas(of_store.replicas_to_wait, of_store.replicas_wait_ms),
    )
    hints = _hints(url, settings, own, client)
    if watch is not None:
        watch.on_moved += [link.reopen, hints.reopen]
    return Ways(client, link, hints, watch)


def _hints(
    url: str, settings: Settings, own: str, client: redis.Redis
) -> HintStream | ClusterHints:
    topology = client.topology if isinstance(client, ClusterClient) else None

    def stream(make_client: Callable[[], redis.Redis]) -> HintStream:
        return HintStream(
            make_client,
            cluster=topology is not None,
            own=own,
            ping_s=settings.store.probe_s,
            answer_s=settings.store.answer_timeout_s,
            waiter=LoopWaiter(),
        )

    def connect() -> redis.Redis:
        return store.connect(url, socket_timeout_s=HINTS_TIMEOUT_S, cluster=topology)

    def of(primary: Address) -> HintStream:
        def connect_to() -> redis.Redis:
            whole = connect()
            assert isinstance(whole, ClusterClient)
            return whole.node(primary)

        return stream(connect_to)

    return stream(connect) if topology is None else ClusterHints(topology, of)


def _nobody() -> None: ...

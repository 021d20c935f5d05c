"""Looks whether the store is where it was.

Owns when to look (every so often, and at once when something failed) and who hears that it
moved: a failover is noticed although every connection to the old primary is still open. It
knows no shape of store: `look` does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import gevent
import redis
from gevent.event import Event
from redis.exceptions import RedisError

from engine.store_cluster import ClusterClient
from engine.store_found import Finder
from engine.store_url import Address

log = logging.getLogger("earshot.store")

PAUSE_S = 0.2  # between two looks, however many ask for one


class StoreWatch:
    """`look` may wait and says whether anything changed; then each of `on_moved` is called,
    in a greenlet."""

    def __init__(self, look: Callable[[], bool], every_s: float) -> None:
        self._look = look
        self._every_s = every_s
        self._suspected = Event()
        self.on_moved: list[Callable[[], None]] = []
        self.moved = 0
        self._greenlet = gevent.spawn(self._run)

    def suspect(self) -> None:
        """Look soon. Never waits."""
        self._suspected.set()

    def close(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            self._suspected.wait(self._every_s)
            self._suspected.clear()
            try:
                changed = self._look()
            except (RedisError, OSError):
                changed = False  # nobody tells: who asks for something hears that
            if changed:
                self.moved += 1
                log.warning("store.moved")
                for hear in self.on_moved:
                    hear()
            gevent.sleep(PAUSE_S)


def look_of(client: redis.Redis) -> Callable[[], bool] | None:
    """None: the store's place is fixed."""
    if isinstance(client, ClusterClient):
        return client.topology.refresh
    finder: Finder | None = client.connection_pool.connection_kwargs.get("finder")
    return None if finder is None else _Primary(client, finder).changed


class _Primary:
    """Who leads, as the sentinels say. Free connections to another are closed."""

    def __init__(self, client: redis.Redis, finder: Finder) -> None:
        self._client = client
        self._finder = finder
        self._known: Address | None = None

    def changed(self) -> bool:
        found, known = self._finder.find(), self._known
        self._known = found
        if known is None or found == known:
            return False
        self._client.connection_pool.disconnect(inuse_connections=False)
        return True

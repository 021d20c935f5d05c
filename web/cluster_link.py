"""The node's own connections to a cluster: one link to each primary.

Owns which link a request goes over, and what is done with one that a node sends on. Requests
of one pass to one primary leave in one send, as on a link (`store_link.py`). It asks no node
about slots itself: `suspect` tells who does that something is not as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
import redis

from engine.log import LogUnavailable
from engine.redis_link import Done, Request
from engine.redis_slots import Redirected, key_of, redirected, slot_of
from engine.redis_words import Packed, pack
from engine.store_cluster import REDIRECTIONS, TRY_AGAIN_S, ClusterClient
from engine.store_url import Address
from web.store_link import Link, StoreLink

log = logging.getLogger("earshot.store")

TRY_LOST_S = 1.0  # between attempts to connect to a primary that was lost

_ASKING, _PING = pack(("ASKING",)), pack(("PING",))


def open_link(
    client: redis.Redis, *, suspect: Callable[[], None] = lambda: None, **options: Any
) -> Link:
    """To the store of `client`; `options` are StoreLink's. `suspect` hears that the store may
    be elsewhere by now."""
    if isinstance(client, ClusterClient):
        return ClusterLink(client, suspect=suspect, **options)
    return StoreLink(client.connection_pool, on_lost=suspect, **options)


class ClusterLink:
    """`options` are StoreLink's."""

    def __init__(
        self, client: ClusterClient, *, suspect: Callable[[], None], **options: Any
    ) -> None:
        self._client = client
        self._topology = client.topology
        self._suspect = suspect
        self._options = options
        self._links: dict[Address, StoreLink] = {}
        self._lost: set[Address] = set()  # said once
        self._closed = False

    def ask(self, packed: Packed, done: Done, *, changes: bool) -> None:
        """`done(answer)` or `done(LogUnavailable)`: in the hub, or at once if refused."""
        self._send(packed, done, changes, 0)

    @property
    def up(self) -> bool:
        """To every primary that was needed so far."""
        return all(link.up for link in self._of_primaries())

    @property
    def partly_up(self) -> bool:
        return any(link.up for link in self._of_primaries())

    def __len__(self) -> int:
        return sum(map(len, self._links.values()))

    def reopen(self) -> None:
        """The picture of the cluster has changed: links to who is no primary any more end
        once nobody waits for them."""
        primaries = self._topology.primaries
        self._lost.intersection_update(primaries)
        for address in [one for one in self._links if one not in primaries]:
            if len(self._links[address]):
                gevent.spawn_later(TRY_LOST_S, self.reopen)
            else:
                self._links.pop(address).close()

    def close(self) -> None:
        self._closed = True
        for link in self._links.values():
            link.close()

    def _of_primaries(self) -> list[StoreLink]:
        primaries = self._topology.primaries
        return [link for address, link in self._links.items() if address in primaries]

    def _send(self, packed: Packed, done: Done, changes: bool, hops: int) -> None:
        key = key_of(packed if isinstance(packed, bytes) else packed.head)
        holder = self._topology.holder(slot_of(b"" if key is None else key))
        if holder is None:
            self._suspect()
            done(LogUnavailable("no primary is known for the slot", uncertain=False))
        else:
            self._link(holder).ask(packed, done, changes=changes, hops=hops)

    def _link(self, address: Address) -> StoreLink:
        found = self._links.get(address)
        if found is None:
            found = self._links[address] = StoreLink(
                self._client.pool_of(address),
                elsewhere=partial(self._elsewhere, address),
                on_lost=partial(self._on_lost, address),
                **self._options,
            )
        return found

    def _on_lost(self, address: Address) -> None:
        """Also for each attempt that fails; tried again before somebody needs it."""
        if self._closed or address not in self._links:
            return  # it was ended by us
        self._suspect()
        if address not in self._lost:
            self._lost.add(address)
            log.warning("store.primary_lost primary=%s:%d", *address)
            gevent.spawn_later(TRY_LOST_S, self._try, address)

    def _try(self, address: Address) -> None:
        link = self._links.get(address)
        if self._closed or link is None or address not in self._lost:
            return
        if link.up:
            self._lost.discard(address)
            log.warning("store.primary_back primary=%s:%d", *address)
            return
        link.ask(_PING, _ignored, changes=False)
        gevent.spawn_later(TRY_LOST_S, self._try, address)

    def _elsewhere(self, asked: Address, request: Request, error: str) -> bool:
        if error.startswith("CLUSTERDOWN"):
            self._suspect()
            return False
        if request.hops >= REDIRECTIONS or self._closed:
            return False
        found = redirected(error)
        if found is not None:
            self._follow(asked, request, found)
        else:  # TRYAGAIN: some of its keys are on their way to another node
            again = (request.packed, request.done, request.changes, request.hops + 1)
            gevent.spawn_later(TRY_AGAIN_S, self._send, *again)
        return True

    def _follow(self, asked: Address, request: Request, found: Redirected) -> None:
        address = (found.host or asked[0], found.port)
        if found.for_good:
            self._topology.moved(found.slot, address)
            self._suspect()
        link = self._link(address)
        if not found.for_good:
            link.ask(_ASKING, _ignored, changes=False)  # leaves right before what it is for
        link.ask(request.packed, request.done, changes=request.changes, hops=request.hops + 1)


def _ignored(_: Any) -> None: ...

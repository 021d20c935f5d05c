"""One server process: node, listening, signals, drain. It is alone, or one of several.

Owns the order in which the process comes up and goes down. What precedes it (settings, the
port, the store) is start.py's; a parent with several of these is processes.py.
"""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from math import ceil
from typing import Any

import gevent
from gevent.event import Event

from engine.config import Settings
from engine.errors import EngineError
from web.api import whole
from web.app import create_app
from web.collector import Collector
from web.front_door import FrontDoor
from web.node import Node
from web.place import Place, SessionIds
from web.ranking.child import Child
from web.siblings import Siblings
from web.sockets import NAMESPACE
from web.start import OpenStore, announce, main
from web.time_limit import at_most
from web.websocket import Bounds

__all__ = ["Server", "create_app", "main"]

log = logging.getLogger("earshot.server")

LOOK_S = 0.05  # between looks whether everybody has gone


class Server:
    """`listener` and `opened` are closed by whoever handed them in, and so is `stop` set.
    `name`: the node's. `place`: among the processes of one server; None: it is the only
    one. `ranking`: begun under that name."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        listener: socket.socket,
        opened: OpenStore,
        stop: Event,
        place: Place | None,
        ranking: Child,
    ) -> None:
        self._settings = settings
        self._name = name
        self._listener = listener
        self._opened = opened
        self._stop = stop
        self._place = place
        self._ranking = ranking

    def run(self) -> None:
        """Until `stop`. Raises CannotStart or StoreUnusable before anything is served."""
        if self._place is not None:
            self._parent = socket.socket(fileno=self._place.parent)
            gevent.spawn(self._watch_parent)
        opened = self._opened
        node = Node(self._settings, opened.url, name=self._name, ranking=self._ranking)
        node.store_trouble = lambda: opened.trouble
        try:
            self._serve(node, self._listener)
        finally:
            node.close()

    def _watch_parent(self) -> None:
        """It says nothing; that its end of the line closes means that it has died."""
        with suppress(OSError):
            self._parent.recv(1)
        self._stop.set()

    def _serve(self, node: Node, listener: socket.socket) -> None:
        app = create_app(node)
        ids = SessionIds(self._settings.server.name, self._place)
        eio: Any = app.socketio.server.eio
        eio.generate_id = ids.naming(eio.generate_id)

        def refusal(environ: Any) -> EngineError | None:
            origin, allowed = environ.get("HTTP_ORIGIN"), eio._cors_allowed_origins(environ)
            return node.refusal() or app.origins.refusal(origin, allowed)

        door = FrontDoor(
            listener,
            app.flask,
            bounds=self._bounds(),
            ids=ids,
            refusal=refusal,
            count=lambda name: node.context.counts.update((name,)),
        )
        siblings = self._meet_siblings(node, door)
        door.start()
        if self._place is None:
            announce(listener)
        else:
            log.info("server.serving process=%d of=%d", self._place.number, self._place.of)
            with suppress(OSError):
                self._parent.send(b"!")
        collector = Collector(lambda: node.dispatcher.handled)
        self._stop.wait()
        log.info("server.draining")
        collector.close()
        self._drain(node, door, app.socketio.server)
        if siblings is not None:
            siblings.close()
        app.socketio.server.manager.close()

    def _drain(self, node: Node, door: FrontDoor, sockets: Any) -> None:
        """Until the last transport has ended and the last request is answered."""
        transports: dict[str, Any] = sockets.eio.sockets
        with at_most(self._settings.server.drain_s * 0.8):
            node.drain()
            door.close()
            for eio_sid, transport in list(transports.items()):
                if sockets.manager.sid_from_eio_sid(eio_sid, NAMESPACE) is None:
                    transport.close(wait=False, abort=True)  # no actor of ours closes it
            while transports or node.directory.connections or door.under_way:
                gevent.sleep(LOOK_S)
        door.stop(timeout=1)

    def _meet_siblings(self, node: Node, door: FrontDoor) -> Siblings | None:
        place = self._place
        if place is None:
            return None
        pages = whole.pages(node)
        siblings = Siblings(place.folder, place.number, place.of, take=door.take, pages=pages)
        siblings.start()
        door.siblings = siblings
        node.meet(place.number, siblings)
        return siblings

    def _bounds(self) -> Bounds:
        limits, server = self._settings.limits, self._settings.server
        return Bounds(
            message_bytes=limits.frame_bytes,
            # The kernel counts in whole seconds.
            dead_peer_s=ceil(server.ping_interval_s + server.ping_timeout_s),
            # After `slow`, which says why and lets the client come back.
            send_timeout_s=limits.slow_s * 1.5,
        )

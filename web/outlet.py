"""Bytes to one socket: a frame made once, shared by all its receivers.

Owns what a full socket means to an AgentActor, and how a connection ends. It never blocks
and never knows calls. What a WebSocket has no room for is not taken at all: the AgentActor
reads it from the log when there is room. A client that polls has a bound of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from engineio import packet as eio

from actors.ports import Frame
from web.websocket_frames import text_frame

LINGER_S = 1.0  # for a client that was told to go, before its transport is closed
LOOK_S = 0.05  # between looks whether a client that polls has taken what it was told


class SocketOutlet:
    """Implements actors.ports.Outlet over a Transport, polling or WebSocket.

    `on_room` is called once after a refused send: when the socket took everything, or half
    of `bound_bytes` has been polled.
    """

    __slots__ = ("_bound", "_closing", "_on_room", "_server", "_sid", "_transport")

    def __init__(
        self,
        server: Any,
        sid: str,
        transport: Any,
        bound_bytes: int,
        on_room: Callable[[], None],
    ) -> None:
        self._server = server
        self._sid = sid
        self._transport = transport
        self._bound = bound_bytes
        self._on_room = on_room
        self._closing = False

    def send(self, frame: Frame) -> bool:
        transport = self._transport
        writer = transport.writer
        if writer is not None:
            encoded = frame.encoded
            if encoded is None:
                encoded = frame.encoded = text_frame(b"4" + frame.packet)
            if writer.offer(encoded):
                return True
            writer.on_room = self._on_room
            return False
        if transport.waiting and transport.waiting + len(frame.packet) > self._bound:
            transport.room_below = self._bound // 2
            transport.on_room = self._on_room
            return False
        transport.send_text(frame.packet)
        return True

    def answer(self, ack_id: Any, body: bytes) -> None:
        self._transport.send_text(b"3%d[%b]" % (ack_id, body))

    def close(self, *, reconnect: bool) -> None:
        if not self._closing:
            self._closing = True
            gevent.spawn(self._close, reconnect)

    def rest(self, resting: bool) -> None:
        self._transport.rest(resting)

    def trust(self) -> None:
        self._transport.trust()

    def stalled_s(self) -> float:
        stalled: float = self._transport.stalled_s()
        return stalled

    def _close(self, reconnect: bool) -> None:
        """Clients come back from a transport that ends without a word; after a DISCONNECT
        they stay away. What was said before still leaves first."""
        transport = self._transport
        if not reconnect and self._server.manager.is_connected(self._sid, "/"):
            self._server.disconnect(self._sid, namespace="/")
        if transport.writer is None or not reconnect:
            self._linger(transport, until_empty=reconnect)
        transport.close(wait=False, abort=True)

    @staticmethod
    def _linger(transport: Any, *, until_empty: bool) -> None:
        """A client told to stay away ends its transport by itself."""
        left_s = LINGER_S
        while left_s > 0 and not transport.closed and not (until_empty and transport.is_empty):
            gevent.sleep(LOOK_S)
            left_s -= LOOK_S


class TestClientTransport:
    """Stands in where there is no Engine.IO socket: under Flask-SocketIO's test client."""

    __test__ = False  # not a test, whatever pytest thinks
    __slots__ = ("_eio_sid", "_server", "_sid", "on_room", "room_below")

    closed, is_empty, waiting, writer = False, True, 0, None

    def __init__(self, server: Any, sid: str, eio_sid: str) -> None:
        self._server, self._sid, self._eio_sid = server, sid, eio_sid

    def send_text(self, message: bytes) -> None:
        if self._server.manager.is_connected(self._sid, "/"):
            packet = eio.Packet(eio.MESSAGE, data=message.decode())
            self._server._send_eio_packet(self._eio_sid, packet)

    def rest(self, resting: bool) -> None: ...

    def trust(self) -> None: ...

    def stalled_s(self) -> float:
        return 0.0

    def close(self, **_: Any) -> None: ...

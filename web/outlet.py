"""Bytes to one socket: a frame made once, written straight to each receiver's WebSocket.

Owns how much may wait for one browser and the order of what leaves. It never blocks and
never knows calls. A WebSocket that has nothing waiting is written to at once; what does not
fit is not taken at all, and the AgentActor reads it from the log when there is room. A
client that polls, or is about to upgrade, is served through Engine.IO's queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from engineio import packet as eio

from actors.ports import Frame
from web.websocket_frames import text_frame

LOOK_S = 0.05  # between looks whether a full transport has drained
ANSWERS_BOUND = 4  # times the bound of frames: more answers waiting, and the client is not reading
LINGER_S = 1.0  # for a client that was told to go, before its transport is closed


class SocketOutlet:
    """Implements actors.ports.Outlet over an Engine.IO socket, polling or WebSocket.

    `on_room` is called once after a refused send, when half of the bound is free again.
    """

    def __init__(
        self,
        server: Any,
        sid: str,
        eio_sid: str,
        bound_bytes: int,
        clock: Callable[[], float],
        on_room: Callable[[], None],
    ) -> None:
        self._server = server
        self._sid = sid
        self._eio_sid = eio_sid
        self._bound = bound_bytes
        self._clock = clock
        self._on_room = on_room
        self._sizes: deque[int] = deque()  # of what waits in the transport's queue, in order
        self._waiting = 0  # their sum
        self._moved_at = clock()
        self._looking: Any = None
        self._closing = False

    def send(self, frame: Frame) -> bool:
        transport = self._transport()
        writer = transport.direct() if transport is not None else None
        if writer is not None:
            if frame.encoded is None:
                frame.encoded = text_frame(b"4" + frame.packet)
            if writer.offer(frame.encoded):
                return True
            writer.on_room = self._on_room
            return False
        if transport is not None:
            self._measure(transport)
            if self._waiting and self._waiting + len(frame.packet) > self._bound:
                self._look_for_room()
                return False
        self._put(transport, frame.packet)
        return True

    def answer(self, ack_id: Any, body: bytes) -> None:
        packet = b"3%d[%b]" % (ack_id, body)
        transport = self._transport()
        writer = transport.direct() if transport is not None else None
        if writer is not None:
            writer.put(text_frame(b"4" + packet))
            waiting = writer.waiting
        else:
            if transport is not None:
                self._measure(transport)
            self._put(transport, packet)
            waiting = self._waiting
        if waiting > ANSWERS_BOUND * self._bound and not self._closing:
            # Somebody asks and never reads: commands pending do not bound what is answered.
            self.close(reconnect=True)

    def close(self, *, reconnect: bool) -> None:
        if not self._closing:
            self._closing = True
            gevent.spawn(self._close, reconnect)

    def stalled_s(self) -> float:
        transport = self._transport()
        if transport is None:
            return 0.0
        if transport.upgraded and transport.websocket is not None:
            stalled: float = transport.websocket.writer.stalled_s()
            return stalled
        self._measure(transport)
        return self._clock() - self._moved_at if self._waiting else 0.0

    def _transport(self) -> Any:
        return self._server.eio.sockets.get(self._eio_sid)

    def _put(self, transport: Any, packet: bytes) -> None:
        """By way of Engine.IO's queue."""
        message = eio.Packet(eio.MESSAGE, data=packet.decode())
        if transport is None:
            # Flask-SocketIO's test client has no transport; a real one that is gone does
            # not mind.
            if self._server.manager.is_connected(self._sid, "/"):
                self._server._send_eio_packet(self._eio_sid, message)
            return
        if transport.closed:
            return
        # Not Socket.send: it checks the ping and may close, which waits.
        transport.queue.put(message)
        self._sizes.append(len(packet))
        self._waiting += len(packet)

    def _measure(self, transport: Any) -> None:
        """Forget what the transport has taken since."""
        left = transport.queue.qsize()
        if left < len(self._sizes):
            self._moved_at = self._clock()
        while len(self._sizes) > left:
            self._waiting -= self._sizes.popleft()

    def _look_for_room(self) -> None:
        if self._looking is None:
            self._looking = gevent.get_hub().loop.timer(LOOK_S, LOOK_S)
            self._looking.start(self._look)

    def _look(self) -> None:
        transport = self._transport()
        if transport is not None and not transport.closed:
            self._measure(transport)
            if self._waiting > self._bound // 2:
                return
        self._looking.stop()
        self._looking.close()
        self._looking = None
        self._on_room()

    def _close(self, reconnect: bool) -> None:
        """Clients come back from a transport that ends without a word; after Engine.IO's
        CLOSE packet python-socketio stays away. What was said before still leaves first."""
        if not reconnect and self._server.manager.is_connected(self._sid, "/"):
            self._server.disconnect(self._sid, namespace="/")
        transport = self._transport()
        if transport is None:
            return
        until = self._clock() + LINGER_S
        while not transport.closed and self._clock() < until:
            if reconnect and transport.is_empty():
                break
            gevent.sleep(LOOK_S)
        if not transport.closed:
            transport.close(wait=False, abort=True)

"""Engine.IO's transport, made quick and polite: one connection, polling or WebSocket.

Owns what waits for one client, the order in which it leaves, the upgrade, and what ill input
does. There is no greenlet for it: a WebSocket is read by the hub, the process's heartbeat
pings, and only what a user's handler may wait in gets a greenlet, for as long as it takes.
It knows no event and no call.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import engineio.server
import gevent
from engineio import exceptions
from engineio import packet as eio
from gevent.event import Event

from web.heartbeat import Heartbeat
from web.payloads import PACKETS_IN_AN_ANSWER, read_post
from web.time_limit import at_most
from web.turns import Turns
from web.websocket_frames import binary_frame, text_frame

log = logging.getLogger("earshot.transport")

MESSAGES_BEHIND = 64  # waiting for a user's handler before the socket is read no more
UPGRADE_S = 10.0  # from the probe to the upgrade
PING, PONG, NOOP = eio.Packet(eio.PING), "3", eio.Packet(eio.NOOP)
_PING_FRAME = text_frame(b"2")


class Transport:
    """What python-engineio's server and python-socketio's know as a socket.

    `writer` is the WebSocket's, once frames given to it overtake nothing; None: use `send` or
    `send_text`. `direct`, when set, gets each text message first, as it came (`42[…`), in
    the hub; False: the usual way. `on_room` is called when half of what a refusing outlet saw
    waiting has been polled.
    """

    upgrade_protocols = ("websocket",)

    __slots__ = (
        "_behind", "_busy", "_moved_at", "_packets", "_polling", "_resting", "_session", "_trusted",
        "beats", "closed", "closing", "connected", "direct", "on_room", "pinged", "room_below",
        "server", "sid", "upgraded", "upgrading", "waiting", "websocket", "writer",
    )  # fmt: skip

    def __init__(self, server: Any, sid: str) -> None:
        self.server = server
        self.sid = sid
        self.connected = self.upgrading = self.upgraded = self.closing = self.closed = False
        self.pinged = False
        self.beats = 0
        self.websocket: Any = None
        self.writer: Any = None
        self.direct: Callable[[str], bool] | None = None
        self.on_room: Callable[[], None] | None = None
        self.room_below = 0
        self.waiting = 0  # bytes of `_packets`
        self._packets: deque[Any] | None = None  # for the next poll, or until the upgrade
        self._moved_at = 0.0
        self._polling: Event | None = None  # of the poll that waits
        self._behind: deque[Any] | None = None  # received, waiting for the greenlet
        self._busy = False  # there is such a greenlet
        self._resting = self._trusted = False
        self._session: dict[str, Any] | None = None

    @property
    def session(self) -> dict[str, Any]:
        if self._session is None:
            self._session = {}
        return self._session

    @session.setter
    def session(self, session: dict[str, Any]) -> None:
        self._session = session

    # --- out ------------------------------------------------------------------------------

    def send(self, sent: Any) -> None:
        """An Engine.IO packet, behind what waits."""
        if self.closed:
            return
        if self.writer is None:
            if sent.packet_type == eio.OPEN:  # python-engineio announces whole seconds
                sent.data["pingInterval"] = round(1000 * self.server.ping_interval)
            self._keep(sent, len(sent.data) if isinstance(sent.data, (str, bytes)) else 0)
        else:
            self.write(_frame(sent))

    def send_text(self, message: bytes) -> None:
        """A message, behind what waits."""
        if self.closed:
            return
        if self.writer is None:
            self._keep(eio.Packet(eio.MESSAGE, data=message.decode()), len(message))
        else:
            self.write(text_frame(b"4" + message))

    def write(self, frame: bytes) -> None:
        """A ready frame, where there is a `writer`."""
        writer = self.writer
        writer.add(frame)
        if writer.waiting > self.server.most_waiting:
            self._overflow()

    def stalled_s(self) -> float:
        """For how long nothing was taken of what waits; 0 when nothing waits."""
        if self.writer is not None:
            stalled: float = self.writer.stalled_s()
            return stalled
        return gevent.get_hub().loop.now() - self._moved_at if self._packets else 0.0

    @property
    def is_empty(self) -> bool:
        """Everything that was to be sent has left."""
        return not self._packets and (self.writer is None or not self.writer.waiting)

    def _keep(self, sent: Any, size: int) -> None:
        if self._packets is None:
            self._packets = deque()
        if not self._packets:
            self._moved_at = gevent.get_hub().loop.now()
        self._packets.append((sent, size))
        self.waiting += size
        if self._polling is not None:
            self._polling.set()
        if self.waiting > self.server.most_waiting:
            self._overflow()

    def _overflow(self) -> None:
        """Somebody asks and never reads, or is told more than it reads."""
        if not self.closing:
            log.warning("transport.overflow waiting=%d", self.waiting)
            self.close_soon(self.server.reason.TRANSPORT_ERROR)

    # --- polling --------------------------------------------------------------------------

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """A poll, or the request to upgrade."""
        upgrade = "upgrade" in environ.get("HTTP_CONNECTION", "").lower()
        if upgrade and environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            websocket = environ.get("wsgi.websocket")
            if self.upgraded or self.upgrading or websocket is None:
                raise exceptions.UnknownPacketError("upgraded already, or no WebSocket")
            return self._open_websocket(websocket)
        if self.upgrading or self.upgraded:
            return [NOOP]  # what waits goes the new way
        return self.poll()

    def poll(self) -> list[Any]:
        """Wait for packets. A second poll beside this one ends the connection."""
        if self._polling is not None:
            self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            raise exceptions.UnknownPacketError("another poll is waiting")
        if not self._packets and not self.closed:
            self._polling = Event()
            try:
                self._polling.wait(self.server.ping_interval + self.server.ping_timeout)
            finally:
                self._polling = None
        packets = self._take()
        if not packets and not (self.upgrading or self.upgraded or self.closed):
            self.close(wait=False, abort=True, reason=self.server.reason.PING_TIMEOUT)
        return packets or [NOOP]

    def _take(self) -> list[Any]:
        """What goes into one answer."""
        packets: list[Any] = []
        while self._packets and len(packets) < PACKETS_IN_AN_ANSWER:
            sent, size = self._packets.popleft()
            packets.append(sent)
            self.waiting -= size
        self._moved_at = gevent.get_hub().loop.now()
        if self.on_room is not None and self.waiting <= self.room_below:
            on_room, self.on_room = self.on_room, None
            on_room()
        return packets

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """A payload that is ill, or larger than we said, ends the connection with a 400."""
        try:
            for received in read_post(environ, self.server.max_http_buffer_size):
                self.receive(received)
        except exceptions.EngineIOError:
            self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            raise

    # --- WebSocket ------------------------------------------------------------------------

    def _open_websocket(self, websocket: Any) -> Any:
        """At once, or after an upgrade. The request's greenlet then ends; the hub reads."""
        if not self.connected or self._upgrade(websocket):
            self.connected = True
            self._attach(websocket)
        return []

    def _upgrade(self, websocket: Any) -> bool:
        """From polling: probed, then told. What waits meanwhile goes the new way."""
        self.upgrading = True
        self.websocket = websocket  # closed with the session
        try:
            with at_most(UPGRADE_S):
                if websocket.receive() == "2probe":
                    websocket.send("3probe")
                    if self._polling is not None:
                        self._polling.set()  # answered with NOOP
                    return bool(websocket.receive() == "5" and not self.closed)
            return False
        finally:
            self.upgrading = False
            self.websocket = None

    def _attach(self, websocket: Any) -> None:
        self.upgraded = True
        self.websocket, writer = websocket, websocket.writer
        packets, self._packets = self._packets, None
        for sent, _ in packets or ():
            writer.add(_frame(sent))
        self.waiting = 0
        self.writer = writer
        if self._polling is not None:
            self._polling.set()
        if self.on_room is not None:
            on_room, self.on_room = self.on_room, None
            on_room()
        if self._trusted:
            websocket.read_much()
        websocket.listen(self._on_message, self._on_end)
        if self._resting:
            websocket.pause()

    def _on_message(self, message: str | bytes) -> None:
        """In the hub. What may wait is done by a greenlet, and then all that follows."""
        if not self._busy and type(message) is str:
            if message == PONG:
                self._on_pong()
                return
            if self.direct is not None and self.direct(message):
                return
        if self._behind is None:
            self._behind = deque()
        self._behind.append(message)
        if not self._busy:
            self._busy = True
            self.server.turns.spawn(self._catch_up)
        elif len(self._behind) >= MESSAGES_BEHIND:
            self.websocket.pause()

    def _on_end(self) -> None:
        """The peer has gone, or we have: after what it said before."""
        if self._behind is None:
            self._behind = deque()
        self._behind.append(None)
        if not self._busy:
            self._busy = True
            self.server.turns.spawn(self._catch_up)

    def _catch_up(self) -> None:
        """The greenlet of a connection whose handlers wait: in order, one at a time."""
        behind = self._behind
        while behind:
            message = behind.popleft()
            try:
                if message is None:
                    self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
                elif not self.closed:
                    self.receive(eio.Packet(encoded_packet=message))
            except Exception as fault:  # noqa: BLE001 - a user's handler may raise anything
                self._fail(fault)
        self._busy = False
        self._behind = None
        if self.websocket is not None and not self._resting:
            self.websocket.resume()

    def trust(self) -> None:
        """A producer: much is read of it at once."""
        self._trusted = True
        if self.websocket:
            self.websocket.read_much()

    def rest(self, resting: bool) -> None:
        """Read nothing meanwhile. A client that polls is slowed by its own requests."""
        self._resting = resting
        if self.websocket is None:
            return
        if resting:
            self.websocket.pause()
        elif len(self._behind or ()) < MESSAGES_BEHIND:
            self.websocket.resume()

    def _fail(self, fault: Exception) -> None:
        ill = (exceptions.EngineIOError, ValueError, TypeError, LookupError, AttributeError)
        if not isinstance(fault, (*ill, RecursionError)):
            log.error("transport.handler_failed", exc_info=fault)
        self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    # --- in -------------------------------------------------------------------------------

    def receive(self, received: Any) -> None:
        """A packet. Raises UnknownPacketError for what a client does not send."""
        if self.closed:
            return
        kind = received.packet_type
        if kind == eio.MESSAGE:
            self.server._trigger_event("message", self.sid, received.data, run_async=False)
        elif kind == eio.PONG:
            self._on_pong()
        elif kind == eio.CLOSE:
            self.close(wait=False, abort=True, reason=self.server.reason.CLIENT_DISCONNECT)
        else:
            raise exceptions.UnknownPacketError

    # --- life -----------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        """Called by the server once the connection is open."""
        self.server.heartbeat.watch(self)

    def ping(self) -> None:
        if self.writer is not None:
            self.writer.add(_PING_FRAME)
        else:
            self.send(PING)

    def give_up(self) -> None:
        self.close_soon(self.server.reason.PING_TIMEOUT)

    def _on_pong(self) -> None:
        if self.pinged:
            self.pinged = False
            self.server.heartbeat.watch(self)

    def check_ping_timeout(self) -> bool:
        return not self.closed

    def close_soon(self, reason: Any) -> None:
        """`close` from the hub: handlers of a disconnect may wait."""
        self.server.turns.spawn(partial(self.close, wait=False, abort=True, reason=reason))

    def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """Tell the handlers, say CLOSE unless `abort`, and end. What was sent before still
        leaves, within the WebSocket's time-outs; a poll that waits is answered. Nothing is
        waited for."""
        if self.closed or self.closing:
            return
        self.closing = True
        why = reason or self.server.reason.SERVER_DISCONNECT
        try:
            self.server._trigger_event("disconnect", self.sid, why, run_async=False)
        finally:
            if not abort:
                self.send(eio.Packet(eio.CLOSE))
            self.closed = True
            self.direct = self.on_room = None
            if self.websocket is not None:
                if why == self.server.reason.PING_TIMEOUT:
                    self.websocket.abort()  # nobody is there to say goodbye to
                else:
                    self.websocket.close()
                self.websocket = self.writer = None
            if self._polling is not None:
                self._polling.set()
            self.server.sockets.pop(self.sid, None)


def _frame(sent: Any) -> bytes:
    encoded = sent.encode()
    return text_frame(encoded.encode()) if isinstance(encoded, str) else binary_frame(encoded)


def install(server: Any, heartbeat: Heartbeat, most_waiting: int) -> None:
    """`server` is python-engineio's. A client that lets more than `most_waiting` bytes pile
    up is closed. The server makes its sockets by a module's name, and has no other seam."""
    server.heartbeat, server.most_waiting, server.turns = heartbeat, most_waiting, Turns.here()
    engineio.server.socket = SimpleNamespace(Socket=Transport)

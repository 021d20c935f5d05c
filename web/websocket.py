"""Our WebSocket, on the seam where Engine.IO's gevent driver expects gevent-websocket's.

Owns one accepted connection from the handshake to the closed descriptor: reading, the order
of what is written, the closing handshake and its time-out. Frames are websocket_frames.py,
bytes out websocket_writer.py, HTTP websocket_handshake.py. It never compresses, never logs,
and knows nothing of Engine.IO packets or calls.
"""

from __future__ import annotations

import _socket
import contextlib
import logging
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import Event
from gevent.hub import Waiter
from geventwebsocket.exceptions import WebSocketError

from web import websocket_frames as ws
from web.outgoing import Outgoing
from web.turns import Turns
from web.websocket_writer import Writer

log = logging.getLogger("earshot.websocket")

_CHUNK = bytearray(65536)  # shared by all connections: nothing switches between recv and feed
_CHUNK_VIEW = memoryview(_CHUNK)
# Read at once: some hundred commands, which are handled in the same pass of the loop, so this
# is what a flood can keep the others waiting for. A frame of which more is to come, and a
# producer, are read in one go.
_APPETITE = 4096
_READABLE = 1  # libev's EV_READ
_IN_A_ROW = 64  # messages a connection may hand out before others get a turn
# Reads of a listener until it counts as one of those who are there: what a browser says when
# it comes waits, in a crowd, behind what the others say.
NEW_READS = 4
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST, nothing lingers in the kernel

# OPEN: both directions. CLOSING: our CLOSE is on its way, the peer's is awaited. DRAINING:
# nothing more is said; the peer's end of the connection is awaited. CLOSED: no descriptor.
OPEN, CLOSING, DRAINING, CLOSED = range(4)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may take. `dead_peer_s` is how long the kernel waits for a peer
    that acknowledges nothing, on an idle connection and on one with bytes under way."""

    message_bytes: int = 1_000_000
    close_timeout_s: float = 3.0
    send_timeout_s: float = 30.0
    dead_peer_s: int = 45


class WebSocket:
    """Messages come by `receive`, in a greenlet, or to a callback by `listen`, without one.
    `receive`, `send` and `wait_closed` wait, so they belong in greenlets; everything else may
    also be called in the hub. Not for threads.

    `sock` is the raw non-blocking socket. Whoever has ready frames writes them through
    `writer` (offer, add, put), never to `sock`: that keeps one order for data, PONG and CLOSE.
    `closed` is true from the moment nothing more can be sent or received; the descriptor is
    closed `bounds.close_timeout_s` later at most.
    """

    __slots__ = (
        "_appetite",
        "_bounds",
        "_deadline",
        "_gone",
        "_hub",
        "_in_a_row",
        "_inbox",
        "_last_word",
        "_new_reads",
        "_on_end",
        "_on_message",
        "_outgoing",
        "_parser",
        "_paused",
        "_readable",
        "_state",
        "_waiter",
        "sock",
        "writer",
    )  # fmt: skip

    def __init__(self, owner: Any, bounds: Bounds) -> None:
        """`owner` is gevent's socket; its descriptor is ours from here on."""
        family, kind, proto = owner.family, owner.type, owner.proto
        # Not gevent's: it would hold two watchers and a hub for each connection.
        self.sock: Any = _socket.socket(family, kind, proto, owner.detach())
        self.sock.setblocking(False)
        self.writer = Writer(self.sock, self._finish)
        self._appetite = _APPETITE
        self._bounds = bounds
        self._hub: Any = gevent.get_hub()
        self._outgoing = Outgoing.here()
        self._readable = self._hub.loop.io(self.sock.fileno(), _READABLE)
        self._parser = ws.FrameParser(bounds.message_bytes)
        self._inbox: deque[str | bytes] | None = None  # of one recv at most
        self._last_word = b""  # our CLOSE, sent when the messages before it were handed out
        self._in_a_row = 0
        self._waiter: Waiter[None] | None = None
        self._on_message: Callable[[str | bytes], None] | None = None
        self._on_end: Callable[[], None] | None = None
        self._new_reads = NEW_READS
        self._paused = False
        self._deadline: Any = None
        self._gone: Event | None = None
        self._state = OPEN
        tune(self.sock, bounds.dead_peer_s)

    @property
    def closed(self) -> bool:
        return self._state != OPEN

    @property
    def listening(self) -> bool:
        """The hub reads, and nobody's greenlet is needed."""
        return self._on_message is not None

    def listen(self, on_message: Callable[[str | bytes], None], on_end: Callable[[], None]) -> None:
        """From here on the hub reads. `on_message` gets each message, those received before
        first, and `on_end` comes once, when there will be no more; both are called in the hub
        and must not wait. What `on_message` raises is logged and closes the connection."""
        self._on_message, self._on_end = on_message, on_end
        inbox, self._inbox = self._inbox, None
        for message in inbox or ():
            self._hand_out(message)
        if self._last_word:
            self._leave(DRAINING, self._last_word)
        elif self._state == OPEN:
            self._readable.start(self._on_readable)
        else:
            self._end()

    def pause(self) -> None:
        """Read no more until `resume`: the listener has enough."""
        if not self._paused:
            self._paused = True
            if self._state == OPEN:
                self._readable.stop()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            if self._state == OPEN:
                self._readable.start(self._on_readable)

    def read_much(self) -> None:
        """As much as there is, each time: the peer is a producer."""
        self._appetite = len(_CHUNK)

    def receive(self) -> str | bytes | None:
        """The next message; None when there will be no more. One greenlet at a time."""
        while True:
            if self._in_a_row >= _IN_A_ROW:
                self._in_a_row = 0
                gevent.sleep(0)
            self._in_a_row += 1
            if self._inbox:
                return self._inbox.popleft()
            if self._last_word:
                self._leave(DRAINING, self._last_word)
            if self._state != OPEN:
                return None
            if not self._pull():
                self._in_a_row = 0
                self._wait_readable()

    def feed(self, chunk: bytes) -> None:
        """Take bytes that were read from the socket by somebody else, as if just received."""
        for kind, value in self._parser.feed(chunk):
            if kind == ws.CLOSE:
                # A CLOSE without a code is answered with 1000.
                code = ws.NORMAL if value.code == ws.NO_CODE else value.code
                self._last_word = ws.close_frame(code)
            elif kind == ws.VIOLATION:
                self._last_word = ws.close_frame(value.code, value.reason)
            elif self._state != OPEN:
                continue  # said after our CLOSE
            elif kind == ws.PING:
                self.writer.put_pong(ws.pong_frame(value))
            elif kind == ws.PONG:
                continue
            elif self._on_message is not None:
                self._hand_out(value)
            else:
                if self._inbox is None:
                    self._inbox = deque()
                self._inbox.append(value)
        if self._last_word and not self._inbox:
            self._leave(DRAINING, self._last_word)

    def _hand_out(self, message: str | bytes) -> None:
        try:
            self._on_message(message)  # type: ignore[misc] # `listen` gave it
        except Exception:
            log.exception("websocket.listener_failed")
            self.close(ws.INTERNAL_ERROR)

    def _on_readable(self) -> None:
        if self._new_reads:
            self._readable.stop()
            Turns.here().read(self._read_new)
        else:
            self._outgoing.reading = True
            self._pull()

    def _read_new(self) -> None:
        """A newcomer's turn to be read."""
        self._new_reads -= 1
        if self._state == OPEN:
            if not self._paused:
                self._readable.start(self._on_readable)
            self._outgoing.reading = True
            self._pull()

    def send(self, message: str | bytes | bytearray, binary: bool | None = None) -> None:
        """Send one message and wait until the kernel has it: text for a str, unless `binary`
        says otherwise. Raises WebSocketError when the connection is closed, or gets closed
        because the peer took no byte for `send_timeout_s`."""
        if self._state != OPEN:
            raise WebSocketError("connection is closed")
        body = message.encode() if isinstance(message, str) else bytes(message)
        if binary is None:
            binary = not isinstance(message, str)
        if self.writer.put(ws.binary_frame(body) if binary else ws.text_frame(body)):
            return
        while self.writer.waiting:
            left_s = self._bounds.send_timeout_s - self.writer.stalled_s()
            if left_s <= 0:
                self.abort()
            self.writer.wait_empty(max(left_s, 0.001))
        if self._state == CLOSED:
            raise WebSocketError("connection is lost")

    def close(self, code: int = ws.NORMAL, message: str | bytes = "") -> None:
        """Send CLOSE behind what waits and return at once; messages not yet handed out are
        dropped. Then the peer's CLOSE and its end of the connection are awaited, together
        `close_timeout_s` at most. A second close does nothing."""
        if self._state == OPEN:
            reason = message if isinstance(message, str) else message.decode(errors="replace")
            self._inbox = None
            if self._last_word:
                self._leave(DRAINING, self._last_word)
            else:
                self._leave(CLOSING, ws.close_frame(code, reason))

    def wait_closed(self) -> None:
        """Wait until the descriptor is closed; call close first."""
        if self._state != CLOSED:
            if self._gone is None:
                self._gone = Event()
            self._gone.wait()

    def abort(self) -> None:
        """Close the descriptor now, with a reset: for a peer that does not listen."""
        if self._state != CLOSED:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.sock.shutdown(socket.SHUT_RDWR)
            self._finish()

    def _pull(self) -> bool:
        """Read what the kernel has, once, without waiting. False: it has nothing."""
        try:
            most = max(self._appetite, self._parser.wanting)
            size = self.sock.recv_into(_CHUNK, min(most, len(_CHUNK)))
        except BlockingIOError:
            return False
        except OSError:
            size = 0
        if not size:
            self._finish()
        elif self._state != DRAINING:
            self.feed(bytes(_CHUNK_VIEW[:size]))
        return True

    def _leave(self, state: int, frame: bytes) -> None:
        """No longer OPEN: from here on the hub does what is left, within the time-out."""
        if self._state == OPEN:
            self._state = state
            self._deadline = self._hub.loop.timer(self._bounds.close_timeout_s)
            self._deadline.start(self.abort)
            self._wake()
            self._new_reads = 0
            self._readable.stop()
            self._readable.start(self._on_readable)
            # Last: it may find that the peer is gone, and finish.
            self.writer.put_close(frame, self._half_close)
        elif self._state == CLOSING:
            self._state = state
        self._half_close()

    def _half_close(self) -> None:
        """Tell the peer that nothing follows; it closes, and we have read all it sent: a close
        with bytes unread would be a reset, which can overtake our CLOSE."""
        if self._state == DRAINING and not self.writer.waiting:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)

    def _finish(self) -> None:
        """Free everything. Watchers first: the descriptor's number may be another's at once."""
        if self._state == CLOSED:
            return
        self._state = CLOSED
        self.writer.stop()
        for watcher in (self._readable, self._deadline):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self.sock.close()
        self._wake()
        if self._gone is not None:
            self._gone.set()

    def _wait_readable(self) -> None:
        if self._waiter is not None:
            raise WebSocketError("another greenlet is receiving")
        waiter: Waiter[None] = Waiter(self._hub)
        self._waiter = waiter
        self._readable.start(waiter.switch, None)
        try:
            waiter.get()
        finally:
            self._waiter = None
            if self._state == OPEN:  # else it is the hub's, or gone
                self._readable.stop()

    def _wake(self) -> None:
        """Whoever waits in receive looks at the state again; a listener hears of the end."""
        if self._waiter is not None:
            self._hub.loop.run_callback(self._waiter.switch, None)
        self._end()

    def _end(self) -> None:
        """Not at once: whoever closes us may be in the middle of something."""
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            self._hub.loop.run_callback(on_end)


def tune(sock: _socket.socket, dead_peer_s: int) -> None:
    """No delay for small frames; the kernel gives up a peer that is gone after `dead_peer_s`,
    as far as the platform can. Leaves sockets that are not TCP alone."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    probes = 3
    wanted = (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", max(1, dead_peer_s // 2)),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", max(1, dead_peer_s // 2 // probes)),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", probes),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", dead_peer_s * 1000),
    )
    for level, name, value in wanted:
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(level, option, value)

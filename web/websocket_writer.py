"""The one way bytes leave for one WebSocket: whole frames, in order, without waiting.

Owns the order of data, PONG and CLOSE on a non-blocking socket: a frame the kernel took in
part is finished before anything else is written. What is offered in one pass of the loop
leaves in one send. It makes no frames, never reads, never blocks, and never decides that a
slow peer has to go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event

from web.outgoing import Outgoing

if TYPE_CHECKING:
    import _socket

_WRITABLE = 2  # libev's EV_WRITE
BATCH_BYTES = 65_536  # more in one pass of the loop is written at once


class Writer:
    """May be called from greenlets and from loop callbacks of its own hub, not from threads.

    `waiting` is how many bytes the kernel was given and has not taken yet. `on_room`, when
    set, is called in the hub each time `waiting` falls to 0 after an `offer` was refused.
    `on_dead` is called once, when the kernel says that the peer is gone.

    Invariant: frames are held for the end of the pass only while nothing waits.
    """

    __slots__ = (
        "_empty", "_held", "_held_bytes", "_hub", "_moved_at", "_on_dead", "_outgoing", "_pong",
        "_refused", "_rest", "_sealed", "_sock", "_writable", "on_room", "waiting",
    )  # fmt: skip

    def __init__(self, sock: _socket.socket, on_dead: Callable[[], None]) -> None:
        self.waiting = 0
        self.on_room: Callable[[], None] | None = None
        self._hub: Any = gevent.get_hub()
        self._outgoing = Outgoing.here()
        self._sock = sock
        self._on_dead = on_dead
        self._held: list[bytes] = []  # until the end of this pass of the loop
        self._held_bytes = 0
        # The first may be a frame's remainder. Made when needed: a deque is 700 bytes.
        self._rest: deque[memoryview] | None = None
        self._pong: bytes | None = None  # goes before all but that remainder
        self._refused = False
        self._sealed = False
        self._moved_at = 0.0
        self._writable: Any = None  # made when the kernel first refuses something
        self._empty: Event | None = None  # made when somebody waits

    def offer(self, frame: bytes) -> bool:
        """Take a whole frame, to leave at the end of this pass of the loop; False while
        earlier bytes wait, or after the CLOSE. What the kernel then takes only in part counts
        as written: the rest waits here."""
        if self.waiting or self._sealed:
            self._refused = True
            return False
        if not self._held:
            self._outgoing.add(self)
        self._held.append(frame)
        self._held_bytes += len(frame)
        if self._held_bytes > BATCH_BYTES:
            self.flush()
        return True

    def add(self, frame: bytes) -> None:
        """The same for what must not be refused: it leaves behind what waits. The caller
        keeps the bound; after the CLOSE it is dropped."""
        if self.waiting:
            if not self._sealed:
                self._keep(memoryview(frame))
        else:
            self.offer(frame)

    def put(self, frames: bytes) -> bool:
        """Write one or more whole frames at once, behind what waits. True: the kernel has
        them all. Nothing is refused, so the caller keeps the bound; after the CLOSE they are
        dropped."""
        if self._sealed:
            return False
        self.flush()
        if not self.waiting:
            return self._write(frames)
        self._keep(memoryview(frames))
        return False

    def flush(self) -> None:
        """Write what is held. Called at the end of each pass by web/outgoing.py."""
        held = self._held
        if held:
            frames = held[0] if len(held) == 1 else b"".join(held)
            held.clear()
            self._held_bytes = 0
            self._write(frames)

    def put_pong(self, frame: bytes) -> None:
        """The newest replaces one that waits (RFC 6455, 5.5.3), so pings cannot fill memory."""
        if self.waiting:
            self._pong = frame
        else:
            self.offer(frame)

    def put_close(self, frame: bytes, on_gone: Callable[[], None]) -> None:
        """The last frame. `on_gone` is called in the hub when the kernel has it, if it has
        to wait; `on_room` is not called any more."""
        self.put(frame)
        self._sealed = True
        self._refused = True
        self.on_room = on_gone

    def stalled_s(self) -> float:
        """Seconds since the kernel last took a byte of what waits; 0 when nothing waits."""
        return float(self._hub.loop.now()) - self._moved_at if self.waiting else 0.0

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait, in a greenlet, until the kernel has everything or the writer was stopped.
        False: neither happened within `timeout_s`."""
        if not self.waiting:
            return True
        if self._empty is None:
            self._empty = Event()
        return bool(self._empty.wait(timeout_s))

    def stop(self) -> None:
        """Drop what waits; must come before the socket is closed."""
        self._sealed = True
        self.on_room = None
        self._on_dead = _nothing  # it knows who knows us
        self._held.clear()
        self._rest = self._pong = None
        self.waiting = 0
        if self._writable is not None:
            self._writable.stop()
            self._writable.close()
            self._writable = None
        self._emptied()

    def _write(self, frames: bytes) -> bool:
        sent = self._send(frames)
        if sent == len(frames):
            return True
        if sent >= 0:
            self._moved_at = self._hub.loop.now()
            self._keep(memoryview(frames)[sent:])
            if self._writable is None:
                self._writable = self._hub.loop.io(self._sock.fileno(), _WRITABLE)
            self._writable.start(self._on_writable)
        return False

    def _keep(self, frames: memoryview) -> None:
        if self._rest is None:
            self._rest = deque()
        self._rest.append(frames)
        self.waiting += len(frames)

    def _send(self, frames: bytes | memoryview) -> int:
        """How much the kernel took; -1: the peer is gone."""
        try:
            return self._sock.send(frames)
        except BlockingIOError:
            return 0
        except OSError:
            self._on_dead()
            return -1

    def _on_writable(self) -> None:
        """In the hub, when the socket has room."""
        rest = self._rest
        while rest:
            head = rest[0]
            sent = self._send(head)
            if sent < 0:
                return
            if sent:
                self._moved_at = self._hub.loop.now()
                self.waiting -= sent
            if sent < len(head):
                rest[0] = head[sent:]
                return
            rest.popleft()
            if self._pong is not None:
                rest.appendleft(memoryview(self._pong))
                self.waiting += len(self._pong)
                self._pong = None
        self._rest = None
        self._writable.stop()
        self._emptied()

    def _emptied(self) -> None:
        if self._empty is not None:
            self._empty.set()
            self._empty = None
        if self._refused and self.on_room is not None:
            self._refused = False
            self.on_room()


def _nothing() -> None: ...

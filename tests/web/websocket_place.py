"""A pywsgi server with our handler, and raw clients that speak frames to it, for the tests."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import gevent
from gevent import socket
from gevent.pywsgi import WSGIServer

from web import websocket_frames as ws
from web.websocket import Bounds, WebSocket
from web.websocket_handshake import Handler

CLOSE_TIMEOUT_S = 0.4
SLACK_S = 8.0  # for a busy machine
KEY = b"\x11\x22\x33\x44"
HELLO = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
Serve = Callable[[WebSocket], None]


def masked(opcode: int, body: bytes = b"") -> bytes:
    length = bytes((0x80 | len(body),)) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2)
    return bytes((0x80 | opcode,)) + length + KEY + ws.unmask(body, KEY)


def echo(websocket: WebSocket) -> None:
    while (message := websocket.receive()) is not None:
        websocket.send(message)


@contextlib.contextmanager
def silent_place() -> Iterator[Place]:
    """Fails a test after which something was logged that it did not take."""
    place = Place()
    with patch.object(gevent.get_hub(), "handle_error", place.handle_error):
        yield place
        place.close()
    assert not place.errors


class Place:
    """A server whose connections run `serve`, and clients of it."""

    def __init__(self) -> None:
        self.serve: Serve = echo
        self.served: list[WebSocket] = []
        self.errors: list[str] = []  # what pywsgi or gevent would have logged
        self._clients: list[Any] = []

        class Bounded(Handler):
            bounds = Bounds(
                message_bytes=100_000, close_timeout_s=CLOSE_TIMEOUT_S, send_timeout_s=0.5
            )

        self._handler = Bounded
        self.server = WSGIServer(
            ("127.0.0.1", 0), self._application, log=None, error_log=None, handler_class=Bounded
        )
        self.server.start()

    def be_patient(self) -> None:
        """Connections from now on end by no time-out, however long a test is held up."""
        patient = Bounds(message_bytes=100_000, close_timeout_s=60, send_timeout_s=60)
        self._handler.bounds = patient

    def handle_error(self, _context: Any, kind: type, value: object, _trace: object) -> None:
        self.errors.append(f"{kind.__name__}: {value}")

    def _application(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if "wsgi.websocket" not in environ:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"plain"]
        self.served.append(environ["wsgi.websocket"])
        self.serve(self.served[-1])
        return []

    def client(self, *, receive_buffer: int = 0) -> Any:
        client = socket.socket()
        self._clients.append(client)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(10)
        client.connect(("127.0.0.1", self.server.server_port))
        return client

    def ask(self, client: Any, headers: dict[str, str], line: str = "GET / HTTP/1.1") -> bytes:
        """The head of the answer, byte by byte, so that nothing behind it is read."""
        lines = [line, *(f"{name}: {value}" for name, value in headers.items())]
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        return head

    def connected(self, **options: Any) -> Any:
        client = self.client(**options)
        assert b" 101 " in self.ask(client, HELLO)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.server.stop(timeout=2)


def frames(client: Any, count: int) -> list[tuple[int, bytes]]:
    return [frame(client) for _ in range(count)]


def frame(client: Any) -> tuple[int, bytes]:
    first, size = exactly(client, 2)
    if size >= 126:
        size = int.from_bytes(exactly(client, 2 if size == 126 else 8))
    return first & 0x0F, exactly(client, size)


def exactly(client: Any, size: int) -> bytes:
    there = bytearray()
    while len(there) < size:
        chunk = client.recv(size - len(there))
        assert chunk, f"the connection ended after {len(there)} of {size} bytes"
        there += chunk
    return bytes(there)


def ended(client: Any) -> bool:
    """Whether the server ended the connection; waits for it."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def until(condition: Callable[[], bool], within_s: float = CLOSE_TIMEOUT_S + SLACK_S) -> None:
    """Looks once more after the bound: a standstill of the machine is no failure."""
    began = time.monotonic()
    while True:
        late = time.monotonic() - began > within_s
        if condition():
            return
        assert not late, "it did not come true in time"
        gevent.sleep(0.01)


def open_descriptors() -> int:
    gc.collect()  # it may close some that another test left
    return len(os.listdir("/proc/self/fd"))


def greenlets() -> int:
    gc.collect()
    return sum(isinstance(found, gevent.Greenlet) and not found.dead for found in gc.get_objects())

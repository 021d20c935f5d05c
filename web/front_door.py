"""The listening side of one process: connections in, each request to whom it belongs.

Owns the pace at which connections are taken, the hand-over of one whose session lives in
another process of this server, and the refusal of whoever comes anew to a node that leaves or is
full: in HTTP's words, before there is a session, so that a load balancer asks the next node and
clients try again. (A refusal in Socket.IO's words makes standard clients stay away.) A page of an
origin that is not taken is refused here as well, before its WebSocket is one: a browser tells its
page nothing of a WebSocket that is closed, and Socket.IO's client would wait for it. It answers no
page.
"""

from __future__ import annotations

import _socket
import io
import logging
import os
import socket
import time
from contextlib import suppress
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import gevent.socket
from gevent.pywsgi import WSGIHandler, WSGIServer

from engine.decoding import encode, error_of
from web.slow_requests import BODY_S, HEAD_S, KEPT_S, SlowRequests
from web.turns import Turns
from web.websocket_handshake import Handler

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.errors import EngineError
    from web.place import SessionIds
    from web.siblings import Siblings
    from web.websocket import Bounds

log = logging.getLogger("earshot.server")

SOCKETS_PATH = "/socket.io/"
_BUFFER = 8192


class FrontDoor(WSGIServer):
    """Takes one new connection in a pass of the loop, so that a crowd that arrives at once
    waits in the kernel's queue and those who are connected get their turn in between.

    `refusal` says why who comes with this request (its WSGI environ) is not let in, if so.
    `under_way` counts requests that are being answered, WebSockets aside. `count` notes a
    connection that was given away or refused."""

    max_accept = 1

    def __init__(
        self,
        listener: Any,
        application: Any,
        *,
        bounds: Bounds,
        ids: SessionIds,
        refusal: Callable[[Any], EngineError | None],
        count: Callable[[str], None],
        **options: Any,
    ) -> None:
        super().__init__(
            listener, application, log=None, error_log=_ErrorLog(), handler_class=_Visit, **options
        )
        self.bounds = bounds
        self.ids = ids
        self.siblings: Siblings | None = None
        self.refusal = refusal
        self.count = count
        self.under_way = 0
        self.slow = SlowRequests(time.monotonic, lambda: count("requests_too_slow"))

    def start_accepting(self) -> None:
        super().start_accepting()
        self.slow.start()

    def stop(self, timeout: float | None = None) -> None:
        super().stop(timeout)
        self.slow.stop()

    def take(self, descriptor: int, read: bytes) -> None:
        """A connection that another process accepted and read `read` of."""
        resumed = _Resumed(descriptor, read)
        with suppress(OSError):  # gone meanwhile
            address = resumed.getpeername()
            if not self.closed:
                self.do_handle(resumed, address)
                return
        resumed.close()


class _Visit(Handler):
    """One connection. No line per request, as its base: what matters is counted, and paths may
    hold call ids."""

    _requests = 0  # begun on this connection

    @property
    def bounds(self) -> Bounds:  # type: ignore[override] # a class's there, the server's here
        found: Bounds = self.server.bounds
        return found

    def handle(self) -> None:
        """pywsgi sends head and body apart; without TCP_NODELAY the body waits 40 ms for the
        peer's acknowledgement of the head."""
        if self.socket.family in (socket.AF_INET, socket.AF_INET6):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        slow = self.server.slow
        slow.expect(self, self.socket, HEAD_S)
        try:
            with suppress(OSError):  # met again by whoever reads
                self.rfile.peek(1)
            Turns.here().wait()  # a new connection, perhaps of a crowd
            with suppress(OSError):  # a peer that went in the middle of its request
                super().handle()
        finally:
            slow.arrived(self)

    def handle_one_request(self) -> Any:
        """The head, then the rest; on a kept connection its first byte may take a while."""
        if self._requests and not self.rfile.closed:
            self.server.slow.expect(self, self.socket, KEPT_S)
            with suppress(OSError, ValueError):
                self.rfile.peek(1)
        self._requests += 1
        if self.socket is not None:
            self.server.slow.expect(self, self.socket, HEAD_S)
        return super().handle_one_request()

    def get_environ(self) -> Any:
        """Made when the head has been read."""
        environ = super().get_environ()
        body = environ.get("CONTENT_LENGTH", "0") not in ("", "0")
        if body or "HTTP_TRANSFER_ENCODING" in environ:
            self.server.slow.expect(self, self.socket, BODY_S, self._has_body)
        else:
            self.server.slow.arrived(self)
        return environ

    def _has_body(self) -> bool:
        """All of the request is read: what still takes time is the answer."""
        body = self.__dict__.get("wsgi_input")
        if body is None:
            return True
        if body.chunked_input:
            return bool(body.chunk_length == 0)
        return bool(body.position >= (body.content_length or 0))

    def run_application(self) -> None:
        """WebSockets live under Socket.IO's path; anywhere else an upgrade is not offered."""
        self.server.under_way += 1
        try:
            if not self.environ.get("PATH_INFO", "").startswith(SOCKETS_PATH):
                WSGIHandler.run_application(self)
            elif not self._goes_elsewhere():
                super().run_application()
        finally:
            self.server.under_way -= 1

    def _goes_elsewhere(self) -> bool:
        """True: another process has it, or nobody may come in any more."""
        query = self.environ.get("QUERY_STRING", "")
        if "sid=" not in query:
            refusal = self.server.refusal(self.environ)
            if refusal is None or self.environ["REQUEST_METHOD"] == "OPTIONS":
                return False
            self._refuse(refusal)
            return True
        if self.server.siblings is None:
            return False
        session_id = parse_qs(query).get("sid", [""])[0]
        number = self.server.ids.elsewhere(session_id)
        return number is not None and self._give(number)

    def _give(self, number: int) -> bool:
        """False: nobody is there; our Engine.IO knows no such session and says so."""
        early = self._early()
        head = [self.requestline, *(line.rstrip("\r\n") for line in self.headers.headers), "", ""]
        read = "\r\n".join(head).encode("latin-1") + early
        given = self.server.siblings.give(number, self.socket.fileno(), read)
        if not given:
            # What was read early is still to be read by us.
            self.socket.settimeout(None)
            self.rfile = self.wsgi_input.rfile = _buffered(self.socket, early)
            return False
        self.server.count("connections_given")
        os.close(self.socket.detach())
        # What pywsgi must know: nothing more is read or written here.
        self.wsgi_input.content_length, self.wsgi_input.chunked_input = 0, False
        self.headers_sent = self.close_connection = True
        self.response_length = 1
        return True

    def _refuse(self, refusal: EngineError) -> None:
        self.server.count(f"handshakes_refused:{refusal.code}")
        body = b'{"error":' + encode(error_of(refusal)) + b"}"
        headers = [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ]
        if refusal.retryable:
            headers.append(("Retry-After", str(ceil((refusal.retry_after_ms or 1000) / 1000))))
        if origin := self.environ.get("HTTP_ORIGIN"):  # any page may read why: nothing else is said
            headers += [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        status = HTTPStatus(refusal.http_status)
        self.start_response(f"{status.value} {status.phrase}", headers)
        self.result = [body]
        self.process_result()

    def log_error(self, msg: str, *args: Any) -> None:
        """pywsgi quotes what it could not read, which may be transcript text."""
        log.warning("server.unreadable_request peer=%s", self.client_address)


class _Resumed(gevent.socket.socket):
    """A connection of which somebody has read the beginning already."""

    def __init__(self, descriptor: int, read: bytes) -> None:
        found = _socket.socket(fileno=descriptor)
        family, kind, proto = found.family, found.type, found.proto
        super().__init__(family, kind, proto, fileno=found.detach())
        self._read = read

    def makefile(self, *_: Any, **__: Any) -> Any:
        """As pywsgi asks for it: binary, to be read."""
        read, self._read = self._read, b""
        return _buffered(self, read)


def _buffered(sock: Any, read: bytes) -> io.BufferedReader:
    return io.BufferedReader(_Rest(sock, read), max(_BUFFER, len(read)))


class _Rest(io.RawIOBase):
    """What was read already, then the socket. The first read of a buffer that is large enough
    takes all of it, so that nothing is hidden from a look into the buffer."""

    def __init__(self, sock: Any, read: bytes) -> None:
        self._sock = sock
        self._left = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._left:
            taken = self._left[: len(buffer)]
            self._left = self._left[len(taken) :]
            buffer[: len(taken)] = taken
            return len(taken)
        return int(self._sock.recv_into(buffer))


class _ErrorLog:
    """pywsgi writes tracebacks line by line; they go to our log as they are."""

    def write(self, text: str) -> None:
        if text.strip():
            log.error("server.error %s", text.rstrip())

    def writelines(self, lines: Any) -> None:
        self.write("".join(lines))

    def flush(self) -> None: ...

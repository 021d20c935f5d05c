"""From an HTTP request to our WebSocket: the opening handshake (RFC 6455, 4.2) under pywsgi.

Owns what a good handshake is and how a bad one is answered (400, or 426 with the version we
speak). It negotiates no compression and no subprotocol, and writes no log line.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from collections.abc import Mapping
from typing import Any

from gevent.pywsgi import WSGIHandler
from geventwebsocket.exceptions import WebSocketError
from geventwebsocket.handler import WebSocketHandler

from web.websocket import Bounds, WebSocket
from web.websocket_frames import INTERNAL_ERROR

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION = "13"
_ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)

Refusal = tuple[str, str]  # an HTTP status, and a sentence for whoever debugs the client


class Handler(WebSocketHandler):  # type: ignore[misc] # the package has no types
    """pywsgi's handler: an upgrade reaches the application with environ['wsgi.websocket'],
    everything else as it is. A subclass may set other `bounds`."""

    bounds = Bounds()
    websocket: Any = None

    def run_application(self) -> None:
        environ = self.environ
        # Exactly this word, as Engine.IO compares it; a list may name it beside others, and
        # the application then answers as if there had been none, which HTTP allows.
        wanted = environ.get("HTTP_UPGRADE", "").strip().lower() == "websocket"
        if environ["REQUEST_METHOD"] != "GET" or not wanted:
            WSGIHandler.run_application(self)
            return
        refused = refusal(environ, self.request_version)
        if refused is None:
            self._accept()
            self.run_websocket()
            return
        status, sentence = refused
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        if status.startswith("426"):
            headers += [("Upgrade", "websocket"), ("Sec-WebSocket-Version", _VERSION)]
        self.start_response(status, headers)
        self.result = [sentence.encode() + b"\n"]
        self.process_result()

    def run_websocket(self) -> None:
        """Returns when the application has, and the descriptor is closed; or, when the
        application listens, at once: the connection is the hub's."""
        websocket = self.websocket
        try:
            # That its connection ended is no fault of the application.
            with contextlib.suppress(WebSocketError):
                for _ in self.application(self.environ, _ignore_response):
                    pass
            if websocket.listening:
                return
            websocket.close()
            websocket.wait_closed()
        except Exception:
            websocket.close(INTERNAL_ERROR)
            websocket.wait_closed()
            raise
        finally:
            if not websocket.listening:
                websocket.abort()
            self.environ["wsgi.websocket"] = self.websocket = None

    def log_request(self) -> None: ...

    def _accept(self) -> None:
        early = self._early()
        websocket = WebSocket(self.socket, self.bounds)
        websocket.writer.put(_ACCEPTED % accept_key(self.environ["HTTP_SEC_WEBSOCKET_KEY"]))
        websocket.feed(early)
        self.websocket = self.environ["wsgi.websocket"] = websocket
        self.environ["wsgi.websocket_version"] = _VERSION
        # What pywsgi must know: an answer was begun, and the connection is not used again.
        self.status = "101 Switching Protocols"
        self.code = 101
        self.headers_sent = self.close_connection = True
        self.response_length = 1

    def _early(self) -> bytes:
        """What pywsgi's reader holds beyond the request: frames of a hasty client. The reader
        is closed, which frees its buffer; nothing reads through it again."""
        self.socket.settimeout(0.0)  # peek must not wait
        early = b""
        with contextlib.suppress(OSError):  # a reset is met again by the first receive
            early = bytes(self.rfile.peek())
        self.rfile.close()
        return early


def refusal(environ: Mapping[str, Any], http_version: str) -> Refusal | None:
    """What is wrong with this upgrade request; None: nothing."""
    if http_version != "HTTP/1.1":
        return "400 Bad Request", "A WebSocket needs HTTP/1.1."
    if not environ.get("HTTP_HOST"):
        return "400 Bad Request", "Host is missing."
    if not _names(environ, "HTTP_CONNECTION", "upgrade"):
        return "400 Bad Request", "Connection must name Upgrade; does a proxy drop it?"
    if environ.get("CONTENT_LENGTH", "0") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ:
        return "400 Bad Request", "A WebSocket handshake has no body."
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION", "").strip() != _VERSION:
        return "426 Upgrade Required", f"Sec-WebSocket-Version must be {_VERSION}."
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        return "400 Bad Request", "Sec-WebSocket-Key must be 16 bytes in base64."
    return None


def accept_key(key: str) -> bytes:
    """The value of Sec-WebSocket-Accept for a client's Sec-WebSocket-Key."""
    digest = hashlib.sha1(key.strip().encode("latin-1") + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest)


def _names(environ: Mapping[str, Any], header: str, word: str) -> bool:
    """Whether a header that is a list holds `word`, in any case."""
    return word in (name.strip() for name in environ.get(header, "").lower().split(","))


def _ignore_response(*_: Any) -> Any:
    """The application's start_response: 101 was the response."""
    return lambda _: None

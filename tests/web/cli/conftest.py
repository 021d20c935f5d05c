"""A tiny real HTTP server that remembers what it was asked and answers as it was told."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.held_ports import held_port


class Asked(NamedTuple):
    method: str
    path: str
    body: Any
    token: str | None
    query: str = ""


Answer = tuple[int, Any]


class TinyServer:
    """`answer` maps what is asked to (status, body); a status of 0 hangs up instead."""

    def __init__(self, port: int | None = None) -> None:
        """On a port of its own, which nobody else is given when it is closed."""
        port = held_port() if port is None else port
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Answer] = lambda asked: (200, {})
        self._open: list[socket.socket] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                owner._open.append(self.connection)

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                address = urlsplit(self.path)
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                asked = Asked(
                    self.command,
                    address.path,
                    json.loads(raw) if raw else None,
                    token or None,
                    address.query,
                )
                owner.asked.append(asked)
                status, body = owner.answer(asked)
                if status == 0:
                    self.close_connection = True
                    return
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815 - http.server asks for them
            do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = False  # they are waited for

            def handle_error(self, *_: object) -> None:
                """Connections that break are what some tests are about."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def said(self, method: str, ending: str) -> list[Any]:
        """The bodies of the requests whose path ends so."""
        return [a.body for a in self.asked if a.method == method and a.path.endswith(ending)]

    def close(self) -> None:
        """As a process that is killed: kept-alive connections break too. Its threads have ended
        and closed their sockets when this returns."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._thread.join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()


def refusal(code: str, status: int = 400, **more: Any) -> Answer:
    error = {"code": code, "message": f"It is {code}", "retryable": False} | more
    return status, {"error": error}


@pytest.fixture
def server() -> Iterator[TinyServer]:
    tiny = TinyServer()
    yield tiny
    tiny.close()


@pytest.fixture
def refuse() -> Callable[..., Answer]:
    return refusal


@pytest.fixture
def start_server() -> Iterator[Callable[[int], TinyServer]]:
    """Starts one on a given port, for servers that come back."""
    started: list[TinyServer] = []

    def start(port: int) -> TinyServer:
        started.append(TinyServer(port))
        return started[-1]

    yield start
    for tiny in started:
        tiny.close()


@pytest.fixture(autouse=True)
def _no_settings_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EARSHOT_URL", "EARSHOT_TOKEN", "JWT_SECRET", "PORT", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)

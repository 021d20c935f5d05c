"""The server process: settings, store, node, listening, signals, drain.

Owns the order in which a process comes up and goes down, and its exit codes: 0 after a
drain, 1 when it cannot start (with a sentence that says why, never a traceback). gevent is
patched by __main__.py before this is imported.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from gevent.pywsgi import WSGIHandler, WSGIServer

from engine import store
from engine.config import Settings, SettingsError, load
from engine.identity import Tokens
from engine.secret_strength import SHORTEST, weakness
from engine.store_embedded import EmbeddedStore
from web.app import create_app
from web.collector import Collector
from web.node import Node
from web.turns import Turns
from web.websocket import Bounds
from web.websocket_handshake import Handler

log = logging.getLogger("earshot.server")

CONFIG = Path("config.yaml")
BACKLOG = 1024
SOCKETS_PATH = "/socket.io/"


class CannotStart(Exception):
    """The message is for the person who starts the server."""


class PacedServer(WSGIServer):  # type: ignore[misc] # gevent has no types
    """Takes one new connection in a pass of the loop, so that a crowd that arrives at once
    waits in the kernel's queue and those who are connected get their turn in between."""

    max_accept = 1


class QuietHandler(Handler):
    """No line per request, as its base: what matters is counted, and paths may hold call ids."""

    def run_application(self) -> None:
        """WebSockets live under Socket.IO's path; anywhere else an upgrade is not offered."""
        if self.environ.get("PATH_INFO", "").startswith(SOCKETS_PATH):
            super().run_application()
        else:
            WSGIHandler.run_application(self)

    def log_error(self, msg: str, *args: Any) -> None:
        """pywsgi quotes what it could not read, which may be transcript text."""
        log.warning("server.unreadable_request peer=%s", self.client_address)

    def handle(self) -> None:
        """pywsgi sends head and body apart; without this the body waits 40 ms for the peer's
        acknowledgement of the head."""
        if self.socket.family in (socket.AF_INET, socket.AF_INET6):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):  # met again by whoever reads
            self.rfile.peek(1)
        Turns.here().wait()  # a new connection, perhaps of a crowd
        super().handle()


def main() -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    for noisy in ("bm25s", "engineio.server", "geventwebsocket.handler", "socketio.server"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        settings = load(CONFIG if CONFIG.exists() else None, os.environ)
        Server(settings).run()
    except (SettingsError, CannotStart, store.StoreUnusable) as problem:
        print(f"earshot: {problem}", file=sys.stderr)  # noqa: T201 - for the person at the keyboard
        return 1
    return 0


class Server:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._embedded: EmbeddedStore | None = None
        self._stop = Event()

    def run(self) -> None:
        """Raises CannotStart or StoreUnusable before anything is served."""
        settings = self._settings
        _require_keys(settings)
        listener = self._listen()
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._stop.set)
        try:
            url = self._open_store()
            node = Node(settings, url)
        except BaseException:
            listener.close()
            self._close_store()
            raise
        try:
            self._serve(node, listener)
        finally:
            node.close()
            self._close_store()
            log.info("server.stopped")

    def _serve(self, node: Node, listener: socket.socket) -> None:
        app = create_app(node)
        QuietHandler.bounds = Bounds(
            message_bytes=self._settings.limits.frame_bytes,
            dead_peer_s=ceil(  # the kernel counts in whole seconds
                self._settings.server.ping_interval_s + self._settings.server.ping_timeout_s
            ),
            # After `slow`, which says why and lets the client come back.
            send_timeout_s=self._settings.limits.slow_s * 1.5,
        )
        server = PacedServer(
            listener, app.flask, log=None, error_log=_ErrorLog(), handler_class=QuietHandler
        )
        server.start()
        host, port = listener.getsockname()[:2]
        log.info("server.listening url=http://%s:%d", host, port)
        print(f"listening on http://{host}:{port}", file=sys.stderr, flush=True)  # noqa: T201
        collector = Collector(lambda: node.dispatcher.handled)
        self._stop.wait()
        log.info("server.draining")
        collector.close()
        with gevent.Timeout(self._settings.server.drain_s * 0.8, False):
            node.drain()
            server.close()
            while node.directory.connections:
                gevent.sleep(0.05)
        server.stop(timeout=1)
        app.socketio.server.manager.close()

    def _listen(self) -> socket.socket:
        """The port is taken before the store is started: a second server must not touch it."""
        address = (self._settings.server.host, self._settings.server.port)
        listener = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as problem:
            listener.close()
            reason = os.strerror(problem.errno) if problem.errno else str(problem)
            raise CannotStart(
                f"Cannot listen on {address[0]}:{address[1]}: {reason}. "
                "Another port: PORT=5001, or server.port in config.yaml."
            ) from None
        return listener

    def _open_store(self) -> str:
        settings = self._settings.store
        if settings.url:
            facts = store.wait_for(settings.url, settings.connect_timeout_s, notify=_tell)
            url = settings.url
        else:
            self._embedded = EmbeddedStore.start(Path(settings.data_dir), fsync=settings.fsync)
            url = self._embedded.url
            facts = store.wait_for(url, settings.connect_timeout_s)
            if self._embedded.taken_over:
                log.info("store.taken_over pid=%d", self._embedded.pid)
        for warning in facts.warnings:
            log.warning("store.warning %s", warning)
        log.info("store.ready flavour=%s version=%s", facts.flavour, facts.version)
        return url

    def _close_store(self) -> None:
        if self._embedded is not None:
            self._embedded.stop()


def _require_keys(settings: Settings) -> None:
    """Raises CannotStart where tokens could not be checked, or anybody could make them."""
    if settings.tokens.algorithm == "HS256":
        if not settings.jwt_secret:
            raise CannotStart(
                "JWT_SECRET is not set, so no token could be checked. Set it to a long random "
                "string, or use `make run` for a demo that makes its own."
            )
        found = weakness(settings.jwt_secret)
        if found and (not settings.development.tokens or len(settings.jwt_secret) < SHORTEST):
            raise CannotStart(f"JWT_SECRET {found}. A good one: `openssl rand -hex 32`.")
    try:
        Tokens(settings)
    except ValueError as problem:
        raise CannotStart(f"{problem}.") from None


class _ErrorLog:
    """pywsgi writes tracebacks line by line; they go to our log as they are."""

    def write(self, text: str) -> None:
        if text.strip():
            log.error("server.error %s", text.rstrip())

    def writelines(self, lines: Any) -> None:
        self.write("".join(lines))

    def flush(self) -> None: ...


def _tell(sentence: str) -> None:
    print(f"earshot: {sentence}", file=sys.stderr)  # noqa: T201

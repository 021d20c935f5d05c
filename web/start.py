"""How a server starts: its settings, the port, the store, and then one process or several.

Owns what comes before anything is served, whoever serves, and the exit codes: 0 after a drain,
1 when it cannot start, 2 when a setting has to be mended first (with a sentence that says why,
never a traceback). gevent is patched by __main__.py before this is imported. It imports only
what a parent needs, which serves nothing.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import gevent
from gevent.event import Event

from engine import store
from engine.addresses import is_safe
from engine.config import Settings, SettingsError
from engine.config_sources import load
from engine.config_words import listed
from engine.identity import Tokens
from engine.secret_strength import SHORTEST, weakness
from engine.store_embedded import EmbeddedStore
from web import usage
from web.place import Place, name_of_node, place_in
from web.ranking import child
from web.ranking.frames import Begin
from web.store_keeper import StoreKeeper

log = logging.getLogger("earshot.server")

CONFIG = Path("config.yaml")
BACKLOG = 1024
CANNOT_START, ILL_SETTINGS = 1, 2  # exit codes


class CannotStart(Exception):
    """The message is for the person who starts the server."""


def main(arguments: Sequence[str] = ()) -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    if arguments:
        return usage.answer(arguments)
    try:
        log_to_stderr(os.environ.get("LOG_LEVEL") or "INFO")
        settings = load(CONFIG if CONFIG.exists() else None, os.environ)
        check(settings)
    except (SettingsError, CannotStart) as problem:
        say(str(problem))
        return ILL_SETTINGS
    try:
        place = place_in(os.environ)
        if place is None and settings.server.processes > 1:
            from web.processes import Parent

            return Parent(settings).run()
        run(settings, place)
    except (CannotStart, store.StoreUnusable) as problem:
        say(str(problem))
        return CANNOT_START
    return 0


def run(settings: Settings, place: Place | None) -> None:
    """One process that serves, until it is told to stop. The ranking process imports and then
    reads documents beside our own imports (1.5 s): both together have to be there in 3 s."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stop.set)
    ranking = child.start()
    try:
        listener = listen(settings) if place is None else socket.socket(fileno=place.listener)
        with closing(listener), closing(OpenStore(settings, warned=place is not None)) as opened:
            name = name_of_node()
            ranking = ranking.begin(Begin(opened.url, name, settings))
            from web.server import Server

            Server(settings, name, listener, opened, stop, place, ranking).run()
        log.info("server.stopped")
    finally:
        ranking.end()  # where nothing was served; else it has ended


def log_to_stderr(level: str) -> None:
    """Raises SettingsError where there is no such level."""
    if level.upper() not in usage.LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL must be {listed(usage.LOG_LEVELS)}, not {level!r}")
    logging.basicConfig(
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    for noisy in ("bm25s", "engineio.server", "geventwebsocket.handler", "socketio.server"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def check(settings: Settings) -> None:
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
    if settings.sign_in.issuer:
        _check_sign_in(settings)
    try:
        Tokens(settings)
    except ValueError as problem:
        raise CannotStart(f"{problem}.") from None


def _check_sign_in(settings: Settings) -> None:
    """Raises CannotStart, naming what is missing."""
    found = weakness(settings.jwt_secret)
    if found:
        raise CannotStart(
            f"sign_in is on, and its sessions are sealed with JWT_SECRET, which "
            f"{found if settings.jwt_secret else 'is not set'}. "
            "A good one: `openssl rand -hex 32`."
        )
    for name in ("client_id", "url"):
        if not getattr(settings.sign_in, name):
            raise CannotStart(f"sign_in.issuer is set, and sign_in.{name} is not.")
    for name in ("issuer", "url"):
        if not is_safe(getattr(settings.sign_in, name)):
            raise CannotStart(f"sign_in.{name} is no https address (http only for this machine).")


def listen(settings: Settings) -> socket.socket:
    """The port is taken before the store is started: a second server must not touch it."""
    address = (settings.server.host, settings.server.port)
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


class OpenStore:
    """The store that the settings name, or our own, which is kept running until `close`. What
    is wrong with its settings goes to the log, unless `warned`: whoever started this process
    has said it."""

    def __init__(self, settings: Settings, *, warned: bool = False) -> None:
        self._warned = warned
        self._embedded: EmbeddedStore | None = None
        self._keeper: StoreKeeper | None = None
        try:
            self.url = self._open(settings)
        except BaseException:
            self.close()
            raise

    def _open(self, settings: Settings) -> str:
        wanted = settings.store
        if wanted.url:
            facts = store.wait_for(wanted.url, wanted.connect_timeout_s, notify=say)
            url = wanted.url
        else:
            self._embedded = EmbeddedStore.start(Path(wanted.data_dir), fsync=wanted.fsync)
            url = self._embedded.url
            facts = store.wait_for(url, wanted.connect_timeout_s)
            if self._embedded.taken_over:
                log.info("store.taken_over pid=%d", self._embedded.pid)
            self._keeper = StoreKeeper(self._embedded).start()
        for warning in () if self._warned else facts.warnings:
            log.warning("store.warning %s", warning)
        log.info("store.ready flavour=%s version=%s", facts.flavour, facts.version)
        return url

    @property
    def trouble(self) -> str | None:
        """Why our own store will not come back by itself; None while it may."""
        return self._keeper.trouble if self._keeper is not None else None

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        if self._embedded is not None:
            self._embedded.stop()


def announce(listener: socket.socket) -> None:
    """That it takes traffic, to the log and to the person who started it."""
    host, port = listener.getsockname()[:2]
    log.info("server.listening url=http://%s:%d", host, port)
    print(f"listening on http://{host}:{port}", file=sys.stderr, flush=True)  # noqa: T201


def say(text: str) -> None:
    """For the person at the keyboard; each line for itself."""
    for line in text.splitlines():
        print(f"earshot: {line}", file=sys.stderr)  # noqa: T201

"""Several processes on one port, and the parent that looks after them.

Owns their beginning and end: the port and the store are opened once, each process is a server
of its own on the inherited socket, one that dies is started again, signals are passed on, and
the store is closed when all have gone. It serves nothing and holds no connection; when it is
killed, its processes notice and drain.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from engine.config import Settings
from web.place import Place
from web.start import CANNOT_START, ILL_SETTINGS, CannotStart, OpenStore, announce, listen

log = logging.getLogger("earshot.processes")

AFTER_DRAIN_S = 3.0  # beyond server.drain_s, then a process is killed
RESTART_S, LONGEST_RESTART_S = 0.1, 10.0  # before a process is started again; doubles
SETTLED_S = 60.0  # lived so long: what follows counts anew
DEATHS_IN_A_ROW = 12  # of one process, half a minute's worth; then the server ends
SOCKET_PATH_BYTES = 100


class Parent:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of = settings.server.processes
        self._stop = Event()
        self._failed = False
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._ready = {number: Event() for number in range(1, self._of + 1)}
        self._environment: dict[str, str] = {}

    def run(self) -> int:
        """Raises CannotStart or StoreUnusable before any process is started."""
        self._listener = listen(self._settings)
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._on_signal)
        self._folder = _folder()
        try:
            opened = OpenStore(self._settings)
            try:
                self._environment = {**os.environ, "REDIS_URL": opened.url}
                self._keep_all()
            finally:
                opened.close()
        finally:
            self._listener.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            log.info("processes.ended")
        return int(self._failed)

    def _on_signal(self) -> None:
        self._stop.set()
        self._pass_on(signal.SIGTERM)

    def _pass_on(self, number: signal.Signals) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(number)

    def _keep_all(self) -> None:
        keepers = [gevent.spawn(self._keep, number) for number in self._ready]
        announcer = gevent.spawn(self._announce)
        self._stop.wait()
        announcer.kill()
        # Whoever comes from here on is refused by the processes, as long as they listen.
        self._listener.close()
        self._pass_on(signal.SIGTERM)
        patience_s = self._settings.server.drain_s + AFTER_DRAIN_S
        if len(gevent.joinall(keepers, timeout=patience_s)) < len(keepers):
            log.error("processes.killed after_s=%.0f", patience_s)
            self._failed = True
            self._pass_on(signal.SIGKILL)
            gevent.joinall(keepers, timeout=AFTER_DRAIN_S)

    def _announce(self) -> None:
        for ready in self._ready.values():
            ready.wait()
        announce(self._listener)

    # --- one process ----------------------------------------------------------------------

    def _keep(self, number: int) -> None:
        """Start it, and again whenever it dies, until the server stops."""
        deaths = 0
        while not self._stop.is_set():
            began = time.monotonic()
            code = self._run_one(number)
            if self._stop.is_set():
                return
            if code in (CANNOT_START, ILL_SETTINGS) and not self._ready[number].is_set():
                self._give_up()  # it cannot start, and has said why
                return
            deaths = 1 if time.monotonic() - began > SETTLED_S else deaths + 1
            if deaths > DEATHS_IN_A_ROW:
                log.error("processes.given_up process=%d deaths=%d", number, deaths)
                self._give_up()
                return
            pause_s = min(LONGEST_RESTART_S, RESTART_S * 2 ** (deaths - 1))
            log.warning("processes.died process=%d code=%d again_in_s=%.1f", number, code, pause_s)
            self._stop.wait(pause_s)

    def _give_up(self) -> None:
        self._failed = True
        self._stop.set()

    def _run_one(self, number: int) -> int:
        """The exit code; negative: the signal that killed it."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                listener, parent = self._listener.fileno(), theirs.fileno()
                place = Place(number, self._of, self._folder, listener, parent)
                child = subprocess.Popen(
                    [sys.executable, *sys.orig_argv[1:]],
                    env=self._environment | place.environ(),
                    pass_fds=(listener, parent),
                )
            self._children[number] = child
            if self._stop.is_set():  # while it was being started
                child.terminate()
            log.info("processes.started process=%d pid=%d", number, child.pid)
            watcher = gevent.spawn(self._await_ready, ours, number)
            try:
                return child.wait()
            finally:
                watcher.kill()

    def _await_ready(self, link: Any, number: int) -> None:
        if link.recv(1):
            self._ready[number].set()


def _folder() -> Path:
    """For the sockets between the processes; nobody else may enter."""
    for parent in (None, "/tmp"):  # the second where the first is too long for a socket
        found = tempfile.mkdtemp(prefix="earshot-", dir=parent)
        if len(found.encode()) < SOCKET_PATH_BYTES:
            return Path(found)
        os.rmdir(found)
    raise CannotStart("The folder for temporary files has a path too long for sockets: TMPDIR.")

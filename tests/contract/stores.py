"""A store of a test's own, which may be stopped, killed and started again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from engine.store import connect

BOUND_S = 30.0


class OwnStore:
    """A server process that a test may stop, kill and start again."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        self.folder, self.program, self.options = folder, program, options
        self.socket = folder / "store.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        arguments = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        options = ("--save", "", *self.options, *options)
        with (self.folder / "store.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, *arguments, *options], stdout=log, stderr=log
            )
        deadline = time.monotonic() + BOUND_S
        with contextlib.closing(connect(self.url, socket_timeout_s=1)) as client:
            while True:
                try:
                    client.ping()
                except redis.BusyLoadingError:
                    return
                except redis.RedisError:
                    alive = self._process.poll() is None and time.monotonic() < deadline
                    assert alive, (self.folder / "store.log").read_text()
                    time.sleep(0.01)
                else:
                    return

    def send(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=BOUND_S)
            self._process = None


@contextlib.contextmanager
def running(program: str, folder: Path) -> Iterator[str]:
    store = OwnStore(program, folder)
    try:
        store.start()
        yield store.url
    finally:
        store.kill()

"""The ranking process as an operating system sees it: a child and the socket to it.

Owns how it is started and what of our environment it gets. Its program takes a second to
import, so a server may start it ahead, before it knows whether it is needed, and tell it to
begin as soon as the store is open: it then reads documents while the server imports the rest.
Until it is told to begin it has read nothing and does nothing.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from web.ranking.frames import Begin, packed

ROOT = Path(__file__).parents[2]


class Child(NamedTuple):
    """`link` closed on our side, or our end, is the end of it. `begun`: it has been told to."""

    process: Any
    link: socket.socket
    begun: bool = False

    def begin(self, begin: Begin) -> Child:
        """Tell it to, unless it has been. One that has died meanwhile is found when it is
        read from."""
        if not self.begun:
            with suppress(OSError):
                self.link.sendall(packed(begin))
        return self._replace(begun=True)

    def end(self, patience_s: float = 0.0) -> None:
        """It ends by itself within `patience_s`, or is killed: one that was not told to begin
        has nothing to lose. Again is harmless."""
        self.link.close()  # for it, the end of its input
        if patience_s and self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience_s)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def start() -> Child:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "web.ranking"],
            stdin=theirs.fileno(),
            env=_environment(),
        )
    return Child(process, ours)


def _environment() -> dict[str, str]:
    """Without secrets that it does not need: what it needs comes through the socket."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("EARSHOT__")}
    for secret in ("JWT_SECRET", "REDIS_URL"):
        kept.pop(secret, None)
    # numpy's BLAS would start a thread a core, which spin beside the loop; glibc would give
    # each thread a heap of its own and keep what is free in all of them.
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    return kept | threads | {"PYTHONPATH": str(ROOT)}

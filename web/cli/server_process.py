"""`python -m web` as a child process.

Owns its start and its end. The child has a session of its own, so that Ctrl-C in a terminal
reaches whoever started it and not the server first.
"""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

from web.cli.failures import Failure

AFTER_DRAIN_S = 5.0  # for the store to stop, after the drain


def refuse_used_port(host: str, port: int) -> None:
    """Raises Failure when somebody listens there already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise Failure(
                    f"Port {port} is in use by another program.\n"
                    f"End that one, or choose another port: make run PORT={port + 1}"
                ) from None
            raise Failure(f"Port {port} cannot be used: {problem.strerror}.") from None


class ServerProcess:
    """Started when made. `drain_s`: how long the server may take to say goodbye."""

    def __init__(self, environment: Mapping[str, str], *, drain_s: float) -> None:
        self._drain_s = drain_s
        self._process = subprocess.Popen(
            [sys.executable, "-m", "web"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def ending(self) -> str:
        """How it ended, for people."""
        code = self._process.returncode
        if self.killed:
            return f"was killed ({signal.Signals(-code).name})"
        return f"ended by itself with exit code {code}; it says why above"

    @property
    def killed(self) -> bool:
        """Whether a signal ended it, which it could not answer."""
        code = self._process.returncode
        return code is not None and code < 0

    def stop(self) -> bool:
        """Lets it drain; False when it had to be killed."""
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(self._drain_s + AFTER_DRAIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        return True

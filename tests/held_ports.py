"""Ports that stay a test's own while nothing listens on them.

Between the choice of a free port and the listening on it, and between the end of a server and
its next start, another process may be given the port. A bound socket that does not listen keeps
it: the kernel gives it to nobody who asks for any port and to no outgoing connection, whoever
connects is refused, and whoever names it and sets SO_REUSEADDR, as servers do, may listen there.
Owns these sockets; they live as long as the process.
"""

from __future__ import annotations

import contextlib
import socket

HOST = "127.0.0.1"
_held: list[socket.socket] = []


def held_port(beside: int = 0) -> int:
    """A port of this machine; with `beside`, the port so much higher is held too (a cluster's
    bus is 10,000 above)."""
    while True:
        held = [_bound(0)]
        port = int(held[0].getsockname()[1])
        with contextlib.suppress(OSError, OverflowError):
            if beside:
                held.append(_bound(port + beside))
            _held.extend(held)
            return port
        held[0].close()


def held_ports(count: int, beside: int = 0) -> list[int]:
    return [held_port(beside) for _ in range(count)]


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
    except BaseException:
        made.close()
        raise
    return made

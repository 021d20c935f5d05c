"""The servers that are compared: how each is started, and what it wants to be told.

Owns the processes it starts and ends them. A server runs alone on SERVER_CORE, listens on
127.0.0.1 and gets PORT, JWT_SECRET and REDIS_URL from its environment, like in life.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ROOT / "bench" / "servers"
PEERS_PYTHON = str(SERVERS / ".venv" / "bin" / "python")
SERVER_CORE = 0
LOAD_CORE = 1
START_S = 20.0
STOP_S = 10.0
SECRET = "benchmark-secret-of-at-least-32-bytes"
OPEN_FILES = 100_000  # wished for; the hard limit of the machine is what there is


class Server(NamedTuple):
    """`calls`: calls must be created before anybody joins them."""

    name: str
    title: str
    command: tuple[str, ...]
    calls: bool = False
    store: bool = False


OURS = "earshot"
STOCK = "stock"
NODE = "node"
FLOOR = "floor"
STREAMS = "node_streams"

ALL = {
    server.name: server
    for server in (
        Server(OURS, "Earshot", (sys.executable, "bench/servers/earshot_relay.py"), True, True),
        Server(STOCK, "Flask-SocketIO (gevent)", (PEERS_PYTHON, "bench/servers/stock.py")),
        Server("asgi", "python-socketio (uvicorn)", (PEERS_PYTHON, "bench/servers/asgi.py")),
        Server(NODE, "Node socket.io (ws)", ("node", "bench/servers/node.mjs")),
        Server(
            STREAMS,
            "Node socket.io, Redis streams",
            ("node", "bench/servers/node_streams.mjs"),
            store=True,
        ),
        Server(FLOOR, "system calls alone (C)", ("bench/load/floor",)),
    )
}
# Where no benchmark-only command is needed, ours is the product as it is started by users.
PRODUCT = Server(OURS, "Earshot", (sys.executable, "-m", "web"), True, True)


class ServerFailed(Exception):
    """It did not come up; the message holds the end of what it wrote."""


class Running(NamedTuple):
    server: Server
    pid: int
    port: int


@contextmanager
def running(server: Server, log: Path, store_url: str) -> Iterator[Running]:
    """A started server that accepts connections; ended with the block."""
    port = free_port()
    environment = os.environ | {
        "PORT": str(port),
        "JWT_SECRET": SECRET,
        "REDIS_URL": store_url,
        "EARSHOT__LIMITS__MAX_CONNECTIONS": "50000",
        "EARSHOT__LIMITS__CONNECTIONS_PER_AGENT": "50000",
        "EARSHOT__LIMITS__AGENT_COMMANDS_PER_S": "1000000",
        "EARSHOT__LIMITS__PRODUCER_SEGMENTS_PER_S": "10000000",
        "LOG_LEVEL": "WARNING",
        "NODE_ENV": "production",
    }
    command = ["taskset", "-c", str(SERVER_CORE), *server.command]
    with log.open("wb") as written:
        process = subprocess.Popen(  # taskset executes the server in its own place: one pid
            command, cwd=ROOT, env=environment, stdout=written, stderr=written
        )
    try:
        _wait_for(process, port, server, log)
        yield Running(server, process.pid, port)
    finally:
        _end(process)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, server: Server, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(0.2)  # modules that are imported late
                return
        time.sleep(0.05)
    tail = log.read_text(errors="replace")[-800:]
    raise ServerFailed(f"{server.title} did not listen on port {port}:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Not a drain: what a benchmark leaves behind is nobody's."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)

"""Clients as our users have them: python-socketio and socket.io-client, with their defaults.

Each is a process of its own that knows only the bold fields of the protocol: at every
connect it sends its burst at once, asks for no acknowledgement, and reconnects as its
library does. It keeps what it heard; what happened to the connection itself is in there as
`(connect)`, `(disconnect)` and `(ended)`: the library will not connect again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.server import BOUND_S, ROOT, LiveServer, line, new_id, until

UI_PACKAGE = ROOT / "web" / "ui" / "package.json"
SCRIPTS = Path(__file__).parent / "clients"
KINDS = ("python-socketio", "socket.io-client")
TRANSPORTS: dict[str, dict[str, Any]] = {
    "polling then upgrade": {},
    "websocket only": {"transports": ["websocket"]},
    "polling only": {"transports": ["polling"]},
}
Burst = list[tuple[str, dict[str, Any]]]


def burst_of(server: LiveServer, agent_id: str, *call_ids: str) -> Burst:
    """What a plain client sends at every connect, all at once."""
    token = server.token(agent_id)
    subscriptions = [("call:subscribe", {"call_id": call_id}) for call_id in call_ids]
    return [("agent:connect", {"agent_id": agent_id, "auth_token": token}), *subscriptions]


class PlainClient:
    def __init__(self, kind: str, transports: str, url: str, burst: Burst) -> None:
        self.name = f"{kind}, {transports}"
        self.heard: list[tuple[str, Any]] = []
        settings = {"modules": str(UI_PACKAGE), "options": TRANSPORTS[transports], "burst": burst}
        self._process = subprocess.Popen(
            [*_program(kind), url, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            name, data = json.loads(text)
            self.heard.append((name, data))

    def named(self, *names: str) -> list[Any]:
        """The data of all these, in the order of arrival."""
        return [data for name, data in list(self.heard) if name in names]

    def seqs(self) -> list[int]:
        """Of the log's events, in the order of arrival."""
        events = [data for _, data in list(self.heard) if isinstance(data, dict)]
        return [data["seq"] for data in events if "seq" in data]

    def until(self, name: str, count: int = 1, bound_s: float = BOUND_S) -> Any:
        """Wait for so many of these in all; the last one's data."""

        def tail() -> str:
            return f"{self.name}: {name} {count} times: {self.heard[-8:]}"

        until(lambda: len(self.named(name)) >= count, bound_s, tail)
        return self.named(name)[count - 1]

    def emit(self, name: str, data: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, data]) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait(timeout=BOUND_S)
        self._reader.join(BOUND_S)
        self._process.stdout.close()


@contextlib.contextmanager
def one_of_each(url: str, burst: Burst) -> Iterator[list[PlainClient]]:
    """Of each kind, over each choice of transports."""
    with contextlib.ExitStack() as clients:
        made = []
        for kind in KINDS:
            for transports in TRANSPORTS:
                made.append(PlainClient(kind, transports, url, burst))
                clients.callback(made[-1].close)
        yield made


def hear_everything(server: LiveServer, url: str, finals: int) -> None:
    """One of each, connected to `url`, hears all that is said to the server, in order."""
    agent_id, producer = new_id("agent"), server.caller()
    call_id = producer.create(agent_id)
    with one_of_each(url, burst_of(server, agent_id, call_id)) as made:
        for client in made:
            client.until("call:status")
        for number in range(finals):
            producer.say(call_id, line(f"s{number}", speaker="agent"))
        for client in made:
            client.until("transcription:update", finals)
            assert sorted(client.seqs()) == list(range(1, finals + 2)), client.name
            assert client.named("error", "(disconnect)", "(connect_error)") == [], client.name


def _program(kind: str) -> list[str]:
    if kind == "python-socketio":
        return [sys.executable, str(SCRIPTS / "plain.py")]
    program = shutil.which("node")
    installed = (UI_PACKAGE.parent / "node_modules" / "socket.io-client").is_dir()
    if program is None or not installed:
        reason = "node is not installed" if program is None else "run `npm ci` in web/ui"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return [program, str(SCRIPTS / "plain.mjs")]

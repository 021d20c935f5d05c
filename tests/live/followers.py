"""Clients with a cursor, cheap enough for hundreds: each follows one call over a WebSocket or by
polling, comes back when its connection ends, and keeps account of what it applied.

Owns the account: what came twice, out of order or never, and how long it was away. Greenlets of
the test's process; the server is whoever `ports` names at the moment.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any

import gevent
from gevent import socket

from tests.live.comers import frame

ANSWER_S = 15.0
SILENT_S = 40.0  # pings come every 20 s
RETRY_S = 0.2
_UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

Ports = Callable[[], Sequence[int]]


class Ended(Exception):
    """The connection, or the attempt to have one."""


class WebSocketLine:
    """Engine.IO's texts over a WebSocket. Raises Ended."""

    def __init__(self, port: int) -> None:
        try:
            self._socket: Any = socket.create_connection(("127.0.0.1", port), ANSWER_S)
        except OSError as problem:
            raise Ended(str(problem)) from None
        self._read = b""
        try:
            self._socket.sendall(_UPGRADE.encode())
            while b"\r\n\r\n" not in self._read:
                self._more()
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            if b" 101 " not in head:
                raise Ended(head.decode().splitlines()[0])
            self._socket.settimeout(SILENT_S)
        except BaseException as problem:
            self.close()
            if isinstance(problem, OSError):
                raise Ended(str(problem)) from None
            raise

    def send(self, text: str) -> None:
        try:
            self._socket.sendall(frame(text))
        except OSError as problem:
            raise Ended(str(problem)) from None

    def texts(self) -> Iterator[str]:
        while True:
            kind, body = self._frame()
            if kind == 8:
                raise Ended("closed")
            if kind == 1:
                yield body.decode()

    def close(self) -> None:
        self._socket.close()

    def _frame(self) -> tuple[int, bytes]:
        head = self._exactly(2)
        length = head[1] & 127
        if length >= 126:
            length = int.from_bytes(self._exactly(2 if length == 126 else 8))
        return head[0] & 15, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        while len(self._read) < count:
            self._more()
        found, self._read = self._read[:count], self._read[count:]
        return found

    def _more(self) -> None:
        try:
            chunk = self._socket.recv(65536)
        except OSError as problem:
            raise Ended(str(problem)) from None
        if not chunk:
            raise Ended("the connection ended")
        self._read += chunk


class PollingLine:
    """The same by GET and POST, each on a connection of its own."""

    def __init__(self, port: int) -> None:
        self._get, self._post = (
            HTTPConnection("127.0.0.1", port, timeout=SILENT_S) for _ in range(2)
        )
        self._path = "/socket.io/?EIO=4&transport=polling"
        try:
            self._opened = self._ask(self._get, "GET")
            self._path += "&sid=" + json.loads(self._opened[1:])["sid"]
        except BaseException:
            self.close()
            raise

    def send(self, text: str) -> None:
        self._ask(self._post, "POST", text)

    def texts(self) -> Iterator[str]:
        yield self._opened
        while True:
            for text in self._ask(self._get, "GET").split("\x1e"):
                if text == "1":
                    raise Ended("closed")
                yield text

    def close(self) -> None:
        for connection in (self._get, self._post):
            connection.close()

    def _ask(self, connection: HTTPConnection, method: str, body: str | None = None) -> str:
        try:
            connection.request(method, self._path, body and body.encode())
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, HTTPException) as problem:
            raise Ended(str(problem)) from None
        if answer.status != 200:
            raise Ended(f"{answer.status}: {text[:200]}")
        return text


class Follower:
    """Begins when made. `applied`: seqs in the order in which they were applied."""

    def __init__(
        self, ports: Ports, token: str, call_id: str, line: type[WebSocketLine | PollingLine]
    ) -> None:
        self._ports, self._token, self._call_id, self._line = ports, token, call_id, line
        self._cursor: dict[str, Any] | None = None
        self.began_at = 0  # the seq of the first snapshot
        self.applied: list[int] = []
        self.repeated = self.out_of_order = self.reset = 0
        self.away_s: list[float] = []  # from an end to being subscribed again
        self.codes: list[str] = []  # of session:closing
        self.failures: list[str] = []
        self.live = False
        self._left_at: float | None = None
        self._greenlet = gevent.spawn(self._run)

    @property
    def seq(self) -> int:
        return self._cursor["seq"] if self._cursor else 0

    def close(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            after_s = RETRY_S
            try:
                after_s = self._follow_once()
            except Ended as problem:
                self.failures.append(str(problem))
            self.live = False
            if self._left_at is None:
                self._left_at = time.monotonic()
            gevent.sleep(after_s * random.uniform(0.8, 1.2))

    def _follow_once(self) -> float:
        """Until told to come back: then the seconds until which. Raises Ended."""
        line = self._line(random.choice(list(self._ports())))
        try:
            for text in line.texts():
                if text == "2":
                    line.send("3")
                elif text.startswith("0"):
                    line.send("40" + json.dumps({"token": self._token}))
                elif text.startswith("40"):
                    body = {"call_id": self._call_id, "since": self._cursor}
                    line.send("421" + json.dumps(["call:subscribe", body]))
                elif text.startswith("44"):
                    raise Ended(text)
                elif text.startswith("431"):
                    self._on_subscribed(json.loads(text[3:])[0])
                elif text.startswith("42"):
                    name, data = json.loads(text[2:])
                    if name == "session:closing":
                        self.codes.append(data["code"])
                        return float(data["after_ms"] / 1000)
                    self._apply(data)
            raise Ended("nothing more")
        finally:
            line.close()

    def _on_subscribed(self, answer: dict[str, Any]) -> None:
        if not answer["ok"]:
            raise Ended(str(answer["error"]))
        cursor = answer["data"]["cursor"]
        if self._cursor is None:
            self.began_at = cursor["seq"]
        elif cursor != self._cursor:
            self.reset += 1
        self._cursor = cursor
        self.live = True
        if self._left_at is not None:
            self.away_s.append(time.monotonic() - self._left_at)
            self._left_at = None

    def _apply(self, data: dict[str, Any]) -> None:
        if "seq" not in data or self._cursor is None or data["call_id"] != self._call_id:
            return
        expected = self._cursor["seq"] + 1
        if data["seq"] < expected:
            self.repeated += 1
        elif data["seq"] > expected or data["epoch"] != self._cursor["epoch"]:
            self.out_of_order += 1
        self.applied.append(data["seq"])
        self._cursor = {"epoch": data["epoch"], "seq": max(data["seq"], expected - 1)}

"""A Socket.IO client of one WebSocket and no thread: the test reads and writes packets itself.

For what ordinary clients hide: the exact order of packets, acknowledgements as they come,
and packets that no ordinary client would send. It keeps every packet it has read.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import websocket

from tests.live.server import BOUND_S

_CLOSED = (websocket.WebSocketConnectionClosedException, ConnectionError)
LAST_LOOK_S = 0.1  # after the bound: what came while the machine stood still has come in time


class Packet(NamedTuple):
    """`kind`: connect, connect_error, event, ack, disconnect, closed (of the transport)."""

    kind: str
    name: str = ""
    data: Any = None
    ack_id: int = -1


_KINDS = {"40": "connect", "41": "disconnect", "44": "connect_error"}


class RawClient:
    """Connected to the namespace once made, unless `join` is False. `auth` goes into the
    handshake."""

    def __init__(self, url: str, auth: dict[str, Any] | None = None, *, join: bool = True) -> None:
        address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._socket = websocket.create_connection(address, timeout=BOUND_S)
        self.heard: list[Packet] = []
        self._last_ack = 0
        assert str(self._socket.recv()).startswith("0{")
        if join:
            self.write("40" + (json.dumps(auth) if auth else ""))
            self.joined = self.until(lambda packet: packet.kind in ("connect", "connect_error"))

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError, websocket.WebSocketException):
            self._socket.close(timeout=1)
        self._socket.shutdown()

    # --- writing --------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """An Engine.IO packet as it stands."""
        self._socket.send(text)

    def write_binary(self, content: bytes) -> None:
        self._socket.send_binary(content)

    def emit(self, name: str, *arguments: Any) -> None:
        """Without asking for an acknowledgement."""
        self.write("42" + json.dumps([name, *arguments]))

    def ask(self, name: str, *arguments: Any) -> dict[str, Any]:
        """Emit, and wait for the acknowledgement."""
        return self.ask_raw(json.dumps([name, *arguments]))

    def ask_raw(self, array: str) -> dict[str, Any]:
        """The same with the packet's JSON as the test wrote it."""
        self._last_ack += 1
        mine = self._last_ack
        self.write(f"42{mine}{array}")
        answer = self.until(lambda packet: packet.kind == "ack" and packet.ack_id == mine)
        assert len(answer.data) == 1, "an acknowledgement is one object"
        found: dict[str, Any] = answer.data[0]
        return found

    def ok(self, name: str, *arguments: Any) -> dict[str, Any]:
        """The data of an acknowledgement that must say ok."""
        answer = self.ask(name, *arguments)
        assert answer["ok"] is True, answer
        found: dict[str, Any] = answer["data"]
        return found

    def refusal(self, name: str, *arguments: Any) -> dict[str, Any]:
        """The error of an acknowledgement that must refuse."""
        return refusal_in(self.ask(name, *arguments))

    # --- reading --------------------------------------------------------------------------

    def until(self, wanted: Callable[[Packet], Any], bound_s: float = BOUND_S) -> Packet:
        """The next packet that is wanted; all before it are kept in `heard`."""
        deadline = time.monotonic() + bound_s
        while True:
            packet = self.next(deadline - time.monotonic())
            if wanted(packet):
                return packet
            assert packet.kind != "closed", f"closed; heard {self.heard[-5:]}"

    def event(self, name: str, bound_s: float = BOUND_S) -> Any:
        """The data of the next event of this name."""
        return self.until(
            lambda packet: (packet.kind, packet.name) == ("event", name), bound_s
        ).data

    def error(self) -> Any:
        """The next `error` event, which must have the form of every refusal."""
        return refusal_in({"ok": False, "error": self.event("error")})

    def closed(self, bound_s: float = BOUND_S) -> None:
        """Read on until the transport is closed."""
        self.until(lambda packet: packet.kind == "closed", bound_s)

    def next(self, bound_s: float = BOUND_S) -> Packet:
        """The next packet that is not Engine.IO's own."""
        deadline = time.monotonic() + bound_s
        while True:
            left_s = deadline - time.monotonic()
            text = self._text(max(left_s, LAST_LOOK_S))
            assert text is not None or left_s > 0, f"nothing came in time; heard {self.heard[-5:]}"
            packet = self._heard(text) if text is not None else None
            if packet is not None:
                self.heard.append(packet)
                return packet

    def _text(self, bound_s: float) -> str | None:
        """The next text, "1" (Engine.IO's CLOSE) where the transport is closed; None: nothing
        came."""
        self._socket.settimeout(bound_s)
        try:
            text = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            return None
        except _CLOSED:
            return "1"
        return (text.decode() if isinstance(text, bytes) else text) or "1"

    def _heard(self, text: str) -> Packet | None:
        if text == "1":
            return Packet("closed")
        if text == "2":
            with contextlib.suppress(*_CLOSED):  # then the next text says so
                self.write("3")
            return None
        return _packet(text)

    def events(self, *names: str) -> list[Any]:
        """The data of every event heard so far with one of these names."""
        return [p.data for p in self.heard if p.kind == "event" and p.name in names]


def _packet(text: str) -> Packet | None:
    if text[:2] in _KINDS:
        return Packet(_KINDS[text[:2]], data=json.loads(text[2:]) if text[2:] else None)
    if text[:2] == "42":
        name, *arguments = json.loads(text[2:])
        return Packet("event", name, arguments[0] if arguments else None)
    if text[:2] == "43":
        start = text.index("[")
        return Packet("ack", data=json.loads(text[start:]), ack_id=int(text[2:start]))
    return None


def refusal_in(answer: dict[str, Any]) -> dict[str, Any]:
    """The error of an answer, which must have the form that every refusal has."""
    assert set(answer) == {"ok", "error"}, answer
    assert answer["ok"] is False
    error: dict[str, Any] = answer["error"]
    assert {"code", "message", "retryable"} <= set(error), error
    assert set(error) <= {"code", "message", "retryable", "field", "retry_after_ms"}, error
    return error


def still_answers(client: RawClient) -> bool:
    return client.ok("client:report", {"paint_ms": [1.5]}) == {}

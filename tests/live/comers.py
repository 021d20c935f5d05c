"""Clients that come and go, many at once and cheaply: raw sockets and as few bytes as it takes.

Owns the ways of leaving: by a CLOSE frame, by Engine.IO's CLOSE, by a reset, in the middle of a
handshake or of an upgrade, refused, or without a word. Each is a function that returns when its
client has gone.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from gevent import socket
from gevent.pool import Pool

BOUND_S = 60.0
_RESET = struct.pack("ii", 1, 0)
_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
_PING = b"\x81\x012"  # Engine.IO's
_CLOSED = b"\x88\x02\x03\xe8"  # 1000
_CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"  # the same of a client; a mask of zeroes is a mask


def frame(text: str) -> bytes:
    body = text.encode()
    if len(body) < 126:
        return b"\x81" + bytes((0x80 | len(body),)) + b"\0\0\0\0" + body
    return b"\x81\xfe" + len(body).to_bytes(2) + b"\0\0\0\0" + body


class Comer:
    """One connection to the server's port."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: Any = socket.create_connection(("127.0.0.1", port), BOUND_S)
        self._heard = b""

    def say(self, *texts: str) -> None:
        self._socket.sendall(b"".join(frame(text) for text in texts))

    def hear(self, wanted: bytes) -> bytes:
        """Read until it came; all that came before it, and it. Pings on the way are answered."""
        while wanted not in self._heard:
            chunk = self._socket.recv(65536)
            assert chunk, f"closed before {wanted!r}; heard {self._heard[-200:]!r}"
            new = max(0, len(self._heard) - len(_PING) + 1)
            self._heard += chunk
            for _ in range(self._heard.count(_PING, new)):
                self.say("3")
        end = self._heard.index(wanted) + len(wanted)
        before, self._heard = self._heard[:end], self._heard[end:]
        return before

    def open(self, sid: str = "") -> None:
        """Engine.IO over a WebSocket."""
        query = "EIO=4&transport=websocket" + (f"&sid={sid}" if sid else "")
        self._request("GET", query, _UPGRADE)
        self.hear(b"\r\n\r\n")
        if not sid:
            self.hear(b"0{")

    def ask(self, method: str, query: str, body: str = "") -> str:
        """Over HTTP; the body of the answer."""
        self._request(method, query, f"Content-Length: {len(body)}\r\n" if body else "", body)
        head = self.hear(b"\r\n\r\n").lower()
        start = head.index(b"content-length:") + 15
        length = int(head[start : head.index(b"\r\n", start)])
        while len(self._heard) < length:
            chunk = self._socket.recv(65536)
            assert chunk, "closed inside an answer"
            self._heard += chunk
        answer, self._heard = self._heard[:length], self._heard[length:]
        return answer.decode()

    def _request(self, method: str, query: str, headers: str, body: str = "") -> None:
        head = f"{method} /socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
        self._socket.sendall((head + body).encode())

    def ended(self) -> None:
        """The server closes; what it says before is passed over, and its CLOSE answered."""
        self.hear(_CLOSED)
        self._socket.close()

    def leave(self) -> None:
        """CLOSE, and the server's answer to it."""
        self._socket.sendall(_CLOSE)
        self.ended()

    def vanish(self) -> None:
        """A reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._socket.close()

    def hang_up(self) -> None:
        self._socket.close()


class Crowd:
    """`ways` are all ways to come and go, each with how often it is taken."""

    def __init__(self, port: int, token: str, call_id: str) -> None:
        self.port = port
        self._join = "40" + json.dumps({"token": token})
        self._subscribe = "421" + json.dumps(["call:subscribe", {"call_id": call_id}])
        self.ways: list[tuple[int, Callable[[], None]]] = [
            (3, self.by_close_frame),
            (2, self.by_reset),
            (2, self.subscribed_and_by_close_frame),
            (2, self.subscribed_and_by_reset),
            (2, self.by_packet),
            (1, self.by_leaving_the_namespace),
            (2, self.refused),
            (1, self.of_no_namespace),
            (1, self.without_joining),
            (1, self.ill),
            (1, self.in_the_handshake),
            (1, self.polling),
            (1, self.polling_and_reset),
            (1, self.polling_and_silent),
            (1, self.upgraded),
            (1, self.in_the_upgrade),
        ]

    def come_and_go(self, count: int, at_once: int) -> None:
        """So many clients, in all ways; raises what any of them met."""
        turns = [way for often, way in self.ways for _ in range(often)]
        pool = Pool(at_once)
        gone = [pool.spawn(turns[number % len(turns)]) for number in range(count)]
        pool.join()
        for one in gone:
            one.get()

    def _joined(self) -> Comer:
        comer = Comer(self.port)
        comer.open()
        comer.say(self._join)
        comer.hear(b'40{"sid"')
        return comer

    def _subscribed(self) -> Comer:
        comer = Comer(self.port)
        comer.open()
        comer.say(self._join, self._subscribe)
        comer.hear(b'431[{"ok":true')
        return comer

    # --- WebSockets -----------------------------------------------------------------------

    def by_close_frame(self) -> None:
        self._joined().leave()

    def by_reset(self) -> None:
        self._joined().vanish()

    def subscribed_and_by_close_frame(self) -> None:
        self._subscribed().leave()

    def subscribed_and_by_reset(self) -> None:
        self._subscribed().vanish()

    def by_packet(self) -> None:
        comer = self._subscribed()
        comer.say("1")
        comer.ended()

    def by_leaving_the_namespace(self) -> None:
        comer = self._joined()
        comer.say("41")
        comer.hang_up()

    def refused(self) -> None:
        comer = Comer(self.port)
        comer.open()
        comer.say('40{"token":"nonsense"}')
        comer.hear(b'44{"message"')
        comer.hang_up()

    def of_no_namespace(self) -> None:
        comer = Comer(self.port)
        comer.open()
        comer.say("40/random,")
        comer.hear(b"44/random,")
        comer.vanish()

    def without_joining(self) -> None:
        comer = Comer(self.port)
        comer.open()
        comer.vanish()

    def ill(self) -> None:
        comer = self._joined()
        comer.say("42{}")
        comer.ended()

    def in_the_handshake(self) -> None:
        comer = Comer(self.port)
        comer._request("GET", "EIO=4&transport=websocket", "Upgrade: websocket\r\n")
        comer.vanish()

    # --- HTTP -----------------------------------------------------------------------------

    def _polling(self) -> tuple[Comer, str]:
        """Joined and subscribed; the query of its requests."""
        comer = Comer(self.port)
        opened = comer.ask("GET", "EIO=4&transport=polling")
        query = f"EIO=4&transport=polling&sid={json.loads(opened[1:])['sid']}"
        assert comer.ask("POST", query, self._join + "\x1e" + self._subscribe) == "ok"
        heard = ""
        while '431[{"ok":true' not in heard:
            heard += comer.ask("GET", query)
        return comer, query

    def polling(self) -> None:
        comer, query = self._polling()
        assert comer.ask("POST", query, "1") == "ok"
        comer.hang_up()

    def polling_and_reset(self) -> None:
        comer, query = self._polling()
        comer._request("GET", query, "")
        comer.vanish()

    def polling_and_silent(self) -> None:
        self._polling()[0].hang_up()

    def _probed(self) -> Comer:
        polling, query = self._polling()
        comer = Comer(self.port)
        comer.open(query.rpartition("=")[2])
        comer.say("2probe")
        comer.hear(b"3probe")
        polling.hang_up()
        return comer

    def upgraded(self) -> None:
        comer = self._probed()
        comer.say("5", self._subscribe)
        comer.hear(b'431[{"ok":true')
        comer.leave()

    def in_the_upgrade(self) -> None:
        self._probed().vanish()

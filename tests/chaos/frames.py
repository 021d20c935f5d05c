"""A WebSocket as a browser of the chaos tests reads it: many frames a read, no more work than
that.

Owns the reading of frames, for a library that looks at each in Python costs the harness more
than the server spends on sending them. The handshake and what is sent are the library's.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from typing import Any

import websocket

READ_BYTES = 262_144
SMALL_BUFFER = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384),)
_TEXT, _CLOSE = 0x81, 0x88  # of a whole frame


class Gone(Exception):
    """The connection is of no use any more."""


class Frames:
    """`small`: the kernel takes little for us while we read nothing."""

    def __init__(self, address: str, timeout_s: float, *, small: bool = False) -> None:
        options: dict[str, Any] = {"sockopt": SMALL_BUFFER} if small else {}
        self._socket = websocket.create_connection(address, timeout=timeout_s, **options)
        self._raw: Any = self._socket.sock
        self._rest = b""
        self._texts: deque[bytes] = deque()

    def limit(self, silence_s: float) -> None:
        """A longer silence ends it."""
        self._raw.settimeout(silence_s)

    def send(self, text: str) -> None:
        self._socket.send(text)

    def next(self) -> bytes:
        """The next text. Raises Gone or OSError."""
        while not self._texts:
            read = self._raw.recv(READ_BYTES)
            if not read:
                raise Gone
            self._take(self._rest + read)
        return self._texts.popleft()

    def break_off(self) -> None:
        """No goodbye; whoever waits in `next` hears of it."""
        with contextlib.suppress(OSError):
            self._raw.close()

    def _take(self, read: bytes) -> None:
        at, end = 0, len(read)
        while end - at >= 2:
            head, length, start = read[at], read[at + 1], at + 2
            if length == 126:
                start, length = at + 4, int.from_bytes(read[at + 2 : at + 4], "big")
            elif length == 127:
                start, length = at + 10, int.from_bytes(read[at + 2 : at + 10], "big")
            if end < start + length:
                break
            if head == _CLOSE:
                self._texts.append(b"1")
            elif head == _TEXT:
                self._texts.append(read[start : start + length])
            at = start + length
        self._rest = read[at:]

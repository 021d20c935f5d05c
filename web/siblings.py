"""What the processes of one server say to one another, over Unix sockets in a folder of theirs.

Owns two exchanges: an accepted connection is given to the process whose session it asks for,
with what was read of it (the descriptor itself goes over, so nothing is relayed afterwards and
a WebSocket is as good as a poll); and a page is asked of the others, for what is told of the
server as a whole. It reads no request and writes no page. One exchange a connection, bounded in
bytes and time; who cannot be reached has answered nothing.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from gevent.server import StreamServer

from web.time_limit import at_most

EXCHANGE_S = 2.0
MOST_BYTES = 1_048_576  # of what was read of a connection, or of a page
BACKLOG = 1024
_HEAD = struct.Struct("!cI")
_GIVE, _ASK = b"g", b"?"

Take = Callable[[int, bytes], None]
Page = Callable[[], bytes]


class Siblings:
    """`number` of `of`, from 1. `take(descriptor, read)` gets what the others give: the
    descriptor is its own to close."""

    def __init__(
        self, folder: Path, number: int, of: int, *, take: Take, pages: Mapping[str, Page]
    ) -> None:
        self._folder = folder
        self._number = number
        self._others = [other for other in range(1, of + 1) if other != number]
        self._take = take
        self._pages = pages
        self._server: Any = None

    def start(self) -> None:
        path = self._path(self._number)
        with suppress(FileNotFoundError):  # of one that was killed
            path.unlink()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(BACKLOG)
        self._server = StreamServer(listener, self._serve)
        self._server.start()

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()
            with suppress(FileNotFoundError):
                self._path(self._number).unlink()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.sock"

    # --- asking ---------------------------------------------------------------------------

    def give(self, number: int, descriptor: int, read: bytes) -> bool:
        """False: nobody is there, and the connection is the caller's to answer. Else it is on
        its way, and the caller closes its own descriptor: should the other die now, the kernel
        ends the connection and the client comes back."""
        given = False
        with suppress(OSError), at_most(EXCHANGE_S), self._call(number) as call:
            socket.send_fds(call, [_HEAD.pack(_GIVE, len(read))], [descriptor])
            given = True
            call.sendall(read)
        return given

    def ask(self, page: str) -> dict[int, bytes]:
        """The page of each of the others that answers."""
        asked = [(number, gevent.spawn(self._ask, number, page)) for number in self._others]
        gevent.joinall([greenlet for _, greenlet in asked])
        return {number: found.value for number, found in asked if found.value is not None}

    def _ask(self, number: int, page: str) -> bytes | None:
        with suppress(OSError), at_most(EXCHANGE_S), self._call(number) as call:
            body = page.encode()
            call.sendall(_HEAD.pack(_ASK, len(body)) + body)
            found = b""
            while chunk := call.recv(65536):
                found += chunk
                if len(found) > MOST_BYTES:
                    return None
            return found or None
        return None

    def _call(self, number: int) -> socket.socket:
        call = socket.socket(socket.AF_UNIX)
        try:
            call.connect(str(self._path(number)))
        except BaseException:
            call.close()
            raise
        return call

    # --- answering ------------------------------------------------------------------------

    def _serve(self, call: socket.socket, _: Any) -> None:
        descriptors: list[int] = []
        with suppress(OSError), at_most(EXCHANGE_S):
            head, descriptors, _flags, _address = socket.recv_fds(call, _HEAD.size, 1)
            if len(head) == _HEAD.size:
                kind, length = _HEAD.unpack(head)
                body = _exactly(call, length) if length <= MOST_BYTES else None
                if kind == _ASK and body is not None:
                    page = self._pages.get(body.decode(errors="replace"))
                    call.sendall(page() if page is not None else b"")
                elif kind == _GIVE and body is not None and descriptors:
                    self._take(descriptors.pop(), body)
        for descriptor in descriptors:
            os.close(descriptor)


def _exactly(call: socket.socket, length: int) -> bytes | None:
    found = b""
    while len(found) < length:
        chunk = call.recv(length - len(found))
        if not chunk:
            return None
        found += chunk
    return found

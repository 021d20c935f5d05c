"""A TCP proxy that misbehaves when told to, in a process of its own.

Run as `python -m tests.chaos.proxy HOST PORT`; it prints the port it listens on, then obeys a
line of JSON at a time and answers in one. It knows nothing of what it carries. tests/chaos/link.py
is how tests hold it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

READ_BYTES = 65_536
TO_SERVER, TO_CLIENT = "to_server", "to_client"
RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: a reset instead of a goodbye


class Way:
    """One direction of all connections: `pass`, `hold` (nothing is read, so the sender's
    buffers fill) or `drop` (everything is read and nothing arrives)."""

    def __init__(self) -> None:
        self.mode = "pass"
        self.delay_s = 0.0
        self.open = asyncio.Event()
        self.open.set()

    def set(self, mode: str, delay_s: float) -> None:
        self.mode, self.delay_s = mode, delay_s
        if mode == "hold":
            self.open.clear()
        else:
            self.open.set()


class Proxy:
    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._ways = {TO_SERVER: Way(), TO_CLIENT: Way()}
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._torn: set[asyncio.StreamWriter] = set()  # of streams that lack bytes
        self._tasks: set[asyncio.Task[None]] = set()
        self._dropped = 0

    async def serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=4096)
        say(str(server.sockets[0].getsockname()[1]))
        await obey(self.order)

    def order(self, order: dict[str, Any]) -> str:
        """Its answer: `ok` to all but `dropped`.

        `{"do": "ways", "modes": {way: mode}, "delay_s": s}` sets both ways (`pass` where none
        is named); `cut` ends every connection; `refuse` ends them and every new one at once
        until `heal`, which ends those that lack bytes and passes everything; `move` sends new
        connections to another port; `dropped` is answered with how many bytes were."""
        match order["do"]:
            case "ways":
                for name, way in self._ways.items():
                    way.set(order["modes"].get(name, "pass"), order.get("delay_s", 0.0))
            case "cut":
                self._end(self._writers)
            case "refuse":
                self._refusing = True
                self._end(self._writers)
            case "move":
                self._upstream = (self._upstream[0], order["port"])
            case "heal":
                self._refusing = False
                for way in self._ways.values():
                    way.set("pass", 0.0)
                self._end(self._torn)
            case "dropped":
                return str(self._dropped)
        return "ok"

    def _end(self, writers: set[asyncio.StreamWriter]) -> None:
        for writer in tuple(writers):
            sock = writer.get_extra_info("socket")
            if sock is not None:
                with contextlib.suppress(OSError):  # it has just ended by itself
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            self._end({writer})
            return
        try:
            upstream, to_upstream = await asyncio.open_connection(*self._upstream)
        except OSError:
            self._end({writer})
            return
        pair = {writer, to_upstream}
        self._writers |= pair
        for one in pair:
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        carried = [
            self._start(self._carry(reader, to_upstream, self._ways[TO_SERVER], pair)),
            self._start(self._carry(upstream, writer, self._ways[TO_CLIENT], pair)),
        ]
        try:
            await asyncio.wait(carried, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in carried:  # the other way would find that it lacks bytes, and be torn
                one.cancel()
            self._writers -= pair
            self._torn -= pair
            for one in pair:
                one.close()

    def _start(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        way: Way,
        pair: set[asyncio.StreamWriter],
    ) -> None:
        loop = asyncio.get_running_loop()
        due = 0.0  # of what was delayed last: nothing overtakes it
        try:
            while True:
                await way.open.wait()
                read = await reader.read(READ_BYTES)
                await way.open.wait()  # it may have closed while we read
                if way.mode == "drop":
                    self._torn |= pair
                    self._dropped += len(read)
                    if not read:
                        await asyncio.Event().wait()  # the goodbye is lost too
                elif not read:
                    await asyncio.sleep(max(0.0, due - loop.time()))
                    return
                elif way.delay_s or due > loop.time():
                    due = max(due + 1e-6, loop.time() + way.delay_s)  # ties have no order
                    loop.call_at(due, writer.write, read)
                else:
                    writer.write(read)
                    await writer.drain()
        except OSError:
            return


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def obey(order: Callable[[dict[str, Any]], str]) -> None:
    """Until stdin ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        say(order(json.loads(line)))


if __name__ == "__main__":
    asyncio.run(Proxy(sys.argv[1], int(sys.argv[2])).serve())

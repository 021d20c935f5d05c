"""What a supervisor's wall costs: CPU of a server with N talking calls, with and without watchers.

    .venv/bin/python -m bench.wall --calls 500 --watchers 5

Owns this one question. Each call says a final line every 2.5 s; the same server is measured in
turns with nobody at the wall and with `--watchers` supervisors, so that a machine that changes its
mind does so for both. CPU is of the server process, from /proc; medians, and the span.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.live.raw_client import RawClient
from tests.live.server import Caller, LiveServer, line, running

EVERY_S = 2.5
POSTERS = 4
TICKS_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--watchers", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "server") as server:
        admin = server.caller("admin-1", "admin")
        calls = [admin.create("anna", call_id=f"call-{n}") for n in range(asked.calls)]
        stop = threading.Event()
        posters = [
            threading.Thread(target=_talk, args=(server, calls[n::POSTERS], stop))
            for n in range(POSTERS)
        ]
        for poster in posters:
            poster.start()
        time.sleep(5)
        without, during, frames, size = [], [], [], []
        for _ in range(asked.turns):
            without.append(_cpu(server, asked.seconds))
            watchers = [Watcher(server, n) for n in range(asked.watchers)]
            time.sleep(1)  # the lists have come
            for watcher in watchers:
                watcher.frames = watcher.bytes = 0
            during.append(_cpu(server, asked.seconds))
            frames += [watcher.frames / asked.seconds for watcher in watchers]
            size += [watcher.bytes / asked.seconds / 1024 for watcher in watchers]
            for watcher in watchers:
                watcher.close()
        stop.set()
        for poster in posters:
            poster.join()
    ratio = median(during) / median(without)
    print(  # noqa: T201
        f"{asked.calls} calls, a line each {EVERY_S:g} s, {asked.turns} turns: CPU of the server "
        f"{median(without):.1%} with nobody at the wall ({min(without):.1%} to "
        f"{max(without):.1%}), {median(during):.1%} with {asked.watchers} supervisors "
        f"({min(during):.1%} to {max(during):.1%}), {ratio:.2f} times; each was sent "
        f"{median(frames):.1f} frames and {median(size):.0f} KiB a second"
    )


def _talk(server: LiveServer, calls: list[str], stop: threading.Event) -> None:
    number = 0
    with Caller(server.url, server.token("producer-1", "producer")) as caller:
        while not stop.is_set():
            number += 1
            began = time.monotonic()
            for place, call_id in enumerate(calls):
                due = began + EVERY_S * place / len(calls)
                time.sleep(max(0.0, due - time.monotonic()))
                if stop.is_set():
                    return
                caller.say(call_id, line(f"s-{number}", f"line number {number} of this call"))


class Watcher:
    """A supervisor who reads all that comes, and counts it."""

    def __init__(self, server: LiveServer, number: int) -> None:
        self.frames = self.bytes = 0
        self._client = RawClient(server.url, {"token": server.token(f"sue-{number}", "supervisor")})
        self._client.ok("calls:watch", {})
        self._over = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._over:
            try:
                packet: Any = self._client.next(1.0)
            except (AssertionError, OSError, TimeoutError):
                continue
            if packet.kind == "event" and packet.name == "calls:changed":
                self.frames += 1
                self.bytes += len(str(packet.data))
            self._client.heard.clear()

    def close(self) -> None:
        self._over = True
        self._thread.join()
        self._client.close()


def _cpu(server: LiveServer, seconds: float) -> float:
    """Of one core, over so long."""
    before, began = _ticks(server), time.monotonic()
    time.sleep(seconds)
    return (_ticks(server) - before) / TICKS_S / (time.monotonic() - began)


def _ticks(server: LiveServer) -> int:
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    main()

"""What receiving one WebSocket message costs: our class beside stock gevent-websocket.

`python bench/websocket_receive.py` prints a table of microseconds per received text message,
from the kernel to a str, and how many times cheaper ours is. `alone`: each message is in the
socket by itself when it is asked for; `burst`: as many as fit into 32 KiB are. Both classes
take turns in one process; the figure is the median of ROUNDS, the spread their quartiles.
The times are noisy on a shared machine, the ratios less so.
"""

# ruff: noqa: E402, T201 - gevent patches first; a script prints

from gevent import monkey

monkey.patch_all()

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gevent import socket
from geventwebsocket.websocket import WebSocket as StockWebSocket

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from web.websocket import Bounds, WebSocket
from web.websocket_frames import unmask

SIZES = (64, 215, 1024, 8192)
ROUNDS = 15
BYTES_PER_ROUND = 400_000
MOST_PER_ROUND = 1500
BURST_BYTES = 32_768


class _StockSeat:
    """What stock's Stream and WebSocket look for in pywsgi's handler."""

    def __init__(self, sock: Any) -> None:
        self.socket = sock
        self.rfile = sock.makefile("rb", -1)
        self.read = self.rfile.read
        self.write = sock.sendall


class Bench(NamedTuple):
    client: Any  # the raw socket to write to
    receive: Callable[[], Any]
    keep: Any  # alive as long as the bench


def _ours() -> Bench:
    mine, yours = socket.socketpair()
    websocket = WebSocket(mine, Bounds())
    return Bench(yours._sock, websocket.receive, (mine, yours, websocket))


def _stock() -> Bench:
    mine, yours = socket.socketpair()
    seat = _StockSeat(mine)
    websocket = StockWebSocket({}, seat, seat)
    # Its __del__ would close with handler.logger, which the seat has not.
    return Bench(yours._sock, websocket.receive, (mine, yours, websocket))


def _frame(size: int) -> bytes:
    """A masked text frame, mostly ASCII with some German."""
    words = "Guten Tag, ich möchte meine Rechnung prüfen lassen. ".encode()
    text = (words * (size // len(words) + 1))[:size].decode(errors="ignore").encode()
    text += b"." * (size - len(text))
    key = os.urandom(4)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + key + unmask(text, key)


def _round(bench: Bench, frame: bytes, together: int, count: int) -> float:
    """Microseconds of CPU per message."""
    spent = 0
    for _ in range(max(1, count // together)):
        bench.client.send(frame * together)
        began = time.process_time_ns()
        for _ in range(together):
            if bench.receive() is None:
                raise RuntimeError("the connection was closed")
        spent += time.process_time_ns() - began
    return spent / 1000 / (max(1, count // together) * together)


def _clock_cost_us() -> float:
    """What reading the clock twice adds to each measured stretch."""
    stretches = []
    for _ in range(2000):
        began = time.process_time_ns()
        stretches.append(time.process_time_ns() - began)
    return statistics.median(stretches) / 1000


def _quartiles(values: list[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.1f}..{high:.1f}"


def main() -> None:
    print("us per message: median, quartiles")
    clock_us = _clock_cost_us()
    print(f"{'bytes':>6} {'pattern':>8} {'ours':>9} {'':>14} {'stock':>9} {'':>16} {'ratio':>7}")
    for size in SIZES:
        frame = _frame(size)
        count = max(20, min(MOST_PER_ROUND, BYTES_PER_ROUND // size))
        for pattern, together in (("alone", 1), ("burst", max(2, BURST_BYTES // len(frame)))):
            benches = (_ours(), _stock())
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(ROUNDS):
                for bench, into in zip(benches, times, strict=True):
                    into.append(_round(bench, frame, together, count) - clock_us / together)
            ours, stock = (statistics.median(values) for values in times)
            print(
                f"{size:>6} {pattern:>8} {ours:>9.2f} {_quartiles(times[0]):>14} {stock:>9.2f} "
                f"{_quartiles(times[1]):>16} {stock / ours:>6.1f}x"
            )


if __name__ == "__main__":
    main()

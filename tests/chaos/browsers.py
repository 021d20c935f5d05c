"""Browsers by the dozen: each connects, subscribes, writes down what it is sent, and comes back.

Owns how a browser behaves when its connection ends, after socket.io-client's defaults: a second,
doubled up to five, half of it by chance; a server that says when to come back is obeyed; one
that is silent for longer than its pings allow is given up. One with a cursor asks for what
follows it; a plain one sends its subscription and takes no answer.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import websocket

from tests.chaos.frames import Frames, Gone
from tests.chaos.journal import Cursor, Journal, Visit, seen

DELAY_S = (1.0, 5.0)  # socket.io-client's reconnectionDelay and reconnectionDelayMax
JITTER = 0.5  # its randomizationFactor
CONNECT_S = 20.0  # its timeout
_GONE = (Gone, OSError, websocket.WebSocketException)


class Browser:
    """`urls`: the ways in, tried in turn from `first`; `token`: of an agent who may watch."""

    def __init__(
        self,
        journal: Journal,
        urls: Sequence[str],
        first: int,
        token: str,
        *,
        eager: bool = False,
        small: bool = False,
    ) -> None:
        self.journal = journal
        self.token = token
        self.eager = eager  # comes back at once: for measuring crowds
        self.small = small  # the kernel keeps little for it
        self.paused = threading.Event()  # set: it reads nothing
        self._urls = urls
        self._turn = first
        self._cursor: Cursor | None = None
        self._random = random.Random(journal.name)
        self._after_s: float | None = None  # what the server said
        self._socket: Frames | None = None
        self._stop = threading.Event()
        self._free = threading.Event()  # not held
        self._free.set()
        self.subscribed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def top(self) -> int:
        """The newest event that it has, by seq."""
        if self._cursor is not None:
            return self._cursor.seq
        visits = self.journal.visits
        return max((one.seq for visit in visits for one in visit.told), default=0)

    def hold(self) -> None:
        """Its network goes, and does not come back until `release`."""
        self._free.clear()
        self.break_off()

    def release(self) -> None:
        self._free.set()

    def break_off(self) -> None:
        """Its network is gone: no goodbye."""
        if self._socket is not None:
            self._socket.break_off()

    def stop(self) -> None:
        """It will not come back. `close` waits for it."""
        self._stop.set()
        self._free.set()
        self.break_off()

    def close(self) -> None:
        self.stop()
        self._thread.join(CONNECT_S)

    # --- over all connections -------------------------------------------------------------

    def _run(self) -> None:
        attempts = 0
        while not self._stop.is_set():
            visit = Visit(time.monotonic())
            with contextlib.suppress(*_GONE):
                self._visit(visit)
            self.subscribed.clear()
            if visit.mode or visit.told:
                attempts = 0
            self._turn += 1
            self._stop.wait(self._pause_s(attempts))
            self._free.wait()
            attempts += 1

    def _pause_s(self, attempts: int) -> float:
        said, self._after_s = self._after_s, None
        if said is not None:
            return said
        if self.eager:
            return self._random.uniform(0.0, 0.05)
        delay_s = min(DELAY_S[1], DELAY_S[0] * 2**attempts)
        return delay_s * self._random.uniform(1 - JITTER, 1 + JITTER)

    # --- one connection -------------------------------------------------------------------

    def _visit(self, visit: Visit) -> None:
        url = self._urls[self._turn % len(self._urls)]
        address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._socket = frames = Frames(address, CONNECT_S, small=self.small)
        try:
            opened = json.loads(frames.next()[1:])
            silence_s = (opened["pingInterval"] + opened["pingTimeout"]) / 1000
            frames.limit(min(silence_s, CONNECT_S))
            frames.send("40" + json.dumps({"token": self.token}))
            self._hear(frames, visit, until=b"40")
            self._subscribe(frames, visit)
            frames.limit(silence_s)
            self._hear(frames, visit)
        finally:
            frames.break_off()

    def _subscribe(self, frames: Frames, visit: Visit) -> None:
        wanted: dict[str, Any] = {"call_id": self.journal.call_id}
        if self.journal.plain:
            frames.send("42" + json.dumps(["call:subscribe", wanted]))
            self.journal.visits.append(visit)
            self.subscribed.set()
            return
        visit.since = self._cursor
        if self._cursor is not None:
            wanted["since"] = self._cursor._asdict()
        frames.send("421" + json.dumps(["call:subscribe", wanted]))
        answer = json.loads(self._hear(frames, visit, until=b"431")[3:])[0]
        if not answer["ok"]:
            raise Gone
        found = answer["data"]
        visit.mode = found["mode"]
        visit.cursor = self._cursor = Cursor(**found["cursor"])
        snapshot = found.get("snapshot") or {"segments": []}
        visit.shown = tuple(line["segment_id"] for line in snapshot["segments"])
        self.journal.visits.append(visit)
        self.subscribed.set()

    def _hear(self, frames: Frames, visit: Visit, until: bytes = b"never") -> bytes:
        while not self._stop.is_set():
            while self.paused.is_set() and not self._stop.is_set():
                time.sleep(0.05)
            text = frames.next()
            if text.startswith(b"42"):
                self._on_event(visit, text)
            elif text == b"2":
                frames.send("3")
            elif text == b"1" or text.startswith(b"41"):
                break
            elif text.startswith(until):
                return text
        raise Gone

    def _on_event(self, visit: Visit, text: bytes) -> None:
        event = seen(text, self.journal.call_id, time.monotonic())
        if event is not None:
            visit.told.append(event)
            cursor = self._cursor
            if cursor is not None and event.seq == cursor.seq + 1 and event.epoch == cursor.epoch:
                self._cursor = Cursor(event.epoch, event.seq)
        elif text.startswith(b'42["session:closing"'):
            self._after_s = json.loads(text[2:])[1]["after_ms"] / 1000


@contextlib.contextmanager
def closing_all(browsers: list[Browser]) -> Iterator[list[Browser]]:
    try:
        yield browsers
    finally:
        for browser in browsers:
            browser.stop()
        for browser in browsers:
            browser.close()

"""The ranking process: an index of every tenant, a model, and threads that answer.

Owns its threads and the connection to the server: one thread reads requests, some rank, one
answers what nobody in a call waits for (searches, reports, after-call summaries), one keeps
the indexes in step with the store, one makes vectors that are missing. What takes processor
time here is never in the way of a delivery; when it cannot keep up it sheds. It knows no
Socket.IO, and gevent is not imported.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import redis

from engine.assist.after_call import by_rules
from engine.assist.material import CallMaterial
from engine.errors import EngineError
from engine.wire import CallSummary
from web.ranking import frames as f
from web.ranking.brain import Brain
from web.ranking.upkeep import Upkeep

log = logging.getLogger("earshot.ranking")

MOST_WAIT_S = 1.0  # a request that waited longer for a thread is shed: a newer one is coming
WAITING = 1024  # requests; more are shed at once


class Waiting(NamedTuple):
    request: Any
    since: float


Requests = queue.Queue[Waiting]


class Worker:
    """`link` is connected to the server."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._sending = threading.Lock()
        self._suggesting: Requests = queue.Queue(WAITING)
        self._asides: Requests = queue.Queue(WAITING)

    def run(self) -> int:
        """Until the server is gone."""
        cutter = f.Cutter()
        begun = False
        while received := self._receive():
            for body in cutter.feed(received):
                frame = f.decode_to_ranking(body)
                if isinstance(frame, f.Begin):
                    self._begin(frame)
                    begun = True
                elif begun:
                    self._on_frame(frame)
        return 0

    def _receive(self) -> bytes:
        try:
            return self._link.recv(65_536)
        except OSError:
            return b""

    def _begin(self, begin: f.Begin) -> None:
        self._brain = Brain(begin)
        self._upkeep = Upkeep(self._brain, self._send)
        for number in range(begin.settings.assist.workers):
            _thread(f"rank-{number}", lambda: self._answer_on(self._suggesting))
        _thread("aside", lambda: self._answer_on(self._asides))
        _thread("keep", self._upkeep.keep)
        _thread("embed", self._upkeep.embed)

    def _on_frame(self, frame: Any) -> None:
        if isinstance(frame, f.Watch):
            self._upkeep.watch(frame.tenant)
            return
        # A report over 10,000 documents takes longer than a suggestion may.
        requests = self._suggesting if isinstance(frame, f.Suggest) else self._asides
        try:
            requests.put_nowait(Waiting(frame, time.monotonic()))
        except queue.Full:
            self._send(f.Shed(frame.id))

    def _answer_on(self, requests: Requests) -> None:
        while True:
            request, since = requests.get()
            late = time.monotonic() - since > MOST_WAIT_S
            if late and isinstance(request, f.Suggest):
                self._send(f.Shed(request.id))
                continue
            try:
                self._send(self._answer(request))
            except (EngineError, redis.RedisError):
                self._send(f.Failed(request.id, away=True))
            except Exception:
                # Of texts nothing is logged, and a traceback holds none.
                log.exception("ranking.failed")
                self._send(f.Failed(request.id))

    def _answer(self, request: Any) -> f.FromRanking:
        if isinstance(request, f.Suggest):
            self._upkeep.know(request.excerpt.tenant)
            found = self._brain.suggest(request.excerpt)
            return f.Ranked(request.id, *found)
        if isinstance(request, f.Search):
            self._upkeep.know(request.tenant)
            documents = self._brain.search(request.tenant, request.query, request.limit)
            return f.Found(request.id, documents)
        if isinstance(request, f.Report):
            self._upkeep.know(request.tenant)
            return f.Reported(request.id, self._brain.report(request.tenant))
        return f.SummedUp(request.id, self._sum_up(request.material))

    def _sum_up(self, material: CallMaterial) -> CallSummary:
        index = self._brain.library.index(material.tenant)
        return by_rules(
            material,
            lambda doc_id: self._brain.title_of(material.tenant, doc_id),
            index.rarity if len(index) else None,
        )

    def _send(self, frame: f.FromRanking) -> None:
        with self._sending, suppress(OSError):  # the server is gone: so are we, in a moment
            self._link.sendall(f.packed(frame))


def _thread(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def main() -> int:
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    return Worker(socket.socket(fileno=0)).run()

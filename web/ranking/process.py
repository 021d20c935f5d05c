"""The ranking process, as the server sees it: started, asked, watched, started again.

Owns the process and the socket to it. Asking waits in a greenlet; the loop only passes
bytes. A process that died is started again, with a pause that grows; what it was asked is
answered Unavailable, and asked again by whoever asked. It is started when somebody needs it
first: a node without documents and calls has none, but for the one that a server starts
ahead, whose imports run while its own do.
"""

from __future__ import annotations

import itertools
import logging
import socket
from collections.abc import Callable
from typing import Any

import gevent
import msgspec
from gevent.event import AsyncResult, Event
from gevent.lock import BoundedSemaphore

from engine.assist.material import CallMaterial
from engine.assist.view import CallExcerpt
from engine.config import Settings
from engine.errors import Busy, Internal, Unavailable
from engine.knowledge.report_shapes import KnowledgeReport
from engine.wire import CallSummary, SuggestedDocument
from web.api.shapes import KnowledgeState
from web.assist import Ranked
from web.ranking import child
from web.ranking import frames as f

log = logging.getLogger("earshot.ranking")

START_S = 5.0  # longest wait for it to be started
ANSWER_S = 15.0  # longest wait for an answer: a first question waits for the documents
PENDING = 512  # requests; more are shed at once
AGAIN_S = (0.2, 1.0, 2.0, 5.0, 10.0)  # before it is started again
STEADY_S = 60.0  # a process that lived so long did not fail at once
STOP_S = 2.0
UNNEEDED_S = 3.0  # of knowing of no documents; then one that was started ahead is let go


class RankingProcess:
    """Implements web.assist.Ranker, and the search of the API."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        node: str,
        mono: Callable[[], float],
        ahead: child.Child | None = None,
    ) -> None:
        self._ahead = ahead
        self._begin = f.Begin(url, node, settings)
        self._mono = mono
        self._ids = itertools.count(1)
        self._pending: dict[int, AsyncResult[Any]] = {}
        self._tenants: set[str] = set()
        self._link: socket.socket | None = None
        self._sending = BoundedSemaphore(1)
        self._child: child.Child | None = None  # the last one, told to begin
        self._needed = Event()
        self._linked = Event()
        self._closing = False
        self.serving: f.Serving | None = None  # as it last said
        self.starts = 0
        self._greenlet = gevent.spawn(self._run)

    # --- what is asked --------------------------------------------------------------------

    def suggest(self, excerpt: CallExcerpt) -> Ranked:
        self.watch(excerpt.tenant)
        found = self._ask(lambda number: f.Suggest(number, excerpt))
        line = found.summary, found.summary_kind
        return Ranked(found.documents, *line, found.asked, found.gone, found.changed)

    def search(self, tenant: str, query: str, limit: int) -> list[SuggestedDocument]:
        self.watch(tenant)
        found = self._ask(lambda number: f.Search(number, tenant, query, limit))
        documents: list[SuggestedDocument] = found.documents
        return documents

    def sum_up(self, material: CallMaterial) -> CallSummary:
        summary: CallSummary = self._ask(lambda number: f.SumUp(number, material)).summary
        return summary

    def report(self, tenant: str) -> KnowledgeReport:
        found: KnowledgeReport = self._ask(lambda number: f.Report(number, tenant)).report
        return found

    def watch(self, tenant: str) -> None:
        """Keep this tenant's index from now on."""
        self._needed.set()
        if tenant not in self._tenants:
            self._tenants.add(tenant)
            self.look(tenant)

    def look(self, tenant: str) -> None:
        """Its documents have changed."""
        if self._link is not None and tenant in self._tenants:
            gevent.spawn(self._send, f.Watch(tenant))

    # --- how it fares ---------------------------------------------------------------------

    @property
    def runs(self) -> bool:
        """False: it is needed and not there."""
        return self.serving is not None or not self._needed.is_set()

    @property
    def words_only(self) -> bool:
        return self.serving is not None and self.serving.words_only

    def state(self, tenant: str) -> KnowledgeState:
        """Asks nobody: as it was last told."""
        self.watch(tenant)
        serving = self.serving
        served = serving.tenants.get(tenant) if serving is not None else None
        if serving is None or served is None:
            return KnowledgeState("down" if serving is None else "idle")
        return KnowledgeState(
            "ok",
            *(served.version, served.documents, served.passages, served.waiting),
            *(serving.model, serving.why),
        )

    def empty(self) -> frozenset[str]:
        """Tenants that are known to have no documents."""
        tenants = self.serving.tenants if self.serving is not None else {}
        return frozenset(name for name, served in tenants.items() if not served.documents)

    def numbers(self) -> dict[str, float]:
        """For /metrics."""
        served = list(self.serving.tenants.values()) if self.serving is not None else []
        return {
            "ranking_up": self.runs,
            "ranking_starts": self.starts,
            "ranking_waiting": len(self._pending),
            "ranking_words_only": self.words_only,
            "documents_served": sum(one.documents for one in served),
            "passages_served": sum(one.passages for one in served),
            "documents_without_vectors": sum(one.waiting for one in served),
        }

    @property
    def pid(self) -> int | None:
        return self._child.process.pid if self._child is not None else None

    def close(self) -> None:
        self._closing = True
        self._greenlet.kill()
        self._end()
        self._let_go()

    # --- the process ----------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        if not self._needed.wait(UNNEEDED_S):
            self._let_go()
        self._needed.wait()
        while True:
            began = self._mono()
            try:
                self._start()
                self._read()
            except Exception:
                log.exception("ranking.link_failed")
            self._end()
            failures = 0 if self._mono() - began > STEADY_S else failures + 1
            pause_s = AGAIN_S[min(failures, len(AGAIN_S)) - 1] if failures else 0.0
            log.error("ranking.ended pid=%s again_in_s=%.1f", self.pid, pause_s)
            gevent.sleep(pause_s)

    def _start(self) -> None:
        ahead, self._ahead = self._ahead, None
        self._child = (ahead or child.start()).begin(self._begin)
        self.starts += 1
        self._link = self._child.link
        self._linked.set()
        for tenant in sorted(self._tenants):
            self._send(f.Watch(tenant))

    def _let_go(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.end()

    def _read(self) -> None:
        cutter, link = f.Cutter(), self._link
        while link is not None:
            received = link.recv(65_536)
            if not received:
                return
            for body in cutter.feed(received):
                self._on_frame(f.decode_from_ranking(body))

    def _on_frame(self, frame: Any) -> None:
        if isinstance(frame, f.Serving):
            if self.serving is None:
                log.info("ranking.ready %s", in_words(frame))
            self.serving = frame
            return
        result = self._pending.pop(frame.id, None)
        if result is not None:
            result.set(frame)

    def _end(self) -> None:
        """The process is gone, or has to go."""
        self.serving = None
        self._linked.clear()
        self._link = None
        if self._child is not None:
            self._child.end(STOP_S)
        pending, self._pending = self._pending, {}
        for result in pending.values():
            result.set(None)

    # --- asking ---------------------------------------------------------------------------

    def _ask(self, build: Callable[[int], Any]) -> Any:
        if len(self._pending) >= PENDING:
            raise Busy("Too many questions wait for ranking", retry_after_ms=500)
        number = next(self._ids)
        result = self._pending[number] = AsyncResult()
        try:
            if not self._linked.wait(START_S) or not self._send(build(number)):
                raise Unavailable("Ranking is being started", retry_after_ms=1000)
            answer = result.get(timeout=ANSWER_S)
        except gevent.Timeout:
            raise Unavailable("Ranking does not answer", retry_after_ms=1000) from None
        finally:
            self._pending.pop(number, None)
        if answer is None:
            raise Unavailable("Ranking is being started again", retry_after_ms=1000)
        if isinstance(answer, f.Shed):
            raise Busy("Ranking has too much to do", retry_after_ms=500)
        if isinstance(answer, f.Failed) and answer.away:
            raise Unavailable("The store is away", retry_after_ms=1000)
        if isinstance(answer, f.Failed):
            raise Internal("A fault of ours; it was noted")
        return answer

    def _send(self, frame: Any) -> bool:
        with self._sending:
            link = self._link
            if link is None:
                return False
            try:
                link.sendall(f.packed(frame))
            except (OSError, msgspec.EncodeError):
                return False
        return True


def in_words(serving: f.Serving) -> str:
    """What it ranks by, for the log. To have no model yet is no fault where there is nothing to
    embed: it is loaded with the first documents."""
    if serving.model:
        return f"model={serving.model}{': ' if serving.why else ''}{serving.why}"
    if serving.why == f.LOADING and not any(one.documents for one in serving.tenants.values()):
        return "by words: a model is loaded with the first documents"
    return f"by words: {serving.why}"

"""Ranking and writing beside the loop, one request per call in flight, newest wins.

Owns the bound on what waits, and the way back to the actor that asked. Whoever ranks is a
`Ranker`: it may wait, so each request has a greenlet. It ranks nothing itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import gevent

from actors import messages as m
from engine.assist.asked import Asked
from engine.assist.material import CallMaterial
from engine.assist.view import CallExcerpt
from engine.errors import Busy, EngineError, Unavailable
from engine.log import CallKey
from engine.wire import CallSummary, SuggestedDocument, SummaryKind

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher
    from web.model_writer import ModelWriter

log = logging.getLogger("earshot.assist")

WAITING = 256  # calls that wait for ranking; more are shed at once


class Ranked(NamedTuple):
    documents: list[SuggestedDocument]
    summary: str
    summary_kind: SummaryKind
    asked: Asked
    gone: tuple[str, ...] = ()
    changed: tuple[SuggestedDocument, ...] = ()


class Ranker(Protocol):
    """Every method waits, without holding up the loop, and raises Busy (shed: ask again) or
    Unavailable (nobody ranks at the moment)."""

    def suggest(self, excerpt: CallExcerpt) -> Ranked: ...

    def sum_up(self, material: CallMaterial) -> CallSummary: ...


class AssistPool:
    """Implements actors.ports.Assist. `writer` None: no model is configured, rules write."""

    def __init__(
        self, ranker: Ranker, dispatcher: Dispatcher, writer: ModelWriter | None = None
    ) -> None:
        self._ranker = ranker
        self._dispatcher = dispatcher
        self._writer = writer
        self._in_flight: set[CallKey] = set()

    @property
    def writes_lines(self) -> bool:
        return self._writer is not None

    def suggest(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Any) -> None:
        if call in self._in_flight or len(self._in_flight) >= WAITING:
            self._dispatcher.send(reply_to, _nothing(because, shed=True))
            return
        self._in_flight.add(call)
        gevent.spawn(self._suggest, call, because, excerpt, reply_to)

    def _suggest(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Any) -> None:
        try:
            found = self._ranker.suggest(excerpt)
            message = m.Proposed(
                because,
                found.documents,
                found.summary,
                found.summary_kind,
                asked=found.asked,
                gone=found.gone,
                changed=found.changed,
            )
        except (Busy, Unavailable):
            message = _nothing(because, shed=True)
        except Exception as problem:
            if not isinstance(problem, EngineError):
                log.exception("assist.failed call=%s", call)
            message = _nothing(because, failed=True)
        finally:
            self._in_flight.discard(call)
        self._dispatcher.send(reply_to, message)

    def line(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Any) -> None:
        gevent.spawn(self._line, call, because, excerpt, reply_to)

    def _line(self, call: CallKey, because: str, excerpt: CallExcerpt, reply_to: Any) -> None:
        text = ""
        try:
            if self._writer is not None:
                text = self._writer.line(call.tenant, excerpt.lines)
        except Exception:
            log.exception("assist.line_failed call=%s", call)
        self._dispatcher.send(reply_to, m.LineWritten(because, text))

    def sum_up(self, call: CallKey, material: CallMaterial, reply_to: Any) -> None:
        gevent.spawn(self._sum_up, call, material, reply_to)

    def _sum_up(self, call: CallKey, material: CallMaterial, reply_to: Any) -> None:
        summary = None
        try:
            if self._writer is not None:
                summary = self._writer.summary(material)
            if summary is None:
                summary = self._ranker.sum_up(material)
        except Exception as problem:
            if not isinstance(problem, EngineError):
                log.exception("assist.failed call=%s", call)
            # Imported when needed: with it comes numpy, which this process does without.
            from engine.assist.after_call import by_rules

            summary = by_rules(material, _no_title)
        self._dispatcher.send(reply_to, m.SummedUp(summary))


def _no_title(doc_id: str) -> None:
    return None


def _nothing(because: str, *, failed: bool = False, shed: bool = False) -> m.Proposed:
    return m.Proposed(because, [], "", "none", failed, shed)

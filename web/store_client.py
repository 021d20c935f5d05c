"""The node's way to the log, the index and the hints, for actors that never wait.

Owns the greenlets that wait for the store and the turning of every outcome into a message.
One writer takes all appends that are waiting and sends them in one pipeline, so a pile of
calls costs one round trip. It decides nothing about a call.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
import redis
from gevent.event import Event

from actors import messages as m
from engine import wire
from engine.errors import Unavailable
from engine.hints_redis import AT_ONCE, Following, HintStream, Lost, Notice
from engine.history import history_page
from engine.log import Append, CallKey, CallLog, Hint, LogUnavailable, Page
from engine.log_redis import interim_hint, keys_of
from web.queue import WorkQueue

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher
    from engine.call_index import CallIndex
    from engine.verdicts import VerdictStore

log = logging.getLogger("earshot.store")

APPENDS_IN_ONE_PIPELINE = 128
LOAD_PAGE = 1000  # events read at once when a whole log is folded
CHECK_S = 2.0  # between looks at where followed logs end: a lost last hint is found by then
HINT_WAIT_S = 1.0
READ_WORKERS = 8
READS_WAITING = 4096
INTERIMS_WAITING = 1024

Ref = Any


class StoreClient:
    """Implements actors.ports.Store. `dispatcher` tells; nothing here runs an actor."""

    def __init__(
        self,
        *,
        log_store: CallLog,
        client: redis.Redis,
        hints: HintStream,
        index: CallIndex,
        verdicts: VerdictStore,
        node: str,
        dispatcher: Dispatcher,
        clock: Callable[[], float],
    ) -> None:
        self._log = log_store
        self._client = client
        self._hints = hints
        self._index = index
        self._verdicts = verdicts
        self._node = node
        self._dispatcher = dispatcher
        self._clock = clock
        self._appends: deque[tuple[Append, Ref]] = deque()
        self._append_mail = Event()
        self._followed: dict[CallKey, Ref] = {}
        self._reads = WorkQueue("reads", READ_WORKERS, READS_WAITING)
        self._derived = WorkQueue("derived", 1, READS_WAITING)
        self._interims = WorkQueue("interims", 1, INTERIMS_WAITING)
        self.on_notice: Callable[[Notice], None] = lambda notice: None
        self.away_since: float | None = None  # monotonic; None: the store answers
        self._closing = False
        self._greenlets = [
            gevent.spawn(self._write),
            gevent.spawn(self._listen),
            gevent.spawn(self._check),
        ]

    def close(self) -> None:
        self._closing = True
        gevent.killall(self._greenlets)
        for queue in (self._reads, self._derived, self._interims):
            queue.close()
        self._hints.close()

    # --- appending ------------------------------------------------------------------------

    def append(self, request: Append, reply_to: Ref) -> None:
        self._appends.append((request, reply_to))
        self._append_mail.set()

    def _write(self) -> None:
        while True:
            if not self._appends:
                self._append_mail.clear()
                self._append_mail.wait()
                continue
            count = min(len(self._appends), APPENDS_IN_ONE_PIPELINE)
            batch = [self._appends.popleft() for _ in range(count)]
            self._write_batch(batch)

    def _write_batch(self, batch: list[tuple[Append, Ref]]) -> None:
        try:
            answers = self._log.append([request for request, _ in batch])
        except LogUnavailable as problem:
            self._note_away(problem.reason)
            for _, ref in batch:
                self._tell(ref, m.AppendFailed(problem.reason, problem.uncertain))
        except Exception:
            # Not knowing what happened is the safe reading: it is asked again by its keys.
            log.exception("store.append_failed")
            for _, ref in batch:
                self._tell(ref, m.AppendFailed("internal", True))
        else:
            self._note_back()
            for (_, ref), answer in zip(batch, answers, strict=True):
                self._tell(ref, m.AppendAnswered(answer))

    # --- reading --------------------------------------------------------------------------

    def read(
        self,
        call: CallKey,
        purpose: Any,
        after: int,
        limit: int,
        reply_to: Ref,
        about: Any = None,
    ) -> None:
        def task() -> None:
            try:
                load = purpose == "load"
                page = self._load(call) if load else self._log.read(call, after, limit)
            except LogUnavailable as problem:
                self._note_away(problem.reason)
                self._tell(reply_to, m.PageRead(purpose, after, None, problem.reason, about))
            else:
                self._note_back()
                self._tell(reply_to, m.PageRead(purpose, after, page, None, about))

        if not self._reads.put(task):
            self._tell(reply_to, m.PageRead(purpose, after, None, "too many reads", about))

    def _load(self, call: CallKey) -> Page | None:
        """The whole log, in pages. An epoch that changes in between begins again."""
        events: list[Any] = []
        epoch = None
        while True:
            page = self._log.read(call, events[-1].seq if events else 0, LOAD_PAGE)
            if page is None:
                return None
            if epoch is not None and page.epoch != epoch:
                events, epoch = [], None
                continue
            epoch = page.epoch
            events.extend(page.events)
            if not page.events or events[-1].seq >= page.top:
                return page._replace(events=tuple(events))

    def history(self, call: CallKey, query: wire.CallHistory, reply_to: Any, token: Any) -> None:
        def task() -> None:
            try:
                found = history_page(self._log, call, query)
            except LogUnavailable as problem:
                error = Unavailable("The store is away")
                self._note_away(problem.reason)
                self._tell(reply_to, m.Answered(token, error=error))
            else:
                self._tell(reply_to, m.Answered(token, found))

        if not self._reads.put(task):
            error = Unavailable("Too many reads are waiting", retry_after_ms=500)
            self._tell(reply_to, m.Answered(token, error=error))

    # --- leading --------------------------------------------------------------------------

    def lead(self, call: CallKey, ttl_ms: int, asked_at: float, reply_to: Ref) -> None:
        def task() -> None:
            try:
                lease = self._log.lead(call, self._node, ttl_ms)
            except LogUnavailable:
                lease = None
            if lease is None:
                self._tell(reply_to, m.Led(asked_at, mine=False, fence=0, ttl_ms=0))
            else:
                self._tell(reply_to, m.Led(asked_at, lease.mine, lease.fence, lease.ttl_ms))

        if not self._reads.put(task):
            self._tell(reply_to, m.Led(asked_at, mine=False, fence=0, ttl_ms=0))

    def resign(self, call: CallKey) -> None:
        self._reads.put(lambda: self._quietly(partial(self._log.resign, call, self._node)))

    # --- following ------------------------------------------------------------------------

    def follow(self, call: CallKey, reply_to: Ref) -> None:
        self._followed[call] = reply_to
        self._hints.follow(call)

    def unfollow(self, call: CallKey) -> None:
        if self._followed.pop(call, None) is not None:
            self._hints.unfollow(call)

    def _listen(self) -> None:
        while True:
            arrivals = self._hints.next(HINT_WAIT_S)
            if len(arrivals) >= AT_ONCE:
                gevent.sleep(0)  # a full batch came without waiting: let the sockets have theirs
            for arrival in arrivals:
                if isinstance(arrival, Hint):
                    self._tell_follower(arrival.call, m.HintArrived(arrival))
                elif isinstance(arrival, Following):
                    self._tell_follower(arrival.call, m.Following())
                    self._reads.put(partial(self._look, [arrival.call]))
                elif isinstance(arrival, Notice):
                    self.on_notice(arrival)
                elif isinstance(arrival, Lost):
                    log.warning("store.hints_lost reason=%s", arrival.reason)

    def _check(self) -> None:
        """A lost last hint leaves no gap to see: look at where each log ends."""
        while True:
            gevent.sleep(CHECK_S)
            calls = list(self._followed)
            if calls:
                self._look(calls)

    def _look(self, calls: list[CallKey]) -> None:
        try:
            tops = self._log.tops(calls)
        except LogUnavailable as problem:
            self._note_away(problem.reason)
            return
        self._note_back()
        for call, top in zip(calls, tops, strict=True):
            seen = m.TopSeen(top.epoch, top.seq) if top is not None else m.Vanished()
            self._tell_follower(call, seen)

    def _tell_follower(self, call: CallKey, message: Any) -> None:
        ref = self._followed.get(call)
        if ref is not None:
            self._tell(ref, message)

    # --- what is derived ------------------------------------------------------------------

    def publish_interim(self, call: CallKey, body: bytes) -> None:
        channel, hint = keys_of(call).hint, interim_hint(self._node, body)
        self._interims.put(lambda: self._quietly(partial(self._client.publish, channel, hint)))

    def index(
        self, call: CallKey, view: wire.CallView, assigned: Sequence[str], unassigned: Sequence[str]
    ) -> None:
        def task() -> None:
            self._index.put(call.tenant, view, view.status == "ended")
            for agent_id in assigned:
                self._index.publish_assignment(call.tenant, agent_id, call.call_id, True)
            for agent_id in unassigned:
                self._index.publish_assignment(call.tenant, agent_id, call.call_id, False)

        self._derived.put(lambda: self._quietly(task))

    def verdict(self, call: CallKey, body: bytes) -> None:
        self._derived.put(lambda: self._quietly(partial(self._verdicts.note, call, body)))

    # --- the store's health ---------------------------------------------------------------

    def _quietly(self, task: Callable[[], object]) -> None:
        """For what is derived and repaired by the sweep: a failure is logged, no more."""
        try:
            task()
        except (LogUnavailable, redis.RedisError) as problem:
            self._note_away(str(problem))

    def _note_away(self, reason: str) -> None:
        if self.away_since is None and not self._closing:
            self.away_since = self._clock()
            log.warning("store.away reason=%s", reason)

    def _note_back(self) -> None:
        if self.away_since is not None:
            log.warning("store.back after_s=%.1f", self._clock() - self.away_since)
            self.away_since = None

    def _tell(self, ref: Ref, message: Any) -> None:
        self._dispatcher.send(ref, message)

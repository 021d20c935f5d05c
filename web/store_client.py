"""The node's way to the log, the index and the hints, for actors that never wait.

Owns the turning of every outcome into a message. What comes often (appends, leases, looks at
where logs end, interim text) goes over the node's own link, where all of one loop pass leaves
in one send; what is rare and may be long is done by greenlets. It decides nothing about a
call.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
import redis

from actors import messages as m
from engine import wire
from engine.errors import Unavailable
from engine.hints_redis import AT_ONCE, Following, HintStream, Lost, Notice
from engine.history import history_page
from engine.log import Append, Appended, CallKey, Hint, LogUnavailable, Page, check
from engine.log_redis import (
    RedisLog,
    append_answer,
    lead_answer,
    top_answer,
)
from engine.redis_pipe import Packed
from engine.wall import removal_command
from web.queue import WorkQueue

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher
    from engine.assist.asked import Asked
    from engine.call_index import CallIndex
    from engine.hints_cluster import ClusterHints
    from engine.showings import ShowingStore
    from engine.standing import Standings
    from engine.verdicts import VerdictStore
    from web.store_link import Link

log = logging.getLogger("earshot.store")

LOAD_PAGE = 1000  # events read at once when a whole log is folded
CHECK_S = 2.0  # between looks at where followed logs end: a lost last hint is found by then
LOOKS_AT_ONCE = 64
REMIND_EVERY = 15  # looks: an end that did not change is told again then
HINT_WAIT_S = 1.0
READ_WORKERS = 8
CATCH_UP_WORKERS = 4  # apart, so that a crowd that catches up holds up no call's own reads
DERIVED_AGAIN_S = (0.5, 2.0, 5.0)  # what agents thought is worth some patience
READS_WAITING = 4096
INTERIMS_UNDER_WAY = 1024

Ref = Any


class StoreClient:
    """Implements actors.ports.Store. `dispatcher` tells; nothing here runs an actor."""

    def __init__(
        self,
        *,
        log_store: RedisLog,
        link: Link,
        hints: HintStream | ClusterHints,
        index: CallIndex,
        standings: Standings,
        verdicts: VerdictStore,
        showings: ShowingStore,
        node: str,
        dispatcher: Dispatcher,
        clock: Callable[[], float],
    ) -> None:
        self._log = log_store
        self._link = link
        self._hints = hints
        self._index = index
        self._standings = standings
        self._verdicts = verdicts
        self._showings = showings
        self._node = node
        self._dispatcher = dispatcher
        self._clock = clock
        self._followed: dict[CallKey, Ref] = {}
        self._look_commands: dict[CallKey, Packed] = {}  # of those followed
        self._ends: dict[CallKey, Any] = {}  # as last told, in the store's words
        self._interims_under_way = 0
        self._reads = WorkQueue("reads", READ_WORKERS, READS_WAITING)
        self._catch_ups = WorkQueue("catch_ups", CATCH_UP_WORKERS, READS_WAITING)
        self._derived = WorkQueue("derived", 1, READS_WAITING)
        self.on_notice: Callable[[Notice], None] = lambda notice: None
        self.away_since: float | None = None  # monotonic; None: the store answers
        self.counts: Counter[str] = Counter()  # names as in actors.context.Context.counts
        self._closing = False
        self._greenlets = [gevent.spawn(self._check)]
        self.on_lost: Callable[[], None] = lambda: None  # hears that a hints' link broke
        hints.each(self._begin_listening)

    def close(self) -> None:
        self._closing = True
        gevent.killall(self._greenlets)
        for queue in (self._reads, self._catch_ups, self._derived):
            queue.close()
        self._link.close()
        self._hints.close()

    @property
    def links_up(self) -> dict[str, bool]:
        return {"commands": self._link.up, "hints": self._hints.up}

    @property
    def waiting(self) -> dict[str, int]:
        """What has been asked and not answered, by what it is."""
        queues = (self._reads, self._catch_ups, self._derived)
        return {"commands": len(self._link)} | {queue.name: len(queue) for queue in queues}

    @property
    def hints_unread(self) -> dict[str, int]:
        return {"own": self._hints.dropped, "nonsense": self._hints.nonsense}

    def ask(self, packed: bytes, done: Callable[[Any], None]) -> None:
        """A short question of another service of this node, over the same link: `done(answer)`
        or `done(LogUnavailable)`, in the hub."""
        self._link.ask(packed, done, changes=False)

    # --- appending ------------------------------------------------------------------------

    def append(self, request: Append, reply_to: Ref) -> None:
        check((request,))
        command = self._log.append_command(request)
        self._link.ask(command, partial(self._on_appended, request, reply_to), changes=True)

    def _on_appended(self, request: Append, ref: Ref, outcome: Any) -> None:
        if isinstance(outcome, LogUnavailable):
            self._note_away(outcome.reason)
            self._tell(ref, m.AppendFailed(outcome.reason, outcome.uncertain))
            return
        self._note_back()
        answer = append_answer(request, outcome)
        self._tell(ref, m.AppendAnswered(answer))
        # Hints of our own appends are not passed on: whoever has taken the asker's place
        # hears of it here.
        if isinstance(answer, Appended) and self._followed.get(request.call) is not ref:
            self._tell_follower(request.call, m.TopSeen(request.epoch, answer.seq))

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
        self.counts[f"store_reads:{purpose}"] += 1

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

        queue = self._catch_ups if purpose == "catch_up" else self._reads
        if not queue.put(task):
            self._tell(reply_to, m.PageRead(purpose, after, None, "too many reads", about))

    def _load(self, call: CallKey) -> Page | None:
        """The whole log, in pages. An epoch that changes in between begins again."""
        events: list[Any] = []
        first: Page | None = None
        while True:
            page = self._log.read(call, events[-1].seq if events else 0, LOAD_PAGE)
            if page is None:
                return None
            if first is not None and page.epoch != first.epoch:
                events, first = [], None
                continue
            first = first or page
            events.extend(page.events)
            if not page.events or events[-1].seq >= page.top:
                return page._replace(events=tuple(events), base=first.base)

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
        command = self._log.lead_command(call, self._node, ttl_ms)
        self._link.ask(command, partial(self._on_led, asked_at, reply_to), changes=True)

    def _on_led(self, asked_at: float, ref: Ref, outcome: Any) -> None:
        lease = None if isinstance(outcome, LogUnavailable) else lead_answer(outcome)
        if lease is None:
            self._tell(ref, m.Led(asked_at, mine=False, fence=0, ttl_ms=0))
        else:
            self._tell(ref, m.Led(asked_at, lease.mine, lease.fence, lease.ttl_ms))

    def resign(self, call: CallKey) -> None:
        command = self._log.lead_command(call, self._node, 0)
        self._link.ask(command, self._note, changes=True)

    # --- following ------------------------------------------------------------------------

    def follow(self, call: CallKey, reply_to: Ref) -> None:
        self._followed[call] = reply_to
        self._look_commands[call] = self._log.top_command(call)
        self._ends.pop(call, None)
        self._hints.follow(call)

    def unfollow(self, call: CallKey) -> None:
        if self._followed.pop(call, None) is not None:
            del self._look_commands[call]
            self._ends.pop(call, None)
            self._hints.unfollow(call)

    def _begin_listening(self, hints: HintStream) -> Callable[[], None]:
        reader = gevent.spawn(self._listen, hints)
        self._greenlets.append(reader)

        def end() -> None:
            self._greenlets.remove(reader)
            reader.kill()

        return end

    def _listen(self, hints: HintStream) -> None:
        while True:
            arrivals = hints.next(HINT_WAIT_S)
            if len(arrivals) >= AT_ONCE:
                gevent.sleep(0)  # a full batch came without waiting: let the sockets have theirs
            for arrival in arrivals:
                if isinstance(arrival, Hint):
                    self.counts["hints_received"] += 1
                    self._tell_follower(arrival.call, m.HintArrived(arrival))
                elif isinstance(arrival, Following):
                    self._tell_follower(arrival.call, m.Following())
                    self._look([arrival.call])
                elif isinstance(arrival, Notice):
                    self.on_notice(arrival)
                elif isinstance(arrival, Lost):
                    self.counts["hint_links_lost"] += 1
                    self.on_lost()
                    log.warning("store.hints_lost reason=%s", arrival.reason)

    def _check(self) -> None:
        """A lost last hint leaves no gap to see: look at where each log ends. Spread over
        the time, so that thousands of calls make no pause."""
        round_number = 0
        while True:
            round_number += 1
            calls = list(self._followed)
            pause_s = CHECK_S / max(1, -(-len(calls) // LOOKS_AT_ONCE))
            if round_number % REMIND_EVERY == 0:
                self._ends.clear()
            for start in range(0, len(calls), LOOKS_AT_ONCE):
                self._look(calls[start : start + LOOKS_AT_ONCE])
                gevent.sleep(pause_s)
            if not calls:
                gevent.sleep(CHECK_S)

    def _look(self, calls: Sequence[CallKey]) -> None:
        self.counts["store_looks"] += len(calls)
        for call in calls:
            command = self._look_commands.get(call)
            if command is not None:
                self._link.ask(command, partial(self._on_looked, call), changes=False)

    def _on_looked(self, call: CallKey, outcome: Any) -> None:
        if isinstance(outcome, LogUnavailable):
            self._note_away(outcome.reason)
            return
        self._note_back()
        if outcome is not None and outcome == self._ends.get(call):
            return
        top = top_answer(outcome)
        if top is None:
            self._tell_follower(call, m.Vanished())
        else:
            self._ends[call] = outcome
            self._tell_follower(call, m.TopSeen(top.epoch, top.seq))

    def _tell_follower(self, call: CallKey, message: Any) -> None:
        ref = self._followed.get(call)
        if ref is not None:
            self._tell(ref, message)

    # --- what is derived ------------------------------------------------------------------

    def publish_interim(self, call: CallKey, body: bytes) -> None:
        if self._interims_under_way < INTERIMS_UNDER_WAY:  # else lost, as they may be
            self._interims_under_way += 1
            command = self._log.interim_command(call, body)
            self._link.ask(command, self._on_published, changes=False)

    def publish_health(self, call: CallKey, body: bytes) -> None:
        command = self._log.interim_command(call, body, "call:health")
        self._link.ask(command, self._note, changes=False)

    def _on_published(self, outcome: Any) -> None:
        self._interims_under_way -= 1
        self._note(outcome)

    def index(
        self, call: CallKey, view: wire.CallView, assigned: Sequence[str], unassigned: Sequence[str]
    ) -> None:
        def task() -> None:
            self._index.put(call.tenant, view, view.status == "ended")
            if view.status == "ended":
                self._link.ask(removal_command(call), self._note, changes=False)
            for agent_id in assigned:
                self._standings.assigned(call.tenant, agent_id, call.call_id, True)
            for agent_id in unassigned:
                self._standings.assigned(call.tenant, agent_id, call.call_id, False)

        self._derived.put(lambda: self._quietly(task))

    def verdict(self, call: CallKey, body: bytes) -> None:
        self._derive(partial(self._verdicts.note, call, body))

    def shown(self, call: CallKey, suggestion: wire.AiSuggestion, asked: Asked) -> None:
        self._derive(partial(self._showings.note, call, suggestion, asked))

    def unanswered(self, call: CallKey, because: str, asked: Asked) -> None:
        self._derive(partial(self._showings.note_unanswered, call, because, asked))

    def _derive(self, task: Callable[[], object]) -> None:
        """Tried again where the store is away for a moment; then given up."""

        def insist() -> None:
            for pause_s in (*DERIVED_AGAIN_S, None):
                try:
                    task()
                except (LogUnavailable, redis.RedisError) as problem:
                    self._note_away(str(problem))
                    if pause_s is not None:
                        gevent.sleep(pause_s)
                else:
                    return
            log.warning("store.derived_lost")

        self._derived.put(insist)

    # --- the store's health ---------------------------------------------------------------

    def _quietly(self, task: Callable[[], object]) -> None:
        """For what is derived and repaired by the sweep: a failure is logged, no more."""
        try:
            task()
        except (LogUnavailable, redis.RedisError) as problem:
            self._note_away(str(problem))

    def _note(self, outcome: Any) -> None:
        """For what nobody waits for."""
        if isinstance(outcome, LogUnavailable):
            self._note_away(outcome.reason)

    def _note_away(self, reason: str) -> None:
        if self.away_since is None and not self._closing and not self._link.partly_up:
            self.away_since = self._clock()
            self.counts["store_aways"] += 1
            log.warning("store.away reason=%s", reason)

    def _note_back(self) -> None:
        if self.away_since is not None:
            log.warning("store.back after_s=%.1f", self._clock() - self.away_since)
            self.away_since = None

    def _tell(self, ref: Ref, message: Any) -> None:
        self._dispatcher.send(ref, message)

"""The node's way to the log, the index and the hints, for actors that never wait.

Owns the turning of every outcome into a message. What comes often (appends, leases, looks at
where logs end, interim text) goes over the node's own link, where all of one loop pass leaves
in one send; what is rare and may be long is done by greenlets. Keeping up with logs is in
store_following.py, lists of calls in store_listing.py, what else is kept beside the logs in
store_derived.py, whether the store answers in store_presence.py. It decides nothing about a
call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine import wire
from engine.errors import Unavailable
from engine.history import history_page
from engine.log import Append, Appended, CallKey, LogUnavailable, Page, check
from engine.log_redis import RedisLog, append_answer, lead_answer
from web.queue import WorkQueue
from web.store_derived import Derived
from web.store_following import LogFollower
from web.store_listing import Listing
from web.store_presence import Presence

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher
    from engine.assist.asked import Asked
    from engine.call_index import CallIndex
    from engine.hints_cluster import ClusterHints
    from engine.hints_redis import HintStream
    from engine.showings import ShowingStore
    from engine.standing import Standings
    from engine.verdicts import VerdictStore
    from web.store_link import Link

LOAD_PAGE = 1000  # events read at once when a whole log is folded
READ_WORKERS = 8
CATCH_UP_WORKERS = 4  # apart, so that a crowd that catches up holds up no call's own reads
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
        self._node = node
        self._dispatcher = dispatcher
        self.counts: Counter[str] = Counter()  # names as in actors.context.Context.counts
        self.presence = Presence(clock, self.counts, lambda: link.partly_up)
        self.follower = LogFollower(
            log_store, link, hints, self.presence, self.counts, dispatcher.send
        )
        self._interims_under_way = 0
        self._reads = WorkQueue("reads", READ_WORKERS, READS_WAITING)
        self._catch_ups = WorkQueue("catch_ups", CATCH_UP_WORKERS, READS_WAITING)
        self.listing = Listing(index, standings, link, self.presence, self.counts)
        self._derived = Derived(verdicts, showings, self.presence)
        own = (self._reads, self._catch_ups)
        self._queues = (*own, self.listing.queue, self._derived.queue)

    def close(self) -> None:
        self.presence.closing = True
        self.follower.close()
        for queue in self._queues:
            queue.close()
        self._link.close()
        self._hints.close()

    @property
    def links_up(self) -> dict[str, bool]:
        return {"commands": self._link.up, "hints": self._hints.up}

    @property
    def waiting(self) -> dict[str, int]:
        """What has been asked and not answered, by what it is."""
        return {"commands": len(self._link)} | {one.name: len(one) for one in self._queues}

    @property
    def settled(self) -> bool:
        """The store has all that it was told, lists too."""
        return not len(self._link) and not self.listing.owes

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
            self.presence.away(outcome.reason)
            self._tell(ref, m.AppendFailed(outcome.reason, outcome.uncertain))
            return
        self.presence.back()
        answer = append_answer(request, outcome)
        self._tell(ref, m.AppendAnswered(answer))
        # Hints of our own appends are not passed on: whoever has taken the asker's place
        # hears of it here.
        if isinstance(answer, Appended) and not self.follower.follows(request.call, ref):
            self.follower.tell(request.call, m.TopSeen(request.epoch, answer.seq))

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
                self.presence.away(problem.reason)
                self._tell(reply_to, m.PageRead(purpose, after, None, problem.reason, about))
            else:
                self.presence.back()
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
                self.presence.away(problem.reason)
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
        self._link.ask(command, self.presence.note, changes=True)

    # --- following ------------------------------------------------------------------------

    def follow(self, call: CallKey, reply_to: Ref) -> None:
        self.follower.follow(call, reply_to)

    def unfollow(self, call: CallKey) -> None:
        self.follower.unfollow(call)

    # --- what others are told --------------------------------------------------------------

    def publish_interim(self, call: CallKey, body: bytes) -> None:
        if self._interims_under_way < INTERIMS_UNDER_WAY:  # else lost, as they may be
            self._interims_under_way += 1
            command = self._log.interim_command(call, body)
            self._link.ask(command, self._on_published, changes=False)

    def publish_health(self, call: CallKey, body: bytes) -> None:
        command = self._log.interim_command(call, body, "call:health")
        self._link.ask(command, self.presence.note, changes=False)

    def _on_published(self, outcome: Any) -> None:
        self._interims_under_way -= 1
        self.presence.note(outcome)

    def index(
        self, call: CallKey, view: wire.CallView, assigned: Sequence[str], unassigned: Sequence[str]
    ) -> None:
        self.listing.owe(call, view, assigned, unassigned)

    def verdict(self, call: CallKey, body: bytes) -> None:
        self._derived.verdict(call, body)

    def shown(self, call: CallKey, suggestion: wire.AiSuggestion, asked: Asked) -> None:
        self._derived.shown(call, suggestion, asked)

    def unanswered(self, call: CallKey, because: str, asked: Asked) -> None:
        self._derived.unanswered(call, because, asked)

    def _tell(self, ref: Ref, message: Any) -> None:
        self._dispatcher.send(ref, message)

"""A node's way to the faulty store: the Store port, as web/store_client.py behaves.

Owns one node's pipeline of appends (one in flight), its concurrent reads, its subscription
and its looks at where logs end. It decides no fault: faulty_store.py does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine.history import history_page
from engine.log import Append, CallKey, Hint, Lease, StoredEvent, Top
from tests.simulation.faulty_store import GIVEN_UP_S, FaultyStore

if TYPE_CHECKING:
    from tests.simulation.node import Node

LANDS_LATE_S = (0.0, 3.0)  # after it was given up
CHECK_S = 2.0  # between looks at where followed logs end, as the store client does


class NodeStore:
    def __init__(self, store: FaultyStore, node: Node) -> None:
        self._store = store
        self._node = node
        self._cluster = node.cluster
        self._followed: dict[CallKey, Any] = {}
        self._connected = -1  # the store's links when ours was made
        self._log: Any = None
        self._appends: deque[tuple[Append, Any]] = deque()
        self._writing = False
        self._lease_free_at = 0.0  # lease questions of a node arrive in order
        self.hinted_until = 0.0
        self.verdicts = 0
        self._cluster.time.later(self._cluster.random.uniform(0.1, CHECK_S), self._check)

    def _tell(self, ref: Any, message: Any) -> None:
        self._node.dispatcher.send(ref, message)

    @property
    def log(self) -> Any:
        """The logs, on our connection: it knows which run of the store is at its other end."""
        if self._connected != self._store.link:
            self._connected = self._store.link
            self._log = self._store.memory.seen_from(self._node.name, self._store.run_id)
        return self._log

    # --- appending ------------------------------------------------------------------------

    def append(self, request: Append, reply_to: Any) -> None:
        self._appends.append((request, reply_to))
        if not self._writing:
            self._writing = True
            self._cluster.time.later(self._store.trip_s(), self._write)

    def _write(self) -> None:
        """What waits, as one pipeline. A crashed node's last words may still arrive."""
        batch = list(self._appends)
        self._appends.clear()
        if not batch:
            self._writing = False
            return
        store, time, random = self._store, self._cluster.time, self._cluster.random
        requests = [request for request, _ in batch]
        answers, uncertain, after_s = None, True, random.uniform(*GIVEN_UP_S)
        link = store.link
        if store.away:
            uncertain, after_s = random.random() < 0.3, store.trip_s()
        elif store.strands(self._node, requests) or store.struck("write_lost"):
            pass
        elif store.struck("write_late"):
            time.later(
                after_s + random.uniform(*LANDS_LATE_S), lambda: self._land_late(requests, link)
            )
        else:
            answers = store.apply(self._node, requests)
            if store.struck("answer_lost"):
                answers = None
            else:
                uncertain, after_s = False, store.trip_s()
        self._answer(batch, answers, uncertain, after_s, link)

    def _land_late(self, requests: list[Append], link: int) -> None:
        if link == self._store.link and not self._store.away:
            self._store.apply(self._node, requests)

    def _answer(
        self, batch: list[Any], answers: list[Any] | None, uncertain: bool, after_s: float,
        link: int,
    ) -> None:  # fmt: skip
        def arrive() -> None:
            cut = link != self._store.link
            for place, (_, ref) in enumerate(batch):
                if answers is None or cut:
                    self._tell(ref, m.AppendFailed("no answer", uncertain or cut))
                else:
                    self._tell(ref, m.AppendAnswered(answers[place]))
            self._write_on()

        self._cluster.time.later(after_s, lambda: self._node.receive(arrive))

    def _write_on(self) -> None:
        if self._appends:
            self._cluster.time.later(self._store.trip_s(), self._write)
        else:
            self._writing = False

    # --- reading --------------------------------------------------------------------------

    def read(
        self, call: CallKey, purpose: Any, after: int, limit: int, reply_to: Any, about: Any = None
    ) -> None:
        def do() -> Any:
            memory = self.log
            page = memory.read(call, after, 100_000 if purpose == "load" else limit)
            while purpose == "load" and page and page.events and page.events[-1].seq < page.top:
                more = memory.read(call, page.events[-1].seq, 100_000)
                assert more is not None
                page = page._replace(events=page.events + more.events)
            return page

        self._store.ask(
            self._node,
            do,
            lambda page: self._tell(reply_to, m.PageRead(purpose, after, page, None, about)),
            lambda: self._tell(reply_to, m.PageRead(purpose, after, None, "away", about)),
        )

    def history(self, call: CallKey, query: Any, reply_to: Any, token: Any) -> None:
        page = history_page(self.log, call, query)
        self._tell(reply_to, m.Answered(token, page))

    # --- leading --------------------------------------------------------------------------

    def lead(self, call: CallKey, ttl_ms: int, asked_at: float, reply_to: Any) -> None:
        def do() -> Lease | None:
            lease = self.log.lead(call, self._node.name, ttl_ms)
            if lease is not None and lease.mine:
                self._store.fences.granted(call, self._node.name, lease.fence)
            return lease

        def answer(lease: Lease | None) -> None:
            if lease is None:
                self._tell(reply_to, m.Led(asked_at, mine=False, fence=0, ttl_ms=0))
            else:
                self._tell(reply_to, m.Led(asked_at, lease.mine, lease.fence, lease.ttl_ms))

        self._in_order(lambda: self._store.ask(self._node, do, answer, lambda: answer(None)))

    def resign(self, call: CallKey) -> None:
        def do() -> None:
            self.log.resign(call, self._node.name)

        self._in_order(lambda: self._store.ask(self._node, do, lambda _: None, lambda: None))

    def _in_order(self, ask: Any) -> None:
        """A resignation never overtakes, or is overtaken by, a question for the lease."""
        time = self._cluster.time
        due = max(self._lease_free_at, time.now)
        self._lease_free_at = due + 0.11  # past two far trips
        if due <= time.now:
            ask()
        else:
            time.later(due - time.now, lambda: self._node.alive and ask())

    # --- following ------------------------------------------------------------------------

    def follow(self, call: CallKey, reply_to: Any) -> None:
        self._followed[call] = reply_to
        self._subscribe(call)

    def _subscribe(self, call: CallKey) -> None:
        """Hints flow from when it arrives; the confirmation comes before all of them. A
        store that is away is subscribed when it is back."""
        store, time, link = self._store, self._cluster.time, self._store.link

        def arrive() -> None:
            if store.away or link != store.link or not self._node.alive:
                return
            store.followers.setdefault(call, {})[self._node] = True
            due = max(self.hinted_until, time.now + store.trip_s())
            self.hinted_until = due
            time.later(due - time.now, lambda: self._node.receive(confirmed))

        def confirmed() -> None:
            if link == store.link:
                self._tell_follower(call, m.Following())
                self._look([call])

        time.later(store.trip_s(), arrive)

    def unfollow(self, call: CallKey) -> None:
        self._followed.pop(call, None)

    def resubscribe(self) -> None:
        for call in list(self._followed):
            self._subscribe(call)

    def on_hint(self, hint: Hint) -> None:
        self._tell_follower(hint.call, m.HintArrived(hint))

    def _check(self) -> None:
        if not self._node.alive:
            return
        if self._followed and not self._node.paused:
            self._look(list(self._followed))
        self._cluster.time.later(CHECK_S, self._check)

    def _look(self, calls: list[CallKey]) -> None:
        def answer(tops: list[Top | None]) -> None:
            for call, top in zip(calls, tops, strict=True):
                seen = m.TopSeen(top.epoch, top.seq) if top is not None else m.Vanished()
                self._tell_follower(call, seen)

        self._store.ask(self._node, lambda: self.log.tops(calls), answer, lambda: None)

    def _tell_follower(self, call: CallKey, message: Any) -> None:
        ref = self._followed.get(call)
        if ref is not None:
            self._tell(ref, message)

    # --- what is derived ------------------------------------------------------------------

    def publish_interim(self, call: CallKey, body: bytes) -> None:
        told = StoredEvent(0, "transcription:update", body, "", "")
        hint = Hint(call, "-", 0, self._node.name, (told,))
        self._to_followers(call, hint)

    def _to_followers(self, call: CallKey, hint: Hint) -> None:
        """Maybe lost on the way."""
        store = self._store

        def arrive() -> None:
            if not store.away:
                for node in list(store.followers.get(call, ())):
                    store.send_hint(node, hint)

        self._cluster.time.later(store.trip_s(), arrive)

    def index(
        self, call: CallKey, view: Any, assigned: Sequence[str], unassigned: Sequence[str]
    ) -> None:
        """Notices to every node; these are not lost here (see docs: the index is derived)."""
        for node in self._cluster.nodes:
            for agent_id in assigned:
                self._notice(node, lambda n=node, a=agent_id: n.directory.assigned(call, a, view))
            for agent_id in unassigned:
                self._notice(node, lambda n=node, a=agent_id: n.directory.unassigned(call, a))

    def _notice(self, node: Node, tell: Any) -> None:
        self._cluster.time.later(self._store.trip_s(), lambda: node.receive(tell))

    def verdict(self, call: CallKey, body: bytes) -> None:
        self.verdicts += 1

    def shown(self, call: CallKey, suggestion: Any, asked: Any) -> None: ...

    def unanswered(self, call: CallKey, because: str, asked: Any) -> None: ...

    def publish_health(self, call: CallKey, body: bytes) -> None:
        hint = Hint(call, "-", 0, self._node.name, (StoredEvent(0, "call:health", body, "", ""),))
        self._to_followers(call, hint)

"""The store of a cluster, with everything that goes wrong between a node and it.

Owns the faults: hints lost, repeated and late; answers lost after a write and before it; a
write that lands after it was given up; a store that is away, restarts, fails over, or comes
back without its last writes or without a log. Where a log stands is engine/log_memory.py's
to say. The judges look at logs from outside (`log_of`): that begins no epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.log import Append, CallKey, Hint
from engine.log_memory import MemoryLog
from tests.simulation.written import Fences, Written

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster
    from tests.simulation.node import Node

NEAR_S = (0.0003, 0.003)  # one way to the store
FAR_S = (0.003, 0.05)
LATE_HINT_S = (0.05, 3.0)
GIVEN_UP_S = (0.05, 2.0)  # until a write without an answer is reported as uncertain


class FaultyStore:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.memory = MemoryLog(clock=cluster.time.wall)
        self.memory.subscribe(self._published)
        self.followers: dict[CallKey, dict[Node, Any]] = {}
        self.written: dict[tuple[CallKey, str], Written] = {}
        self.fences = Fences()
        self.away = False
        self.link = 0  # counts restarts: what was asked before one is never answered
        self.run_id = "run-1"  # of the process that answers; nodes learn it when they connect
        self._latest: dict[CallKey, Written] = {}
        self.stranding = False  # the next writer of a suggestion is stopped without an answer

    # --- asking ---------------------------------------------------------------------------

    def trip_s(self) -> float:
        random = self._cluster.random
        return random.uniform(*(NEAR_S if random.random() < 0.8 else FAR_S))

    def struck(self, kind: str) -> bool:
        """Whether this fault befalls what is being done; it is trouble if so."""
        rate = self._cluster.weather.rates[kind]
        if not rate or self._cluster.random.random() >= rate:
            return False
        self._cluster.note("fault", kind)
        if not kind.startswith("hint"):
            self._cluster.trouble()
        return True

    def ask(
        self, node: Node, do: Callable[[], Any], answer: Callable[[Any], None],
        failed: Callable[[], None], *, may_fail: bool = True,
    ) -> None:  # fmt: skip
        """A question that may be asked twice: done at the store, answered at the node."""
        time, link = self._cluster.time, self.link

        def arrive() -> None:
            if self.away or (may_fail and self.struck("read_failed")):
                time.later(self.trip_s(), lambda: node.receive(failed))
                return
            found = do()
            for call in self.memory._lives:
                self.log_of(call)  # whoever looks may have begun an epoch
            time.later(self.trip_s(), lambda: node.receive(lambda: give(found)))

        def give(found: Any) -> None:
            if link == self.link:
                answer(found)
            else:
                failed()

        time.later(self.trip_s(), arrive)

    def apply(self, node: Node, requests: list[Append]) -> list[Any]:
        """The store takes a pipeline of appends."""
        log = node.store.log
        answers = []
        for request in requests:
            [answer] = log.append([request])
            answers.append(answer)
            if type(answer).__name__ == "Appended":
                self._keep(request, node)
            self.log_of(request.call)
            self._cluster.note("log", f"{node.name} {_words(request)}: {_answer_words(answer)}")
        return answers

    def _keep(self, request: Append, node: Node) -> None:
        written = self._written_before(request)
        for seq, entry in enumerate(request.entries, start=request.expected_seq + 1):
            now = self._cluster.time.now
            written.add(now, request.epoch, seq, entry.event, entry.body, entry.key)
        self.fences.wrote(request, node.name)

    def _written_before(self, request: Append) -> Written:
        """What the log of this epoch held before this append."""
        place = (request.call, request.epoch)
        life = self.memory._lives[request.call]
        if place not in self.written:
            self.written[place] = Written(life.epoch, life.first, life.begins, life.base)
            for stored in life.events:
                if stored.seq <= request.expected_seq:
                    self.written[place].survived(self._cluster.time.now, stored)
            self._latest[request.call] = self.written[place]
        return self.written[place]

    def log_of(self, call: CallKey) -> Written:
        """The log as it lives now, or as it last lived."""
        life = self.memory._lives.get(call)
        if life is None:
            return self._latest[call]
        place = (call, life.epoch)
        if place not in self.written:
            self.written[place] = Written(life.epoch, life.first, life.begins, life.base)
            for stored in life.events:
                self.written[place].survived(self._cluster.time.now, stored)
            self._cluster.losses.reopened(call)
            self._cluster.note("log", f"{call.call_id} is in epoch {life.epoch} from {life.first}")
        self._latest[call] = self.written[place]
        return self.written[place]

    # --- hints ----------------------------------------------------------------------------

    def _published(self, hint: Hint) -> None:
        for node in list(self.followers.get(hint.call, ())):
            self.send_hint(node, hint)

    def strands(self, node: Node, requests: list[Append]) -> bool:
        """The write is lost and the node stopped, for longer than its lease."""
        fenced = any(request.entries[0].event == "ai:suggestion" for request in requests)
        if not (self.stranding and fenced and node.runs):
            return False
        self.stranding = False
        self._cluster.pause(node, 20.0)
        return True

    def send_hint(self, node: Node, hint: Hint) -> None:
        if self.struck("hint_lost"):
            return
        self._fly(node, hint)
        if self.struck("hint_repeated"):
            self._fly(node, hint)

    def _fly(self, node: Node, hint: Hint) -> None:
        """In order with the node's other hints, unless this one is late."""
        time, link = self._cluster.time, self.link
        if self.struck("hint_late"):
            delay_s = self._cluster.random.uniform(*LATE_HINT_S)
        else:
            due = max(node.store.hinted_until, time.now + self.trip_s())
            node.store.hinted_until, delay_s = due, due - time.now

        def arrive() -> None:
            if link == self.link:
                node.store.on_hint(hint)

        time.later(delay_s, lambda: node.receive(arrive))

    # --- the store's own troubles ---------------------------------------------------------

    def go_away(self, for_s: float) -> None:
        """Every link breaks; until it is back nothing is answered."""
        self._cluster.trouble()
        self.away = True
        self._break_links()
        self._cluster.time.later(for_s, self.come_back)

    def come_back(self) -> None:
        if self.away:
            self.away = False
            self._cluster.trouble()
            for node in self._cluster.nodes:
                node.store.resubscribe()

    def restart(self) -> None:
        """Another process, at once; all links are new."""
        self._cluster.trouble()
        self.become_another()
        self._break_links()
        for node in self._cluster.nodes:
            node.store.resubscribe()

    def lose_last(self, call: CallKey, count: int) -> None:
        """The last `count` writes are gone, as after a host crash or a failover, and with
        them what the leases were."""
        life = self.memory._lives.get(call)
        if life is None:
            return
        kept, top = max(1, len(life.events) - count), life.top
        lost = life.events[kept:]
        self._cluster.losses.lost(call, [stored.key for stored in lost], top, whole=False)
        for stored in lost:
            del life.keys[stored.key]
        del life.events[kept:]
        life.fence = max(0, life.fence - count)

    def lose_all(self, call: CallKey) -> None:
        life = self.memory._lives.pop(call, None)
        if life is not None:
            keys = [stored.key for stored in life.events]
            self._cluster.losses.lost(call, keys, life.top, whole=True)

    def become_another(self) -> None:
        self.run_id = f"run-{int(self.run_id[4:]) + 1}"

    def _break_links(self) -> None:
        self.link += 1
        self.followers.clear()


def _words(request: Append) -> str:
    keys = ", ".join(entry.key for entry in request.entries)
    fence = "" if request.fence is None else f" fence {request.fence}"
    return f"{request.call.call_id} after {request.expected_seq}{fence} [{keys}]"


def _answer_words(answer: Any) -> str:
    return type(answer).__name__ + (f" {answer[0]}" if len(answer) == 1 else "")

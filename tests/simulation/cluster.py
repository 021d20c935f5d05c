"""A cluster in one process: nodes, a store and people, on one clock and one Random.

Owns whose turn is next. Every choice comes from `random`, so a seed replays exactly: which
actor handles a message, whether a turn or the network comes first, how long things travel.
"""

from __future__ import annotations

from random import Random
from typing import Any

from engine.log import CallKey
from tests.simulation.faults import Weather
from tests.simulation.faulty_store import FaultyStore
from tests.simulation.ledger import Ledger
from tests.simulation.losses import Losses
from tests.simulation.node import Node
from tests.simulation.virtual_time import VirtualTime

PATIENCE_S = 0.05  # mail waits no longer than this for its turn, in virtual time
MOST_STEPS = 20_000  # of one stretch: more, and something goes round in circles


class Cluster:
    def __init__(
        self, seed: int, nodes: int, off: frozenset[str] = frozenset(), *, traced: bool = False
    ) -> None:
        self.random = Random(seed)
        self.time = VirtualTime()
        self.weather = Weather(self.random, off)
        self.eagerness = self.random.choice((0.5, 0.8, 0.95))  # turns before the network
        self.trace: list[str] | None = [] if traced else None
        self.troubled_at = 0.0
        self.half_open_until = 0.0  # by then every end has been noticed on both sides
        self.steps = 0
        self._names = 0
        self.asked: set[tuple[CallKey, str]] = set()  # triggers that ranking was asked about
        self.nodes: list[Node] = []
        self.store = FaultyStore(self)
        self.ledger = Ledger(self)
        self.losses = Losses(self)
        self.calls: list[CallKey] = []
        self.browsers: list[Any] = []
        self.producer: Any = None
        for _ in range(nodes):
            self.start_node()

    def note(self, kind: str, text: str) -> None:
        if self.trace is not None:
            self.trace.append(f"{self.time.now:9.4f}  {kind:<8} {text}")

    def trouble(self) -> None:
        """Something is wrong now, or was until now, beyond lost hints."""
        self.troubled_at = self.time.now

    def next_name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names}"

    # --- nodes ----------------------------------------------------------------------------

    def start_node(self) -> Node:
        node = Node(self, self.next_name("node-"))
        self.nodes.append(node)
        return node

    def crash(self, node: Node, back_after_s: float) -> None:
        """Its actors are just gone; another process takes its place."""
        self.trouble()
        self.note("fault", f"{node.name} crashes")
        node.crash()
        self.nodes.remove(node)
        for followers in self.store.followers.values():
            followers.pop(node, None)
        for browser in self.browsers:
            browser.on_node_gone(node)
        self.time.later(back_after_s, self._start_again)

    def _start_again(self) -> None:
        self.note("node", f"{self.start_node().name} starts")
        self.trouble()

    def pause(self, node: Node, for_s: float) -> None:
        self.note("fault", f"{node.name} is paused for {for_s:.1f} s")
        self.trouble()
        node.pause()
        self.time.later(for_s, lambda: self.wake(node))

    def wake(self, node: Node) -> None:
        if node.paused:
            self.note("node", f"{node.name} wakes")
            self.trouble()
            node.wake()

    # --- running --------------------------------------------------------------------------

    def go(self, steps: int) -> None:
        """Some turns and arrivals."""
        for _ in range(steps):
            if not self._step(None):
                return

    def wait(self, seconds: float) -> None:
        """Virtual time passes, and everything that happens in it."""
        until, limit = self.time.now + seconds, self.steps + MOST_STEPS
        while self._step(until):
            if self.steps > limit:
                raise AssertionError(f"{MOST_STEPS} steps in {seconds} s: it goes in circles")
        self.time.now = until

    def _step(self, until: float | None) -> bool:
        """A turn, or whatever is due next. False: nothing happens any more by `until`."""
        self.steps += 1
        ready = [node for node in self.nodes if not node.paused and not node.dispatcher.idle]
        due = self._next_due()
        if due is not None and until is not None and due > until:
            due = None
        if ready:
            soon = due is not None and due <= self.time.now + PATIENCE_S
            if not soon or self.random.random() < self.eagerness:
                node = ready[0] if len(ready) == 1 else self.random.choice(ready)
                message = node.dispatcher.step_any(self.random)
                if self.trace is not None:
                    self.note("turn", f"{node.name} {type(message).__name__}")
                return True
        if due is None:
            return False
        self.time.now = max(self.time.now, due)
        task = self.time.take_due()
        if task is not None:
            task()
        else:
            for node in self.nodes:
                if not node.paused:
                    node.wheel.advance()
        return True

    def _next_due(self) -> float | None:
        due = self.time.next_due()
        for node in self.nodes:
            if not node.paused:
                timer = node.wheel.next_due()
                if timer is not None and (due is None or timer < due):
                    due = timer
        return due

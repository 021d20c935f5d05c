"""Ranking that takes its time, fails, and proposes whatever the seed says.

Owns what was asked for and what came back, so that every trigger can be followed to its
outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine import wire
from engine.assist.after_call import by_rules
from engine.log import CallKey

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster
    from tests.simulation.node import Node

DOCUMENTS = ("d1", "d2", "d3", "d4")


class SlowAssist:
    def __init__(self, cluster: Cluster, node: Node) -> None:
        self._cluster = cluster
        self._node = node
        self.answered = 0  # proposals that reached an actor which lived

    def suggest(self, call: CallKey, because: str, excerpt: Any, reply_to: Any) -> None:
        random = self._cluster.random
        self._cluster.asked.add((call, because))
        failed = random.random() < 0.1
        ids = [] if failed else random.sample(DOCUMENTS, random.randrange(4))
        documents = [wire.SuggestedDocument(one, one.upper(), "…", 0.5) for one in ids]
        proposed = m.Proposed(because, documents, "", "none", failed)

        def answer() -> None:
            if self._node.dispatcher.send(reply_to, proposed):
                self.answered += 1

        self._node.later(random.choice((0.005, 0.05, 0.4, 3.0)), answer)

    writes_lines = False

    def line(self, call: CallKey, because: str, excerpt: Any, reply_to: Any) -> None: ...

    def sum_up(self, call: CallKey, material: Any, reply_to: Any) -> None:
        summed = m.SummedUp(by_rules(material, str))
        delay_s = self._cluster.random.choice((0.005, 0.4))
        self._node.later(delay_s, lambda: self._node.dispatcher.send(reply_to, summed))

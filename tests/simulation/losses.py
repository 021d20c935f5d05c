"""What the store has lost, and who held it then.

Owns the excuse of an acknowledgement that is not in the final log: the store lost it, and
nobody who held it has lived on. Holding is judged at the moment of the loss, living on at
the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.log import CallKey
from tests.simulation.written import Event, Written

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster

_Holder = tuple[Any, Any]  # a node and the call's actor on it


class Losses:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._holders: dict[tuple[CallKey, str], list[_Holder]] = {}  # of what was lost last
        self._reopened: set[CallKey] = set()
        self.gone: set[CallKey] = set()  # whose whole log was lost once

    def lost(self, call: CallKey, keys: Iterable[str], top: int, *, whole: bool) -> None:
        """`top`: where the log ended before."""
        for key in keys:
            self._holders[(call, key)] = list(self._holding(call, key, top))
        if whole:
            self.gone.add(call)

    def reopened(self, call: CallKey) -> None:
        self._reopened.add(call)

    def was_lost(self, call: CallKey, key: str) -> bool:
        return (call, key) in self._holders

    def was_reopened(self, call: CallKey) -> bool:
        """What is answered again may have another seq since."""
        return call in self._reopened or call in self.gone

    def _holding(self, call: CallKey, key: str, top: int) -> Iterable[_Holder]:
        """What is still on its way to a node may push the oldest out of its ring."""
        for node in self._cluster.nodes:
            for one, actor in node.call_actors():
                coming = top - actor.call.seq if actor.call is not None else 0
                ring = [frame.key for frame in actor.audience.ring][max(coming, 0) :]
                if one == call and (key in actor.refiller.held or key in ring):
                    yield node, actor

    def excuse(self, call: CallKey, key: str, log: Written) -> str | None:
        """None: it may be missing. Else why it may not."""
        holders = self._holders.get((call, key))
        if holders is None:
            return "and the store never lost it"
        if self._replaced(key, log):
            return None
        for node, actor in holders:
            ref = node.directory.calls.get(call)
            if node.alive and ref is not None and ref.actor is actor and ref.is_alive():
                return f"although {node.name} held it"
        return None

    def _replaced(self, key: str, log: Written) -> bool:
        """A verdict that came back too late: a newer one on the same document stands."""
        given = self._cluster.ledger.verdicts.get(key)
        return given is not None and any(_is_of(event, *given) for event in log.events)

    def held_by_anybody(self, call: CallKey) -> bool:
        return any(
            one == call and (actor.call is not None or actor.refiller.busy)
            for node in self._cluster.nodes
            for one, actor in node.call_actors()
        )


def _is_of(event: Event, agent_id: str, doc_id: str) -> bool:
    found = event.fields.get("agent_id"), event.fields.get("doc_id")
    return event.name == "feedback:update" and found == (agent_id, doc_id)

"""Where the numbers of a node come from: counters, and a look at its actors.

Owns the reading of what /metrics shows; what each number means is web/metrics.py's. The look
at every actor costs about 1 us each, once a scrape; nothing here runs on an event's way.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from actors.agent import AgentActor
from actors.call import CallActor
from actors.lag import BOUNDS_S
from actors.supervision import ParkedCall
from web.metrics import Histogram, Numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.dispatcher import DispatchedActor
    from web.node import Node

SLOW_S = 1.0


def numbers_of(node: Node) -> Numbers:
    counters, gauges = _of_actors(node)
    dispatcher, store, context = node.dispatcher, node.store_client, node.context
    counters.update(context.counts)
    counters.update(store.counts)
    counters.update(node.audit.counts)
    counters["messages_handled"] = dispatcher.handled
    for reason, count in dispatcher.dead_letters_by.items():
        counters[f"dead_letters:{reason}"] = count
    for why, count in store.hints_unread.items():
        counters[f"hints_unread:{why}"] = count
    gauges["timers"] = len(context.wheel)
    gauges["store_away"] = store.presence.away_since is not None
    gauges["draining"] = node.draining
    gauges.update(node.ranking.numbers())
    for link, up in store.links_up.items():
        gauges[f"store_link_up:{link}"] = up
    for what, count in store.waiting.items():
        gauges[f"store_waiting:{what}"] = count
    pools = node.ways.pools
    gauges["store_connections"] = sum(pool.in_use for pool in pools)
    gauges["store_connections_most"] = sum(pool.max_connections for pool in pools)
    counters["store_connections_refused"] = sum(pool.exhausted for pool in pools)
    counters["store_moves"] = node.ways.watch.moved if node.ways.watch else 0
    histograms = {
        f"delivery_lag_seconds:{written}": Histogram(BOUNDS_S, lag.counts, lag.sum_s)
        for written, lag in (("here", context.lag), ("elsewhere", context.far_lag))
    }
    return Numbers(counters, gauges, histograms)


def _of_actors(node: Node) -> tuple[Counter[str], dict[str, float]]:
    """What the mailboxes of those who ended had, and a look at those who live."""
    counters: Counter[str] = Counter()
    for name, count in node.dispatcher.overflowed.items():
        kind, _, what = name.partition(":")
        counters[f"mailbox_{what}:{_LABELS.get(kind, kind)}"] += count
    gauges: dict[str, float] = dict.fromkeys(_LOOKED_AT, 0.0)
    for actor in _living(node):
        kind, inbox = _LABELS.get(type(actor).__name__, type(actor).__name__), actor.actor_inbox
        depth = f"mailbox_depth_max:{kind}"
        gauges[depth] = max(gauges.get(depth, 0.0), len(inbox))
        counters[f"mailbox_dropped:{kind}"] += inbox.dropped
        counters[f"mailbox_refused:{kind}"] += inbox.refused
        if isinstance(actor, AgentActor):
            gauges["connections"] += 1
            if actor.subscriptions.behind:
                gauges["connections_behind"] += 1
                gauges["connections_slow"] += actor.outlet.stalled_s() >= SLOW_S
        elif isinstance(actor, CallActor):
            gauges["calls_in_memory"] += 1
            gauges["calls_led"] += actor.leader.leads
        elif isinstance(actor, ParkedCall):
            gauges["parked_calls"] += 1
    return counters, gauges


_LABELS = {"AgentActor": "agent", "CallActor": "call", "ParkedCall": "parked"}
_LOOKED_AT = (
    *("connections", "connections_behind", "connections_slow"),
    *("calls_in_memory", "calls_led", "parked_calls"),
)  # fmt: skip


def _living(node: Node) -> Iterator[DispatchedActor]:
    for table in (node.directory.connections, node.directory.calls):
        for ref in tuple(table.values()):
            actor: Any = ref.actor  # type: ignore[attr-defined] # all are ours
            if actor is not None:
                yield actor

"""What must hold at every step, and when everything has healed and settled.

Owns the judgement over a whole cluster. What one screen was sent is judged as it arrives
(screens.py), what was promised by the ledger, every append by written.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.call import CallActor
from engine.call import Call
from engine.log import CallKey, StoredEvent
from tests.simulation.bounds import SETTINGS
from tests.simulation.written import Broken

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster
    from tests.simulation.node import Node

FOUND_S = 5.0  # a lost last hint is found within this
CONTROL_WAITING = 400  # answers in a mailbox: each was bounded where it was asked for
TIMERS_EACH = 24  # timers of one actor


def at_every_step(cluster: Cluster) -> None:
    leaders: dict[CallKey, list[str]] = {}
    quiet = not cluster.store.away and cluster.time.now - cluster.troubled_at > FOUND_S
    for node in cluster.nodes:
        _no_fault_of_ours(node)
        _bounded(node)
        for key, actor in node.call_actors():
            if actor.leader.leads and _in_epoch(cluster, key, actor):
                leaders.setdefault(key, []).append(node.name)
            if quiet and node.runs:
                _is_current(cluster, node, key, actor)
    for key, names in leaders.items():
        if len(names) > 1:
            raise Broken(f"{' and '.join(names)} lead {key} at once")


def _no_fault_of_ours(node: Node) -> None:
    incidents = node.directory.supervisor.incidents
    if len(incidents) > node.poisoned:
        raise Broken(f"an actor on {node.name} failed: {incidents[-1].error!r}")
    for incident in incidents:
        if "SimpleNamespace" not in repr(incident.error):
            raise Broken(f"an actor on {node.name} failed: {incident.error!r}")


def _bounded(node: Node) -> None:
    actors = len(node.directory.calls) + len(node.directory.connections)
    if node.runs and node.wheel.size > 128 + TIMERS_EACH * actors:
        raise Broken(f"{node.wheel.size} timers for {actors} actors on {node.name}")
    for _, actor in node.call_actors():
        sizes = {
            "mailbox": (len(actor.actor_inbox), CONTROL_WAITING),
            "waiting": (len(actor.waiting), 256),
            "commands": (len(actor.writer.answers), SETTINGS.actors.call_mailbox_durable + 1),
            "interims": (len(actor.interims.by_segment), 16),
        }
        _within(node, "the call's actor", sizes)
    for ref in node.directory.connections.values():
        agent: Any = ref.actor
        sizes = {
            "mailbox": (len(agent.actor_inbox), CONTROL_WAITING),
            "pending": (len(agent._pending), SETTINGS.limits.pending_commands),
        }
        _within(node, "a connection's actor", sizes)


def _within(node: Node, who: str, sizes: dict[str, tuple[int, int]]) -> None:
    for what, (size, bound) in sizes.items():
        if size > bound:
            raise Broken(f"{who} on {node.name}: {what} holds {size}, more than {bound}")


def _is_current(cluster: Cluster, node: Node, key: CallKey, actor: CallActor) -> None:
    """Five seconds without trouble: even a lost last hint is made up for."""
    log = cluster.store.log_of(key)
    top = log.top_at(cluster.time.now - FOUND_S)
    if actor.call is not None and top >= log.begins and actor.call.epoch != log.epoch:
        raise Broken(f"{node.name} stands in epoch {actor.call.epoch} of {key}, not {log.epoch}")
    if actor.call is not None and actor.call.seq < top:
        raise Broken(f"{node.name} stands at {actor.call.seq} of {key}, {top} for {FOUND_S} s")


def _in_epoch(cluster: Cluster, key: CallKey, actor: CallActor) -> bool:
    """Who still folds an epoch that is over writes nothing: its lease is void."""
    return actor.call is not None and actor.call.epoch == cluster.store.log_of(key).epoch


# --- the end ------------------------------------------------------------------------------


def what_is_missing(cluster: Cluster) -> str | None:
    """Why the cluster has not settled yet; None: it has."""
    for one in (cluster.producer, *cluster.browsers):
        missing: str | None = one.missing()
        if missing is not None:
            return missing
    for key in cluster.calls:
        missing = _trigger_open(cluster, key)
        if missing is not None:
            return missing
    return None


def _trigger_open(cluster: Cluster, key: CallKey) -> str | None:
    """Somebody leads, nothing waits, and the last thing the customer said was seen to."""
    actors = [actor for node in cluster.nodes for one, actor in node.call_actors() if one == key]
    if not actors:
        return None
    log = cluster.store.log_of(key)
    for actor in actors:
        call = actor.call
        if call is None or (call.epoch, call.seq) != (log.epoch, log.top):
            return f"{actor.context.node} has not folded {key.call_id} to {log.epoch} {log.top}"
        if actor.refiller.busy:
            return f"{actor.context.node} still brings back what {key.call_id} lost"
    leading = [actor.leader for actor in actors if actor.leader.leads]
    if not leading:
        return f"nobody leads {key.call_id}"
    leader = leading[0]
    if leader._wanted is not None or leader._ranking or leader._debouncing:
        return f"a trigger of {key.call_id} has no outcome"
    said = [
        event.fields["segment_id"]
        for event in log.finals_until(log.top)
        if event.fields["speaker"] == "customer"
    ]
    if said and (key, said[-1]) not in cluster.asked:
        return f"nobody saw to {said[-1]} of {key.call_id}"
    return None


def at_the_end(cluster: Cluster) -> None:
    """Everything has settled."""
    at_every_step(cluster)
    cluster.ledger.judge_all()
    cluster.producer.judge()
    for browser in cluster.browsers:
        browser.judge()
    for node in cluster.nodes:
        _every_trigger_counted(node)
        for key, actor in node.call_actors():
            _folded(cluster, node, key, actor)
        known = {line.connection_id for line in _lines(cluster) if line.node is node}
        for connection_id in node.directory.connections:
            if connection_id not in known:
                raise Broken(f"{connection_id} is left behind on {node.name}")


def _lines(cluster: Cluster) -> list[Any]:
    return [browser.line for browser in cluster.browsers if browser.line is not None]


def _every_trigger_counted(node: Node) -> None:
    counts = node.context.counts
    kinds = ("shown", "unchanged", "quiet", "superseded", "failed")
    outcomes = sum(counts[f"suggestions:{kind}"] for kind in kinds)
    if outcomes < node.assist.answered - node.poisoned:
        raise Broken(f"{node.name}: {node.assist.answered} rankings and {outcomes} outcomes")


def _folded(cluster: Cluster, node: Node, key: CallKey, actor: CallActor) -> None:
    """The fold equals a fold made anew, but for digests, which hints do not carry."""
    if actor.call is None:
        return
    log = cluster.store.log_of(key)
    fresh = Call.begin(key, log.epoch, log.first, log.base)
    for event in log.events:
        fresh.apply(StoredEvent(event.seq, event.name, event.body, event.key, ""))
    ours, theirs = actor.call.state(), fresh.state()
    for state in (ours, theirs):
        state.finals = {name: (seq, "") for name, (seq, _) in state.finals.items()}
    if ours != theirs:
        raise Broken(f"{node.name} folded {key} to {ours.seq}, the log says {theirs.seq}")
    joined = set(actor.audience._joined)
    if not joined <= set(node.directory.connections):
        raise Broken(f"{node.name} tells {key} to connections that are gone")
    if len(actor.audience.ring) > 6:
        raise Broken(f"{node.name}: the ring of {key} holds {len(actor.audience.ring)}")


def nothing_left(cluster: Cluster) -> None:
    """Everybody has gone and time has passed: memory is as at the start."""
    for node in cluster.nodes:
        directory = node.directory
        left = {
            "calls": len(directory.calls),
            "connections": len(directory.connections),
            "agents": len(directory._present),
            "timers": len(node.wheel),
            "mail": len(node.dispatcher.ready_actors()),
        }
        if any(left.values()):
            raise Broken(f"{node.name} holds {left} when everybody has gone")

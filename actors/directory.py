"""The only place that starts, finds and stops actors.

Owns which CallActor and which AgentActors a node has, by call, connection and agent, in
dictionaries of its own. Check-then-start cannot race: starting does not switch. It knows
no socket and decides no rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from pykka import ActorRef

from actors import messages as m
from actors.agent import AgentActor
from actors.call import CallActor
from actors.ports import Outlet
from actors.supervision import Supervisor
from actors.wall import WallActor
from engine.errors import EngineError, Replaced, TooManyConnections
from engine.identity import Identity
from engine.log import CallKey
from engine.wire import CallView

if TYPE_CHECKING:
    from actors.context import Context

Ref = ActorRef[Any]


class Present(NamedTuple):
    """An authenticated connection."""

    ref: Ref
    identity: Identity
    client_id: str | None


class Directory:
    """Made first; `bind` gives it the context, which needs it."""

    def __init__(self) -> None:
        self.calls: dict[CallKey, Ref] = {}
        self.walls: dict[str, Ref] = {}
        self.connections: dict[str, Ref] = {}
        self._present: dict[tuple[str, str], dict[str, Present]] = {}

    def bind(self, context: Context) -> None:
        self._context = context
        context.directory = self
        self.supervisor = Supervisor(context, self._lost)
        context.dispatcher.on_failure = self.supervisor.on_failure

    # --- calls ----------------------------------------------------------------------------

    def call(self, key: CallKey) -> Ref:
        """The call's actor on this node, started if need be; a parked call's stand-in."""
        ref = self.calls.get(key)
        if ref is None or not ref.is_alive():
            parked = self.supervisor.parked(key)
            ref = parked if parked is not None else CallActor.start(self._context, key)
            self.calls[key] = ref
        return ref

    def forget(self, key: CallKey, ref: Ref) -> None:
        """The actor leaves memory; whoever asks next starts another."""
        if self.calls.get(key) is ref:
            del self.calls[key]

    def give_up_leading(self) -> list[CallKey]:
        """The node leaves: its leases go back, and none is asked for. The calls it led."""
        led = []
        for key, ref in self.calls.items():
            actor = ref.actor  # type: ignore[attr-defined] # all are ours
            if isinstance(actor, CallActor) and actor.leader.leads:
                led.append(key)
            self._context.dispatcher.send(ref, m.Tick("leave"))
        return led

    def _lost(self, key: CallKey) -> None:
        self.calls.pop(key, None)

    # --- walls ----------------------------------------------------------------------------

    def wall(self, tenant: str) -> Ref:
        """The tenant's wall on this node, started if need be."""
        ref = self.walls.get(tenant)
        if ref is None or not ref.is_alive():
            ref = self.walls[tenant] = WallActor.start(self._context, tenant)
        return ref

    def forget_wall(self, tenant: str, ref: Ref) -> None:
        if self.walls.get(tenant) is ref:
            del self.walls[tenant]

    # --- connections ----------------------------------------------------------------------

    def connect(self, connection_id: str, outlet: Outlet) -> Ref:
        ref = AgentActor.start(self._context, connection_id, outlet)
        self.connections[connection_id] = ref
        return ref

    def identified(
        self, ref: Ref, connection_id: str, identity: Identity, client_id: str | None
    ) -> bool:
        """A newer connection of the same agent and client_id replaces the older one. True: this
        connection has a client_id, and had not before."""
        if client_id is not None:
            self.replace(
                identity.tenant, identity.agent_id, client_id, lambda other: other != connection_id
            )
        agent = self._present.setdefault((identity.tenant, identity.agent_id), {})
        known = agent.get(connection_id)
        known_as = known.client_id if known is not None else None
        agent[connection_id] = Present(ref, identity, client_id or known_as)
        limit = self._context.settings.limits.connections_per_agent
        if known is None and len(agent) > limit:
            refusal = TooManyConnections(f"{identity.agent_id} has {limit} connections")
            self._context.dispatcher.send(ref, m.Close(refusal))
        return client_id is not None and client_id != known_as

    def replace(
        self, tenant: str, agent_id: str, client_id: str, is_older: Callable[[str], bool]
    ) -> None:
        """Close the connections here of this client_id whose id `is_older`."""
        agent = self._present.get((tenant, agent_id), {})
        for other_id, other in list(agent.items()):
            if other.client_id == client_id and is_older(other_id):
                del agent[other_id]
                self._context.dispatcher.send(
                    other.ref, m.Close(Replaced("A newer connection of this client_id"))
                )

    def departed(self, connection_id: str, identity: Identity | None) -> None:
        self.connections.pop(connection_id, None)
        if identity is None:
            return
        key = (identity.tenant, identity.agent_id)
        agent = self._present.get(key)
        if agent is not None:
            agent.pop(connection_id, None)
            if not agent:
                del self._present[key]

    def present(self, tenant: str, agent_id: str) -> Iterator[Present]:
        """The agent's connections on this node."""
        yield from tuple(self._present.get((tenant, agent_id), {}).values())

    def assigned(self, key: CallKey, agent_id: str, view: CallView | None) -> None:
        for present in self.present(key.tenant, agent_id):
            self._context.dispatcher.send(present.ref, m.Assigned(key, view))

    def unassigned(self, key: CallKey, agent_id: str) -> None:
        for present in self.present(key.tenant, agent_id):
            if present.identity.role == "agent":
                self._context.dispatcher.send(present.ref, m.Unassigned(key))

    def present_agents(self) -> set[tuple[str, str]]:
        """(tenant, agent_id) of everybody who is connected to this node."""
        return set(self._present)

    def close_agent(
        self,
        tenant: str,
        agent_id: str,
        error: EngineError,
        unless: Callable[[Identity], bool] = lambda identity: False,
    ) -> int:
        """The agent's connections on this node, but those whose identity `unless` spares;
        returns how many."""
        found = [one for one in self.present(tenant, agent_id) if not unless(one.identity)]
        for present in found:
            self._context.dispatcher.send(present.ref, m.Close(error))
        return len(found)

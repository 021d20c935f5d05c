"""One node: a process with its own dispatcher, wheel, directory and context.

Owns what a process is to the rest of the cluster: it runs, it is paused (alive to the
network, deaf until it wakes), or it has crashed (gone without a word). The actors in it are
the real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import messages as m
from actors.call import CallActor
from actors.context import Context
from actors.directory import Directory
from actors.testing import SimulatedDispatcher
from actors.timers import Wheel
from engine.errors import EngineError, Unauthenticated
from engine.identity import Identity
from engine.log import CallKey
from tests.simulation.assist import SlowAssist
from tests.simulation.bounds import SETTINGS
from tests.simulation.node_store import NodeStore
from tests.simulation.virtual_time import Task

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster


class Node:
    """Clock, gate and rooms of its actors too."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.alive = True
        self.paused = False
        self.poisoned = 0  # failures that were asked for
        self._inbound: list[Task] = []
        self.dispatcher = SimulatedDispatcher()
        self.wheel = Wheel(clock=self.mono, send=self.dispatcher.send)
        self.store = NodeStore(cluster.store, self)
        self.assist = SlowAssist(cluster, self)
        self.directory = Directory()
        self.context = Context(
            node=name,
            settings=SETTINGS,
            dispatcher=self.dispatcher,
            wheel=self.wheel,
            clock=self,
            random=cluster.random,
            store=self.store,
            assist=self.assist,
            gate=self,
            rooms=self,
            call=self.directory.call,
            forget=self.directory.forget,
            identified=self.directory.identified,
            departed=self.directory.departed,
        )
        self.directory.bind(self.context)

    # --- a process ------------------------------------------------------------------------

    @property
    def runs(self) -> bool:
        return self.alive and not self.paused

    def receive(self, task: Task) -> None:
        """Something arrives from the network: done now, at the wake, or never."""
        if self.paused:
            self._inbound.append(task)
        elif self.alive:
            task()

    def later(self, delay_s: float, task: Task) -> None:
        self.cluster.time.later(delay_s, lambda: self.receive(task))

    def pause(self) -> None:
        self.paused = True

    def wake(self) -> None:
        """Time has gone on. What comes first, timers or the network, is the loop's whim."""
        if not self.paused:
            return
        self.paused = False
        inbound, self._inbound = self._inbound, []
        timers_first = self.cluster.random.random() < 0.5
        if timers_first:
            self.wheel.advance()
        for task in inbound:
            task()
        if not timers_first:
            self.wheel.advance()

    def crash(self) -> None:
        self.alive, self.paused, self._inbound = False, False, []

    def call_actors(self) -> list[tuple[CallKey, CallActor]]:
        found = []
        for key, ref in self.directory.calls.items():
            actor: Any = ref.actor
            if isinstance(actor, CallActor) and ref.is_alive():
                found.append((key, actor))
        return found

    # --- clock, gate, rooms ---------------------------------------------------------------

    def wall(self) -> float:
        return self.cluster.time.wall()

    def mono(self) -> float:
        return self.cluster.time.now

    def verify(self, auth_token: str, token: Any, reply_to: Any) -> None:
        """A token is `role:agent_id`."""
        role, _, agent_id = auth_token.partition(":")
        identity = error = None
        if agent_id:
            identity = Identity(agent_id, role, "default", self.wall() + 3600)  # type: ignore[arg-type]
        else:
            error = _refused()
        self.dispatcher.send(reply_to, m.Verified(token, identity, error))

    def calls_of(self, identity: Identity, token: Any, reply_to: Any) -> None:
        def answer() -> None:
            self.dispatcher.send(reply_to, m.CallsListed(token, []))

        self.later(self.cluster.store.trip_s(), answer)

    def enter(self, connection_id: str, room: str) -> None: ...

    def leave(self, connection_id: str, room: str) -> None: ...


def _refused() -> EngineError:
    return Unauthenticated("no such token")

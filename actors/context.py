"""What a node gives to its actors: services, clocks, settings. A value, made in web."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from pykka import ActorRef

from actors.condition import Condition
from actors.lag import Lag
from actors.ports import Assist, Audit, Clock, Gate, NoAudit, NoWalls, Rooms, Store, Walls
from actors.shelf import Shelf
from engine.allowances import UNLIMITED, Allowances
from engine.redaction.redactor import NO_REDACTION, Redactor

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher
    from actors.timers import Wheel
    from engine.config import Settings
    from engine.identity import Identity
    from engine.log import CallKey


@dataclass(slots=True)
class Context:
    """`node` names this server process for its life. `counts` are read by /metrics: a name of
    web/metrics.py, and a label's value behind a colon where the name has one."""

    node: str
    settings: Settings
    dispatcher: Dispatcher
    wheel: Wheel
    clock: Clock
    random: Random
    store: Store
    assist: Assist
    gate: Gate
    rooms: Rooms
    call: Callable[[CallKey], ActorRef[Any]]  # the directory: finds or starts
    forget: Callable[[CallKey, ActorRef[Any]], None]
    identified: Callable[[ActorRef[Any], str, Identity, str | None], None]
    departed: Callable[[str, Identity | None], None]
    redactor: Redactor = NO_REDACTION
    allowances: Allowances = field(default_factory=lambda: Allowances(UNLIMITED))
    counts: Counter[str] = field(default_factory=Counter)
    lag: Lag = field(default_factory=Lag)  # of what was written here
    far_lag: Lag = field(default_factory=Lag)  # of what other nodes wrote
    shelf: Shelf = field(default_factory=Shelf)
    condition: Condition = field(default_factory=Condition)
    audit: Audit = field(default_factory=NoAudit)
    walls: Walls = field(default_factory=NoWalls)
    directory: Any = None  # bound by itself, after the context was made

    def wall(self, tenant: str) -> ActorRef[Any]:
        """The tenant's wall on this node, started if need be."""
        found: ActorRef[Any] = self.directory.wall(tenant)
        return found

    def forget_wall(self, tenant: str, ref: ActorRef[Any]) -> None:
        self.directory.forget_wall(tenant, ref)

    def new_epoch(self) -> str:
        """Later epochs sort after earlier ones: microseconds, then chance."""
        micros = int(self.clock.wall() * 1_000_000)
        return f"{micros:016x}{self.random.getrandbits(32):08x}"

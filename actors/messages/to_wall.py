"""Messages to a WallActor: who watches the wall, and what its rows have become."""

from __future__ import annotations

from actors.admitted import Control, Droppable, Durable, Ref
from engine import wall, wire


class WatchWall(Durable, frozen=True):
    """A second one of the same connection replaces the first."""

    agent: Ref
    connection_id: str
    filter: wire.CallsFilter
    token: int


class RefreshWall(Control, frozen=True):
    connection_id: str


class LeaveWall(Control, frozen=True):
    connection_id: str


class RowChanged(Droppable, frozen=True):
    """Told by another node or our own; a lost one is found by the next reading."""

    change: wall.Change


class WallRead(Control, frozen=True):
    """Every row there is; None: the store is away."""

    rows: dict[str, wall.Row] | None

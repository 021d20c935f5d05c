"""Walls in a test's hands: rows in a dictionary, told at once or, when `lossy`, to nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine import wall
from engine.log import CallKey

if TYPE_CHECKING:
    from tests.actors.world import World


class MemoryWalls:
    def __init__(self, world: World) -> None:
        self._world = world
        self.rows: dict[str, dict[str, wall.Row]] = {}
        self.followed: dict[str, Any] = {}
        self.writes: list[dict[str, Any]] = []
        self.said: list[tuple[CallKey, bytes]] = []  # who watches, to other nodes
        self.lossy = False
        self.away = False
        self.reads = 0
        self.slow: list[Any] = []  # readings that wait for `answer`
        self.is_slow = False

    def write(self, call: CallKey, body: bytes) -> None:
        self.writes.append(json.loads(body))
        self.tell(call.tenant, b"+" + body)

    def remove(self, call: CallKey) -> None:
        self.tell(call.tenant, b"-" + call.call_id.encode())

    def tell(self, tenant: str, raw: bytes) -> None:
        """What any node publishes, kept too."""
        change = wall.parse_change(raw)
        assert change is not None
        rows = self.rows.setdefault(tenant, {})
        if change.row is None:
            rows.pop(change.call_id, None)
        else:
            rows[change.call_id] = change.row
        if tenant in self.followed and not self.lossy:
            self._world.dispatcher.send(self.followed[tenant], m.RowChanged(change))

    def watchers(self, call: CallKey, body: bytes) -> None:
        self.said.append((call, body))

    def follow(self, tenant: str, reply_to: Any) -> None:
        self.followed[tenant] = reply_to

    def unfollow(self, tenant: str) -> None:
        self.followed.pop(tenant, None)

    def read(self, tenant: str, reply_to: Any) -> None:
        self.reads += 1
        rows = None if self.away else dict(self.rows.get(tenant, {}))
        if self.is_slow:
            self.slow.append((reply_to, m.WallRead(rows)))
        else:
            self._world.dispatcher.send(reply_to, m.WallRead(rows))

    def answer(self) -> None:
        self._world.dispatcher.send(*self.slow.pop(0))

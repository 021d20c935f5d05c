"""Supervisors' walls on this node: rows out to the store, changes in from every node.

Owns which tenants' channels are listened to. Implements actors.ports.Walls over the node's
store client; what a row is, is engine/wall.py's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine import wall
from engine.log import CallKey, LogUnavailable
from engine.log_redis import RedisLog
from web.queue import WorkQueue

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher
    from engine.hints_cluster import ClusterHints
    from engine.hints_redis import HintStream
    from web.store_client import StoreClient

READERS, READS_WAITING = 1, 256  # one reading a tenant and READ_S


class NodeWalls:
    def __init__(
        self,
        rows: wall.WallStore,
        log: RedisLog,
        store: StoreClient,
        hints: HintStream | ClusterHints,
        dispatcher: Dispatcher,
    ) -> None:
        self._rows, self._log, self._store = rows, log, store
        self._hints, self._dispatcher = hints, dispatcher
        self._followed: dict[str, Any] = {}  # tenant -> its WallActor
        self._queue = WorkQueue("walls", READERS, READS_WAITING)

    def close(self) -> None:
        self._queue.close()

    def write(self, call: CallKey, body: bytes) -> None:
        for command in wall.write_commands(call, body):
            self._store.ask(command, _nobody_waits)

    def watchers(self, call: CallKey, body: bytes) -> None:
        self._store.ask(self._log.interim_command(call, body, "call:watchers"), _nobody_waits)

    def removed(self, call: CallKey) -> None:
        """The call ended or was erased."""
        self._store.ask(wall.removal_command(call), _nobody_waits)

    def follow(self, tenant: str, reply_to: Any) -> None:
        self._followed[tenant] = reply_to
        self._hints.listen(wall.channel_of(tenant))

    def unfollow(self, tenant: str) -> None:
        self._followed.pop(tenant, None)
        self._hints.unlisten(wall.channel_of(tenant))

    def on_notice(self, channel: str, body: bytes) -> None:
        """Of any channel; those of walls are told to their actors."""
        if channel.startswith(wall.CHANNELS):
            ref = self._followed.get(channel.removeprefix(wall.CHANNELS))
            if ref is not None and (change := wall.parse_change(body)) is not None:
                self._dispatcher.send(ref, m.RowChanged(change))

    def read(self, tenant: str, reply_to: Any) -> None:
        if not self._queue.put(partial(self._read, tenant, reply_to)):
            self._dispatcher.send(reply_to, m.WallRead(None))

    def _read(self, tenant: str, reply_to: Any) -> None:
        try:
            rows = self._rows.read(tenant)
        except LogUnavailable:
            self._dispatcher.send(reply_to, m.WallRead(None))
        else:
            self._dispatcher.send(reply_to, m.WallRead(rows))


def _nobody_waits(outcome: Any) -> None:
    """A row that was lost comes with the next change."""

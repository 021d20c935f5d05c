"""WallActor: the live calls of one tenant, for the supervisors who watch them on this node.

Owns the rows, who watches with which filter, and the pace: changes are gathered and told twice
a second, so that 500 talking calls are two frames a second and not a thousand. It folds no call:
rows come from the nodes that lead them. It exists while somebody watches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Raw, structs

from actors import messages as m
from actors.dispatcher import DispatchedActor
from actors.mailbox import Bounds
from actors.ports import Frame
from engine.answers import CallList
from engine.decoding import encode
from engine.errors import Unavailable
from engine.times import seconds_of
from engine.wall import MOST_ROWS, Row
from engine.wire import CallsFilter

if TYPE_CHECKING:
    from actors.context import Context

MAILBOX = 4096
CHANGES_S = 0.5  # between two frames of changes
ROWS_A_FRAME = 200  # more wait for the next frame
READ_S = 10.0  # between readings of all rows: what was published may be lost
RETRY_S = 1.0


class Watching(NamedTuple):
    agent: m.Ref
    filter: CallsFilter


class WallActor(DispatchedActor):
    def __init__(self, context: Context, tenant: str) -> None:
        super().__init__(context.dispatcher, Bounds(MAILBOX, MAILBOX))
        self.context = context
        self.tenant = tenant
        self._rows: dict[str, Row] | None = None  # None: not read yet
        self._watching: dict[str, Watching] = {}  # connection_id -> who
        self._asking: list[m.WatchWall] = []  # who waits for the first reading
        self._changed: dict[str, None] = {}  # call ids, in the order of their change
        # What changed while a reading is under way: newer than what it brings.
        self._since_read: dict[str, Row | None] | None = None
        self._telling = False
        self._away = False  # the last reading failed

    def on_start(self) -> None:
        self.context.walls.follow(self.tenant, self.actor_ref)
        self._read()

    def on_stop(self) -> None:
        self.context.walls.unfollow(self.tenant)
        late = [one for one in self.actor_inbox.peek() if isinstance(one, m.WatchWall)]
        for asked in (*self._asking, *late):
            gone = m.WallListed(asked.token, None, Unavailable("The wall ended; ask again"))
            self.send(asked.agent, gone)

    def on_failure(self, *_: Any) -> None:
        """Who watched comes back: a connection that closes as `unavailable` asks anew."""
        self.on_stop()
        self.context.forget_wall(self.tenant, self.actor_ref)
        for watching in self._watching.values():
            self.send(watching.agent, m.Close(Unavailable("The wall cannot be shown")))

    def on_receive(self, message: Any) -> Any:
        _ARMS[type(message)](self, message)

    # --- who watches ----------------------------------------------------------------------

    def _on_watch(self, asked: m.WatchWall) -> None:
        if self._rows is None:
            self._asking.append(asked)
            if self._away:
                self._refuse_all()
            return
        self._watching[asked.connection_id] = Watching(asked.agent, asked.filter)
        self.send(asked.agent, m.WallListed(asked.token, self._frames(asked.filter), None))

    def _on_refresh(self, refresh: m.RefreshWall) -> None:
        """A connection that had no room begins afresh."""
        watching = self._watching.get(refresh.connection_id)
        if watching is not None:
            frames = self._frames(watching.filter)
            self.send(watching.agent, m.WallListed(None, frames, None))

    def _on_leave(self, leave: m.LeaveWall) -> None:
        self._watching.pop(leave.connection_id, None)
        self._asking = [one for one in self._asking if one.connection_id != leave.connection_id]
        coming = any(isinstance(one, m.WatchWall) for one in self.actor_inbox.peek())
        if not self._watching and not self._asking and not coming:
            self.context.forget_wall(self.tenant, self.actor_ref)
            self._stop()

    def _frames(self, wanted: CallsFilter) -> tuple[bytes, ...]:
        """All rows, joined by commas, for several frames; durations run to now."""
        now = self.context.clock.wall()
        shown = [row for row in (self._rows or {}).values() if _fits(row, wanted)]
        bodies = [encode(_running(row, now)) for row in shown]
        chunks = [bodies[at : at + ROWS_A_FRAME] for at in range(0, len(bodies), ROWS_A_FRAME)]
        return tuple(b",".join(chunk) for chunk in chunks)

    # --- rows -----------------------------------------------------------------------------

    def _on_changed(self, changed: m.RowChanged) -> None:
        call_id, row = changed.change
        if self._since_read is not None:
            self._since_read[call_id] = row
        self._set(call_id, row)

    def _set(self, call_id: str, row: Row | None) -> None:
        rows = self._rows
        if rows is None:
            return
        if row is None:
            if rows.pop(call_id, None) is None:
                return
        elif call_id in rows or len(rows) < MOST_ROWS:
            rows[call_id] = row
        else:
            return
        self._changed[call_id] = None
        if not self._telling:
            self._telling = True
            self.context.wheel.after(CHANGES_S, self.actor_ref, m.Tick("wall"))

    def _read(self) -> None:
        self._since_read = {}
        self.context.walls.read(self.tenant, self.actor_ref)

    def _on_read(self, read: m.WallRead) -> None:
        changed, self._since_read = self._since_read or {}, None
        self._away = read.rows is None
        if read.rows is None:
            self.context.wheel.after(RETRY_S, self.actor_ref, m.Tick("wall_read"))
            self._refuse_all()
            return
        self.context.wheel.after(READ_S, self.actor_ref, m.Tick("wall_read"))
        if self._rows is None:
            self._rows = dict(read.rows)
            for call_id, newer in changed.items():
                self._set(call_id, newer)
        else:
            for call_id in self._rows.keys() - read.rows.keys() - changed.keys():
                self._set(call_id, None)
            for call_id, row in read.rows.items():
                known = self._rows.get(call_id)
                if call_id not in changed and (known is None or known.body != row.body):
                    self._set(call_id, row)
        asking, self._asking = self._asking, []
        for asked in asking:
            self._on_watch(asked)

    def _refuse_all(self) -> None:
        """Nobody waits for a store that is away; whoever watches goes on with what there is."""
        asking, self._asking = self._asking, []
        for asked in asking:
            away = Unavailable("The store is away", retry_after_ms=1000)
            self.send(asked.agent, m.WallListed(asked.token, None, away))
        if asking and not self._watching:
            self._on_leave(m.LeaveWall(""))

    # --- telling --------------------------------------------------------------------------

    def _on_tick(self, tick: m.Tick) -> None:
        if tick.kind == "wall_read":
            self._read()
            return
        self._telling = False
        some = list(self._changed)[:ROWS_A_FRAME]
        for call_id in some:
            del self._changed[call_id]
        by_filter: dict[tuple[Any, ...], list[m.Ref]] = {}
        for watching in self._watching.values():
            by_filter.setdefault(structs.astuple(watching.filter), []).append(watching.agent)
        for wanted, agents in by_filter.items():
            frame = self._changes(some, CallsFilter(*wanted))
            if frame is not None:
                self.dispatcher.broadcast(agents, m.WallFrame(frame))
        if self._changed:
            self._telling = True
            self.context.wheel.after(CHANGES_S, self.actor_ref, m.Tick("wall"))

    def _changes(self, call_ids: list[str], wanted: CallsFilter) -> Frame | None:
        """None: nothing of it is for who asked so. A row that fits no longer has left."""
        rows = self._rows or {}
        shown: list[bytes] = []
        removed: list[str] = []
        for call_id in call_ids:
            row = rows.get(call_id)
            if row is not None and _fits(row, wanted):
                shown.append(row.body)
            elif row is None or wanted != CallsFilter():
                removed.append(call_id)
        if not shown and not removed:
            return None
        return frame_of(b",".join(shown), removed)


def frame_of(rows: bytes, removed: list[str], *, complete: bool = False) -> Frame:
    """`calls:changed` of rows that are bytes already."""
    end = b',"complete":true}' if complete else b"}"
    body = b'{"calls":[' + rows + b'],"removed":' + encode(removed) + end
    return Frame.of("calls:changed", body)


def list_of(chunks: tuple[bytes, ...]) -> CallList:
    """The same as an answer."""
    rows: Any = Raw(b"[" + b",".join(chunks) + b"]")
    return CallList(rows)


def _fits(row: Row, wanted: CallsFilter) -> bool:
    view = row.view
    return (wanted.status is None or wanted.status == view.status) and (
        wanted.agent_id is None or wanted.agent_id in view.agent_ids
    )


def _running(row: Row, now_s: float) -> Any:
    return structs.replace(row.view, duration=max(0, int(now_s - seconds_of(row.view.started_at))))


_ARMS: dict[type[Any], Any] = {
    m.WatchWall: WallActor._on_watch,
    m.RefreshWall: WallActor._on_refresh,
    m.LeaveWall: WallActor._on_leave,
    m.RowChanged: WallActor._on_changed,
    m.WallRead: WallActor._on_read,
    m.Tick: WallActor._on_tick,
}

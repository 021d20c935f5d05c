"""The supervisor's wall: a row for each live call of a tenant, kept where every node reads it.

Owns the rows, which the node that leads a call writes, and the channel on which they change.
Rows are derived: which calls live is engine/call_index.py's to say, a row only adds what lists
do not have (the last line, health, verdicts), and one that is lost comes with the next change.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import redis

from engine.call import Call
from engine.call_index import CallIndex, rows_key
from engine.decoding import encode
from engine.log import CallKey
from engine.redis_pipe import RedisPipe, pack
from engine.wire import CallHealth, CallView, LastLine, VerdictCounts

CHANNELS = "earshot:wall:"  # and the tenant
LINE_CHARACTERS = 200
MOST_ROWS = 5_000  # of a tenant; the newest by start are shown
_READ_AT_ONCE = 500

_decode = msgspec.json.Decoder(CallView).decode


class Row(NamedTuple):
    """A row, and the bytes it was read from."""

    view: CallView
    body: bytes


class Change(NamedTuple):
    """`row` None: the call is no longer on the wall."""

    call_id: str
    row: Row | None


def row_of(call: Call, health: CallHealth | None, now_s: float) -> CallView:
    """What the wall shows of a call."""
    view = call.view(now_s)
    if call.segments:
        last = call.segments[-1]
        view.last_line = LastLine(last.speaker, _end_of(last.text), last.timestamp)
    if health is not None:
        view.health = health
    helpful = sum(1 for verdict in call.verdicts.values() if verdict.helpful)
    view.verdicts = VerdictCounts(helpful, len(call.verdicts) - helpful)
    return view


def channel_of(tenant: str) -> str:
    return CHANNELS + tenant


def write_commands(call: CallKey, body: bytes) -> tuple[bytes, bytes]:
    """Keep the row, and tell it."""
    keep = pack(("HSET", rows_key(call.tenant), call.call_id, body))
    return keep, pack(("PUBLISH", channel_of(call.tenant), b"+" + body))


def removal_command(call: CallKey) -> bytes:
    """Tell that the call is no longer there; its row goes with its place in the lists."""
    return pack(("PUBLISH", channel_of(call.tenant), b"-" + call.call_id.encode()))


def parse_change(raw: bytes) -> Change | None:
    """None for anything that we did not send."""
    kind, body = raw[:1], raw[1:]
    if kind == b"+":
        row = _row(body)
        return row and Change(row.view.call_id, row)
    try:
        return Change(body.decode(), None) if kind == b"-" else None
    except UnicodeDecodeError:
        return None


class WallStore:
    """Raises LogUnavailable."""

    def __init__(self, client: redis.Redis, index: CallIndex) -> None:
        self._pipe = RedisPipe(client, ())
        self._index = index

    def read(self, tenant: str) -> dict[str, Row]:
        """Every live call, newest first; a call whose row is not there yet as lists have it.
        Rows of calls that are no longer live are taken out of the store."""
        views: dict[str, CallView] = {}
        for _, view in self._index.live(tenant):
            if len(views) >= MOST_ROWS:
                break
            views[view.call_id] = view
        kept = self._kept(tenant, list(views))
        return {call_id: kept.get(call_id) or Row(v, encode(v)) for call_id, v in views.items()}

    def sweep(self, tenant: str) -> int:
        """Take out rows that a slow writer put back behind their calls' end."""
        [names] = self._pipe.run([("HKEYS", rows_key(tenant))], changes=False)
        live = {view.call_id.encode() for _, view in self._index.live(tenant)}
        stray = [name for name in names if name not in live]
        if stray:
            self._pipe.run([("HDEL", rows_key(tenant), *stray)], changes=True)
        return len(stray)

    def _kept(self, tenant: str, call_ids: list[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for start in range(0, len(call_ids), _READ_AT_ONCE):
            some = call_ids[start : start + _READ_AT_ONCE]
            [raw] = self._pipe.run([("HMGET", rows_key(tenant), *some)], changes=False)
            rows = (_row(one) for one in raw if one is not None)
            found |= {row.view.call_id: row for row in rows if row is not None}
        return found


def _row(body: bytes) -> Row | None:
    try:
        return Row(_decode(body), body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _end_of(text: str) -> str:
    return text if len(text) <= LINE_CHARACTERS else "…" + text[1 - LINE_CHARACTERS :]

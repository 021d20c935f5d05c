"""What a browser was sent, as it came, and what stands in the log: the judge's evidence.

Owns values only. A browser writes one Visit per connection; nothing is sorted or left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct


class Cursor(NamedTuple):
    epoch: str
    seq: int


class Told(NamedTuple):
    """An event of a log, as it arrived. `content` is of its bytes."""

    epoch: str
    seq: int
    event: str
    segment_id: str
    content: int
    at: float  # monotonic


class Fact(NamedTuple):
    """An event as the log holds it. `epoch`: of its own, which may be an older one of the log."""

    epoch: str
    seq: int
    event: str
    segment_id: str
    content: int


@dataclass
class Visit:
    """One connection. `since`: the cursor it came back with; `mode` and `cursor`: what the
    subscription was answered; `shown`: the segment_ids of a snapshot. All empty for a plain
    browser, which takes no answer."""

    began_at: float
    since: Cursor | None = None
    mode: str = ""
    cursor: Cursor | None = None
    shown: tuple[str, ...] = ()
    told: list[Told] = field(default_factory=list)


@dataclass
class Journal:
    """One browser in one call, over all its connections."""

    name: str
    call_id: str
    plain: bool
    visits: list[Visit] = field(default_factory=list)


class _Fields(Struct):
    """Of an event's JSON, what the judge needs."""

    call_id: str = ""
    epoch: str = ""
    seq: int = -1  # -1: no event of a log
    segment_id: str = ""


_fields = msgspec.json.Decoder(_Fields).decode


def seen(packet: bytes, call_id: str, at: float) -> Told | None:
    """Of a packet `42["name",{…}]`. None: not an event of this call's log."""
    name_end = packet.index(b'"', 4)
    body = packet[name_end + 2 : -1]
    fields = _fields(body)
    if fields.seq < 0 or fields.call_id != call_id:
        return None
    event = packet[4:name_end].decode()
    return Told(fields.epoch, fields.seq, event, fields.segment_id, hash(body), at)


class _Logged(Struct):
    event: str
    data: Raw


class _Page(Struct):
    events: list[_Logged]
    seq: int
    more: bool


def facts(page: bytes) -> tuple[list[Fact], int, bool]:
    """Of an answer of GET /v1/calls/{id}/events: its events, its last seq, whether more follow.
    The bytes of each are compared with those that browsers got."""
    found = msgspec.json.decode(page, type=_Page)
    events = []
    for logged in found.events:
        fields = _fields(logged.data)
        events.append(
            Fact(
                fields.epoch, fields.seq, logged.event, fields.segment_id, hash(bytes(logged.data))
            )
        )
    return events, found.seq, found.more

"""Messages to a CallActor: what clients, producers and connections want of it."""

from __future__ import annotations

from typing import Any

from actors.admitted import Control, Durable, Ref
from engine import wire
from engine.identity import Identity


class Create(Durable, frozen=True):
    body: wire.CallCreate
    reply_to: Any
    token: Any


class Change(Durable, frozen=True):
    patch: wire.CallPatch
    request_id: str  # makes a retry after an uncertain append the same request
    reply_to: Any
    token: Any


class AppendSegments(Durable, frozen=True):
    segments: list[wire.Segment]
    reply_to: Any
    token: Any


class GiveVerdict(Durable, frozen=True):
    identity: Identity
    command: wire.DocFeedback
    feedback_id: str
    reply_to: Any
    token: Any


class Dismiss(Durable, frozen=True):
    identity: Identity
    doc_ids: tuple[tuple[int, str], ...]  # (place in the caller's list, document)
    reply_to: Any
    token: Any


Command = Create | Change | AppendSegments | GiveVerdict | Dismiss


class Inspect(Durable, frozen=True):
    """Snapshot and cursor, answered as CallDetail. `identity` None: whoever asks may."""

    identity: Identity | None
    reply_to: Any
    token: Any


class ReadHistory(Durable, frozen=True):
    """Older segments, answered as HistoryPage."""

    identity: Identity
    query: wire.CallHistory
    reply_to: Any
    token: Any


class Erase(Durable, frozen=True):
    """Everybody leaves and the actor ends; the log itself is the caller's to delete."""

    reply_to: Any
    token: Any


class Join(Durable, frozen=True):
    agent: Ref
    connection_id: str
    generation: int  # of this subscription; answers carry it back
    identity: Identity
    since: wire.Cursor | None
    interim: bool


class Leave(Control, frozen=True):
    connection_id: str


class CatchUp(Control, frozen=True):
    """The connection has room again and its cursor is at `after`."""

    agent: Ref
    connection_id: str
    generation: int
    epoch: str
    after: int

"""Shapes that only HTTP has: queries, and the answers no other transport gives.

What is shared with Socket.IO is in engine/wire.py and engine/answers.py.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from engine.answers import DocumentBody, SegmentReceipt
from engine.verdicts import Verdict
from engine.wire import LOG_EVENTS, Error, HealthReason, Id, Seq, Status

MAX_DOCUMENTS = 10_000  # of one PUT
MAX_LINES = 1_000  # of one POST /segments

Epoch = Annotated[str, Meta(min_length=1, max_length=64)]
SCHEMAS = "#/components/schemas/"
_STORED = [{"$ref": SCHEMAS + shape.__name__} for shape in LOG_EVENTS.values()]
StoredFields = Annotated[Raw, Meta(extra_json_schema={"anyOf": _STORED})]


class CallsQuery(Struct):
    status: Status | None = None
    agent_id: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    page: Annotated[str, Meta(max_length=300, description="`next` of the page before")] | None = (
        None
    )


class EventsQuery(Struct):
    after: Annotated[Seq, Meta(description="the seq you have; 0 from the beginning")] = 0
    epoch: Annotated[Epoch, Meta(description="the epoch your seq is of")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class SearchQuery(Struct):
    q: Annotated[str, Meta(min_length=1, max_length=1000)]
    limit: Annotated[int, Meta(ge=1, le=50)] = 10


class LoggedEvent(Struct):
    """An event of the log, `data` byte for byte as the browser got it."""

    event: str
    data: StoredFields


class EventsPage(Struct):
    """What follows `after`, oldest first. (epoch, seq) is the cursor behind the last event:
    ask again with `after=seq` and `epoch=epoch`. `more`: the log holds further events now."""

    events: list[LoggedEvent]
    epoch: str
    seq: int
    more: bool


class LineAnswer(Struct, omit_defaults=True):
    """The outcome of one line, counted from 1; either `results` or `error`."""

    line: int
    call_id: str | None = None
    results: list[SegmentReceipt] | UnsetType = UNSET
    error: Error | UnsetType = UNSET


class DocumentsBody(Struct):
    """Each document is judged by itself: one that is wrong is in `refused`."""

    documents: list[DocumentBody]


class VerdictList(Struct):
    """The last word of each agent in each call, newest first."""

    verdicts: list[Verdict]


class KnowledgeState(Struct):
    """What is served of a tenant's documents. `waiting`: documents without vectors so far;
    `current`: nothing has changed since."""

    ranking: Literal["ok", "idle", "down"]
    version: int = 0
    documents: int = 0
    passages: int = 0
    waiting: int = 0
    model: str = ""
    why: str = ""
    current: bool = False


class Alive(Struct):
    status: Literal["ok"] = "ok"


class Ready(Struct):
    """`why`: suggestions are not at their best, and this is the gravest reason, as `call:health`
    has it. Left out when there is none."""

    status: Literal["ready"] = "ready"
    why: HealthReason | UnsetType = UNSET


class OpenApi(Struct):
    """This document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]

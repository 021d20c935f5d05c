"""Calls over HTTP: created, changed, listed, read, erased.

Owns the translation between requests and messages to the call's actor, and the reading of
pages out of a log. What a call allows is decided behind the actor, not here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from msgspec import Raw, structs

from actors import messages as m
from actors.receipts import Created
from engine.answers import CallDetail, CallList, Receipt
from engine.errors import BadRequest, Conflict, Forbidden, UnknownCall
from engine.log import CallKey, Page, StoredEvent
from engine.times import seconds_of
from engine.wire import CallCreate, CallPatch, CallView
from web.api.answering import Answer
from web.api.routing import ADMINS, PRODUCERS, Asked, Route, json_of
from web.api.seam import Node
from web.api.shapes import CallsQuery, EventsPage, EventsQuery, LoggedEvent

ASKING = ("busy", "draining", "timeout", "unavailable")  # what asking a call's actor may come to


def create(node: Node, asked: Asked) -> Answer:
    body: CallCreate = asked.body
    key = CallKey(asked.identity.tenant, body.call_id or f"call-{uuid4().hex}")
    created: Created = node.ask_call(
        key, lambda reply_to, token: m.Create(body, reply_to=reply_to, token=token)
    )
    if created.new:
        return Answer(created.receipt, 201, {"Location": f"/v1/calls/{key.call_id}"})
    return Answer(created.receipt)


def change(node: Node, asked: Asked) -> Answer:
    patch: CallPatch = asked.body
    request_id = uuid4().hex
    return Answer(
        node.ask_call(
            asked.call, lambda reply_to, token: m.Change(patch, request_id, reply_to, token)
        )
    )


def listed(node: Node, asked: Asked) -> Answer:
    query: CallsQuery = asked.query
    identity = asked.identity
    agent_id = query.agent_id
    if identity.role == "agent":
        if agent_id not in (None, identity.agent_id):
            raise Forbidden("The role agent may list its own calls only", field="agent_id")
        agent_id = identity.agent_id
    try:
        views, following = node.index.list(
            identity.tenant, query.status, agent_id, query.limit, query.page
        )
    except BadRequest as problem:
        raise BadRequest("Not a page that a list gave: `page`", field="page") from problem
    now = node.clock.wall()
    answer = CallList([_running(view, now) for view in views])
    if following is not None:
        answer.next = following
    return Answer(answer)


def detail(node: Node, asked: Asked) -> Answer:
    answer = Answer(node.ask_call(asked.call, _inspect(asked)))
    node.audit.note(asked.identity, "call.read", call_id=asked.call.call_id)
    return answer


def events(node: Node, asked: Asked) -> Answer:
    query: EventsQuery = asked.query
    if asked.identity.role == "agent":
        node.ask_call(asked.call, _inspect(asked))  # refuses a call that is not theirs
    page = node.log.read(asked.call, query.after, query.limit)
    if page is None:
        raise UnknownCall("No such call, or it is not yours", field="call_id")
    if query.epoch not in (None, page.epoch):
        raise Conflict(f"The log's epoch is {page.epoch}: read it anew", field="epoch")
    if query.after > page.top:
        raise Conflict(f"The log ends at {page.top}: `after`", field="after")
    node.audit.note(asked.identity, "call.read", call_id=asked.call.call_id)
    found = _filled(node, asked.call, page, query.limit)
    seq = found[-1].seq if found else query.after
    return Answer(
        EventsPage(
            [LoggedEvent(stored.event, Raw(stored.body)) for stored in found],
            page.epoch,
            seq,
            more=seq < page.top,
        )
    )


def erase(node: Node, asked: Asked) -> Answer:
    if not node.erase(asked.call):
        raise UnknownCall("No such call, or it is not yours", field="call_id")
    node.audit.note(asked.identity, "call.erased", call_id=asked.call.call_id)
    return Answer(None, 204)


def _inspect(asked: Asked) -> Callable[[Any, Any], m.Inspect]:
    return lambda reply_to, token: m.Inspect(asked.identity, reply_to, token)


def _running(view: CallView, now_s: float) -> CallView:
    """A list holds a call as it was when its status last changed; its duration runs on."""
    if view.status == "ended":
        return view
    return structs.replace(view, duration=max(0, int(now_s - seconds_of(view.started_at))))


def _filled(node: Node, call: CallKey, page: Page, limit: int) -> list[StoredEvent]:
    """The log answers less than was asked for when events are large: read on, up to the
    size of a frame, as long as it is the same epoch."""
    found = list(page.events)
    size = sum(len(stored.body) for stored in found)
    while found and len(found) < limit and found[-1].seq < page.top:
        following = node.log.read(call, found[-1].seq, limit - len(found))
        if following is None or following.epoch != page.epoch or not following.events:
            break
        size += sum(len(stored.body) for stored in following.events)
        if size > node.settings.limits.frame_bytes:
            break
        found += following.events
    return found


ROUTES = [
    Route(
        "POST",
        "/v1/calls",
        create,
        "create a call",
        {201: Receipt, 200: Receipt},
        PRODUCERS,
        ASKING,
        body=json_of(CallCreate),
        notes="201: the call is new. 200: the call_id is known, and this is the call as it is. "
        "Without a call_id the server makes one; a request that is sent again makes another.",
    ),
    Route(
        "GET",
        "/v1/calls",
        listed,
        "list calls",
        {200: CallList},
        codes=("forbidden", "unavailable"),
        query=CallsQuery,
        notes="Newest first. An agent sees their own calls. The list is derived and may lag "
        "behind the calls for a moment; a page may be short and still have a `next`.",
    ),
    Route(
        "GET",
        "/v1/calls/{call_id}",
        detail,
        "see a call",
        {200: CallDetail},
        codes=("unknown_call", *ASKING),
        notes="Snapshot and cursor, taken together. Someone else's call answers like one that "
        "does not exist.",
    ),
    Route(
        "PATCH",
        "/v1/calls/{call_id}",
        change,
        "change a call",
        {200: Receipt},
        PRODUCERS,
        ("unknown_call", "call_ended", "call_full", *ASKING),
        body=json_of(CallPatch),
        notes="Answers the call as it is afterwards, also when nothing was to be changed.",
    ),
    Route(
        "DELETE",
        "/v1/calls/{call_id}",
        erase,
        "erase a call",
        {204: None},
        ADMINS,
        ("unknown_call", *ASKING),
        notes="Erases the log and everything derived from it.",
    ),
    Route(
        "GET",
        "/v1/calls/{call_id}/events",
        events,
        "read a call's log",
        {200: EventsPage},
        codes=("unknown_call", "conflict", *ASKING),
        query=EventsQuery,
        notes="The log as the browser got it. An `epoch` that is not the log's, and an `after` "
        "beyond its end, are answered `conflict`: the message names what holds.",
    ),
]

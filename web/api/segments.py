"""Segments over HTTP: a batch for one call, or lines for many.

Owns the walk through lines, one after another, each answered on its own. A batch is whole:
what of it may be is decided behind the call's actor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET, Struct

from actors import messages as m
from engine.answers import SegmentReceipts, SegmentsBody
from engine.decoding import decode, encode, error_of
from engine.errors import BadRequest, EngineError, TooLarge, Unavailable
from engine.identity import Identity
from engine.log import CallKey
from engine.wire import Segment, SegmentAppend
from web.api.answering import LINES, Answer, coded
from web.api.calls import ASKING
from web.api.routing import PRODUCERS, Asked, Body, Route
from web.api.seam import Node
from web.api.shapes import MAX_LINES, LineAnswer

LINES_S = 60.0  # then the lines that are left are answered `unavailable`, untried


class _Named(Struct):
    """Whatever of a line's call can be repeated to whom it belongs."""

    call_id: Any = None


def append(node: Node, asked: Asked) -> Answer:
    body: SegmentsBody = asked.body
    node.spend(asked.identity, "segments", len(body.segments))
    return Answer(node.ask_call(asked.call, _append(body.segments)))


def append_lines(node: Node, asked: Asked) -> Answer:
    raw: bytes = asked.body
    if not raw.strip():
        raise BadRequest("The body holds no line")
    lines = [
        (number, line) for number, line in enumerate(raw.split(b"\n"), start=1) if line.strip()
    ]
    if len(lines) > MAX_LINES:
        raise TooLarge(f"More than {MAX_LINES:,} lines; none was looked at")
    return Answer(_outcomes(node, asked.identity, lines), media=LINES)


def _outcomes(node: Node, identity: Identity, lines: list[tuple[int, bytes]]) -> Iterator[bytes]:
    """In order: a line is answered before the next is looked at."""
    deadline = node.clock.mono() + LINES_S
    for number, line in lines:
        if node.clock.mono() > deadline:
            late = Unavailable(f"Not tried: the lines before took over {LINES_S:g} s")
            outcome = LineAnswer(number, _call_id(line), error=error_of(late))
        else:
            outcome = _outcome(node, identity, number, line)
        yield encode(outcome) + b"\n"


def _outcome(node: Node, identity: Identity, number: int, line: bytes) -> LineAnswer:
    try:
        if len(line) > node.settings.limits.frame_bytes:
            raise TooLarge(f"The line is larger than {node.settings.limits.frame_bytes:,} bytes")
        body = decode(SegmentAppend, line)
        key = CallKey(identity.tenant, body.call_id)
        node.spend(identity, "segments", len(body.segments))
        receipts: SegmentReceipts = node.ask_call(key, _append(body.segments))
    except Exception as problem:  # noqa: BLE001 - one bad line must not harm the others
        error: EngineError = coded(problem)
        return LineAnswer(number, _call_id(line), error=error_of(error))
    return LineAnswer(number, body.call_id, receipts.results, UNSET)


def _append(segments: list[Segment]) -> Callable[[Any, Any], m.AppendSegments]:
    return lambda reply_to, token: m.AppendSegments(segments, reply_to, token)


def _call_id(line: bytes) -> str | None:
    try:
        named = decode(_Named, line).call_id
    except EngineError:
        return None
    return named[:128] if isinstance(named, str) else None


REFUSALS = ("unknown_call", "call_ended", "call_full", "stale_revision", "final", "conflict")

ROUTES = [
    Route(
        "POST",
        "/v1/calls/{call_id}/segments",
        append,
        "append segments",
        {200: SegmentReceipts},
        PRODUCERS,
        (*REFUSALS, *ASKING),
        body=Body({"application/json": SegmentsBody}),
        notes="A batch is validated and appended whole. A final segment that is sent again is "
        "answered `repeated`, with its first seq.",
    ),
    Route(
        "POST",
        "/v1/segments",
        append_lines,
        "append segments",
        {200: LineAnswer},
        PRODUCERS,
        body=Body({LINES: SegmentAppend}, bulk=True, raw=True),
        media=LINES,
        notes=f"One batch a line, for any calls; at most {MAX_LINES:,} lines. The answer is one "
        "line for each, in order, streamed as they are done; blank lines are passed over. The "
        "status is 200 also when lines are refused: look at each `error`.",
    ),
]

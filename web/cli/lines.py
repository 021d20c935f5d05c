"""Events as lines of text for people.

Owns how a call reads in a terminal. Pure: unknown events are no lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from web.cli.words import duration, printable

SNAPSHOT_SEGMENTS = 200  # the most a snapshot holds
_NO_TIME = " " * 8


def of_snapshot(snapshot: dict[str, Any], *, after_seq: int) -> Iterator[str]:
    """A call as it stands; of its segments those after `after_seq`."""
    call = snapshot["call"]
    agents = ", ".join(call["agent_ids"])
    yield _line("", f"{call['call_id']}, {call['status']}, {duration(call['duration'])}, {agents}")
    if after_seq == 0 and len(snapshot["segments"]) == SNAPSHOT_SEGMENTS:
        yield _line("", "earlier lines are left out")
    for segment in snapshot["segments"]:
        if segment["seq"] > after_seq:
            yield _spoken(segment)
    suggestion = snapshot.get("suggestion")
    if suggestion and suggestion["seq"] > after_seq:
        yield from _suggested(suggestion)


def of_event(name: str, body: dict[str, Any]) -> Iterator[str]:
    match name:
        case "transcription:update":
            yield _spoken(body)
        case "ai:suggestion":
            yield from _suggested(body)
        case "call:status":
            yield _line("", _status(body))
        case "feedback:update":
            yield _line("", f"{body['agent_id']}: {body['doc_id']} {_verdict(body)}")
        case "call:summary":
            yield _line("", f"summary: {body['reason']} {body['outcome']}".rstrip())
        case "call:health":
            if body["transcription"] != "ok" or body["suggestions"] != "ok":
                told = f"transcription {body['transcription']}, suggestions {body['suggestions']}"
                yield _line("", told)


def _spoken(body: dict[str, Any]) -> str:
    text = printable(body["text"])
    heard = text if body["final"] else f"{text} ..."
    return f"{_clock(body['timestamp'])}  {body['speaker']:<8}  {heard}"


def _suggested(body: dict[str, Any]) -> Iterator[str]:
    for document in body["documents"]:
        yield _line("", f"suggested ({document['relevance']:.2f}): {document['title']}")
    if body["summary"]:
        yield _line("", f"about: {body['summary']}")


def _status(body: dict[str, Any]) -> str:
    said = {"active": "active", "on_hold": "on hold", "ended": "ended"}
    reason = f" ({body['reason']})" if body.get("reason") else ""
    return f"{said.get(body['status'], body['status'])} after {duration(body['duration'])}{reason}"


def _verdict(body: dict[str, Any]) -> str:
    if body.get("dismissed"):
        return "dismissed"
    return {True: "helpful", False: "unhelpful"}.get(body["helpful"], "verdict taken back")


def _line(clock: str, text: str) -> str:
    return f"{clock or _NO_TIME}  -- {printable(text)}"


def _clock(timestamp: str) -> str:
    return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S")

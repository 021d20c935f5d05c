"""How a call reads in a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from web.cli.calls import ending
from web.cli.lines import of_event, of_snapshot
from web.cli.words import count, duration, printable

SEGMENT = {
    "speaker": "customer",
    "text": "my card is lost",
    "timestamp": "2026-05-01T10:00:00.000Z",
    "final": True,
    "seq": 4,
}
STATUS = {"call_id": "c", "status": "on_hold", "duration": 65, "agent_ids": ["ada"]}
SUGGESTION: dict[str, Any] = {
    "documents": [{"title": "Lost cards", "relevance": 0.816}],
    "summary": "A lost card.",
    "seq": 5,
}


def only(name: str, body: dict[str, Any]) -> str:
    (line,) = of_event(name, body)
    return line


def test_a_final_line_is_time_speaker_and_text() -> None:
    clock, rest = only("transcription:update", SEGMENT).split(maxsplit=1)
    assert len(clock) == len("10:00:00")
    assert rest == "customer  my card is lost"


def test_interim_text_is_marked() -> None:
    assert only("transcription:update", SEGMENT | {"final": False}).endswith("my card is lost ...")


def test_a_suggestion_is_its_documents_and_its_summary() -> None:
    first, second = of_event("ai:suggestion", SUGGESTION)
    assert first.endswith("-- suggested (0.82): Lost cards")
    assert second.endswith("-- about: A lost card.")


@pytest.mark.parametrize(
    ("name", "body", "shown"),
    [
        ("call:status", STATUS, "on hold after 1:05"),
        (
            "call:status",
            STATUS | {"status": "ended", "reason": "abandoned"},
            "ended after 1:05 (abandoned)",
        ),
        ("feedback:update", {"agent_id": "a", "doc_id": "d", "helpful": True}, "a: d helpful"),
        (
            "feedback:update",
            {"agent_id": "a", "doc_id": "d", "helpful": None},
            "a: d verdict taken back",
        ),
        (
            "feedback:update",
            {"agent_id": "a", "doc_id": "d", "helpful": False, "dismissed": True},
            "a: d dismissed",
        ),
        (
            "call:health",
            {"transcription": "silent", "suggestions": "ok"},
            "transcription silent, suggestions ok",
        ),
    ],
)
def test_a_fact_is_a_short_note(name: str, body: dict[str, Any], shown: str) -> None:
    assert only(name, body).endswith(f"-- {shown}")


def test_good_health_and_unknown_events_are_no_lines() -> None:
    assert list(of_event("call:health", {"transcription": "ok", "suggestions": "ok"})) == []
    assert list(of_event("something:new", {})) == []


def test_a_snapshot_shows_only_what_was_not_shown() -> None:
    snapshot = {"call": STATUS, "segments": [SEGMENT, SEGMENT | {"seq": 7}], "suggestion": None}
    assert len(list(of_snapshot(snapshot, after_seq=0))) == 3
    assert len(list(of_snapshot(snapshot, after_seq=4))) == 2


def test_text_cannot_move_the_cursor() -> None:
    assert printable("a\x1b[2Jb\r\nc\u202ed") == "a [2Jb  c d"


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (65, "1:05"), (3729, "1:02:09")])
def test_durations(seconds: int, shown: str) -> None:
    assert duration(seconds) == shown


def test_counts() -> None:
    assert [count(1, "call"), count(0, "call"), count(2000, "call")] == [
        "1 call",
        "0 calls",
        "2,000 calls",
    ]


def test_the_ending_of_a_text_begins_with_a_whole_word() -> None:
    assert ending("short", 10) == "short"
    assert ending("the first and the last", 12) == "…the last"
    assert ending("x" * 50, 10) == "…" + "x" * 9

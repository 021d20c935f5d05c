"""The generated descriptions of the wire: true, complete, and noticed when they are old."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from engine import schema
from engine.answers import COMMANDS, Snapshot, Subscription
from engine.config import Limits
from engine.cursor import Relation, relation
from engine.errors import CODES
from engine.schema_markdown import words
from engine.schema_prose import COMMAND_NOTES, EVENT_NOTES, INTRODUCTION
from engine.schema_typescript import type_of
from engine.wire import (
    EVENTS,
    MAX_TEXT,
    AiSuggestion,
    CallView,
    Cursor,
    Error,
    SuggestedDocument,
    TranscriptionUpdate,
)

DOCUMENT = schema.protocol()
PATHS = ["docs/protocol.schema.json", "docs/protocol.md", "web/ui/packages/client/src/wire.gen.ts"]


def validator(name: str) -> Callable[[Any], bool]:
    checker = jsonschema_rs.Draft202012Validator(
        {**DOCUMENT, "oneOf": [{"$ref": f"#/$defs/{name}"}]}
    )
    return lambda value: bool(checker.is_valid(value))


def plain(value: msgspec.Struct) -> Any:
    return json.loads(msgspec.json.encode(value))


def test_the_document_is_a_valid_json_schema_of_the_dialect_it_names() -> None:
    assert jsonschema_rs.meta.is_valid(DOCUMENT)
    assert DOCUMENT["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_event_command_and_code_is_in_every_output() -> None:
    texts = schema.outputs()
    assert list(texts) == PATHS
    for name in [*EVENTS, *COMMANDS, *CODES]:
        for path, text in texts.items():
            assert name in text, f"{name} is missing in {path}"


def test_every_event_and_command_has_its_note_and_no_note_is_left_over() -> None:
    assert list(EVENT_NOTES) == list(EVENTS)
    assert list(COMMAND_NOTES) == list(COMMANDS)


def test_the_page_says_no_sentence_twice() -> None:
    page = re.sub(r"```.*?```", "", schema.outputs()["docs/protocol.md"], flags=re.DOTALL)
    no_prose = ("|", "#", "Answer: ", "No fields.")
    prose = [line for line in page.splitlines() if not line.startswith(no_prose)]
    sentences = re.split(r"(?<=[.:])\s+", " ".join(" ".join(prose).split()))
    assert len(sentences) > 100
    assert {one for one in sentences if sentences.count(one) > 1} == set()


def traced() -> list[tuple[str, str, Any]]:
    """The worked trace: who sends (`>` the client), the name, the object."""
    section = INTRODUCTION.split("### A worked trace", 1)[1].split("\n## ", 1)[0]
    blocks = "".join(re.findall(r"```\n(.*?)```", section, flags=re.DOTALL))
    found = re.findall(r"^([<>]) (\S+) (\{.*(?:\n {4}.*)*)", blocks, flags=re.MULTILINE)
    return [(way, name, json.loads(body)) for way, name, body in found]


def test_every_message_of_the_worked_trace_has_its_shape() -> None:
    messages = traced()
    assert len(messages) == 9
    for way, name, body in messages:
        if name == "acknowledgement":
            assert body["ok"]
            assert validator("Subscription")(body["data"])
        else:
            shape = COMMANDS[name][0] if way == ">" else EVENTS[name]
            assert validator(shape.__name__)(body), body


def test_the_worked_trace_means_to_a_cursor_what_the_page_says() -> None:
    cursor, meant = Cursor("", 0), []
    for _, name, body in traced():
        if name == "acknowledgement":
            assert body["data"]["cursor"] == plain(cursor)
        elif name == "call:subscribe":
            since = Cursor(**body["since"])
            assert cursor in (since, Cursor("", 0))
            cursor = since
        else:
            meant.append(relation(cursor, body["epoch"], body["seq"]))
            if meant[-1] is Relation.NEXT:
                cursor = Cursor(body["epoch"], body["seq"])
    assert meant == [Relation.NEXT] * 2 + [Relation.GAP] + [Relation.NEXT] * 2
    assert cursor.seq == 45


def test_the_limits_on_the_page_are_the_defaults() -> None:
    section, limits = INTRODUCTION.split("## Limits", 1)[1], Limits()
    for row in (
        f"| commands | {limits.commands_per_s} a second, {limits.commands_burst} at once",
        f"| `call:subscribe` | {limits.subscribes_per_s} a second",
        f"| commands that wait for an answer | {limits.pending_commands} |",
        f"| calls subscribed to | {limits.calls_per_connection} |",
        f"| a frame | {limits.frame_bytes:,} bytes |",
        f"| a segment's text | {MAX_TEXT:,} characters |",
    ):
        assert row in section


def test_every_reference_leads_to_a_shape() -> None:
    text = json.dumps(DOCUMENT)
    names = {part.split('"', 1)[0] for part in text.split("#/$defs/")[1:]}
    assert names <= set(DOCUMENT["$defs"])


def test_what_the_engine_encodes_is_what_the_schema_describes() -> None:
    line = TranscriptionUpdate("c", "customer", "hello", "2026-01-01T00:00:00Z", "s", 0, True)
    found = SuggestedDocument("d", "Title", "An excerpt", 0.5, matches=["excerpt"])
    suggestion = AiSuggestion("c", [found], "", "none", "g", "s", "e1", 2)
    call = CallView("c", "active", 3, "2026-01-01T00:00:00Z", ["agent-1"], metadata={"x": [1]})
    answer = Subscription(Cursor("e1", 2), "snapshot", Snapshot(call, [line], suggestion, []))
    assert validator("Subscription")(plain(answer))
    assert validator("AiSuggestion")(plain(suggestion))
    assert not validator("AiSuggestion")({**plain(suggestion), "summary": None})
    assert not validator("TranscriptionUpdate")({**plain(line), "speaker": "robot"})


def test_an_acknowledgement_is_data_or_an_error_and_nothing_else() -> None:
    checker = jsonschema_rs.Draft202012Validator(DOCUMENT)
    refusal = plain(Error("busy", "Too much is waiting", True, retry_after_ms=200))
    assert checker.is_valid({"ok": True, "data": {}})
    assert checker.is_valid({"ok": False, "error": refusal})
    assert not checker.is_valid({"ok": True})
    assert not checker.is_valid({"ok": False, "error": {"code": "busy"}})


@pytest.mark.parametrize(
    ("call_id", "allowed"),
    [("call-1", True), ("a.b:c@d|e+f*g", True), ("", False), ("a b", False), ("x" * 129, False)],
)
def test_an_id_has_the_same_rule_in_the_schema_as_in_the_engine(
    call_id: str, allowed: bool
) -> None:
    assert validator("CallUnsubscribe")({"call_id": call_id}) is allowed


def test_no_pattern_needs_a_lookahead_because_some_engines_have_none() -> None:
    assert "(?" not in json.dumps(DOCUMENT)


@pytest.mark.parametrize(
    ("described", "type_text", "spoken"),
    [
        ({"type": "string", "maxLength": 9}, "string", "string, at most 9 characters"),
        ({"type": "integer", "minimum": 0, "maximum": 5}, "number", "integer, 0 to 5"),
        ({"enum": ["a", "b"]}, "'a' | 'b'", "`a` or `b`"),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "boolean | null", "boolean or null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "('a' | 'b')[]", "list of `a` or `b`"),
        ({"type": "object"}, "Record<string, unknown>", "object"),
        ({"$ref": "#/$defs/Error"}, "WireError", "[Error](#error)"),
    ],
)
def test_a_field_reads_as_a_type_and_as_words(
    described: dict[str, Any], type_text: str, spoken: str
) -> None:
    assert type_of(described) == type_text
    assert words(described) == spoken


def test_a_kind_of_field_that_has_no_typescript_is_refused() -> None:
    with pytest.raises(ValueError, match="no TypeScript"):
        type_of({"type": "tuple"})


def test_the_typescript_never_gives_up_on_a_type() -> None:
    text = schema.outputs()["web/ui/packages/client/src/wire.gen.ts"]
    assert ": any" not in text
    assert "feedback_id?: string | null;" in text
    assert "'doc:feedback': { req: DocFeedback; res: VerdictReceipt };" in text


def test_a_second_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.main([], tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [f"wrote {path}" for path in PATHS]
    assert schema.main([], tmp_path) == 0
    assert capsys.readouterr().out == ""


def test_check_names_the_files_that_differ_and_leaves_them_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema.write(tmp_path)
    (tmp_path / "docs/protocol.md").write_text("old")
    (tmp_path / PATHS[2]).unlink()
    assert schema.main(["--check"], tmp_path) == 1
    said = capsys.readouterr().err
    assert "docs/protocol.md" in said
    assert "wire.gen.ts" in said
    assert "protocol.schema.json" not in said
    assert (tmp_path / "docs/protocol.md").read_text() == "old"


def test_check_is_content_with_what_was_just_written(tmp_path: Path) -> None:
    schema.write(tmp_path)
    assert schema.main(["--check"], tmp_path) == 0

"""Dialogue files as scripts: formats, guessed times, and errors that name the place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from web.cli.access import CHECKOUT
from web.cli.scripts import PAUSE_S, Interim, Line, ScriptError, parse, read, spoken_s

DATA = os.environ.get("EARSHOT_DATA")


def of_turns(*turns: dict[str, Any], **more: Any) -> tuple[Line, ...]:
    return parse({"id": "a", "turns": list(turns), **more}, fallback_id="f", where="here").lines


def customer(text: str, **more: Any) -> dict[str, Any]:
    return {"speaker": "customer", "text": text, **more}


def agent(text: str, **more: Any) -> dict[str, Any]:
    return {"speaker": "agent", "text": text, **more}


def test_a_line_without_a_time_begins_after_the_one_before_was_said() -> None:
    first, second = of_turns(customer("one two three four five"), agent("hello"))
    assert first == Line("customer", "one two three four five", 0.0, 2.0)
    assert second.at_s == pytest.approx(2.0 + PAUSE_S)


def test_one_speaker_pauses_less_between_two_lines_than_two_speakers_do() -> None:
    same = of_turns(customer("hello there"), customer("hello there"))
    other = of_turns(customer("hello there"), agent("hello there"))
    assert same[1].at_s < other[1].at_s


def test_a_line_with_a_time_ends_before_the_next_begins() -> None:
    first, second = of_turns(customer("a very long line it is", t=3), agent("well", t=4))
    assert first.at_s == 3
    assert first.end_s == second.at_s == 4


def test_a_line_with_a_time_takes_no_longer_than_saying_it() -> None:
    first, _ = of_turns(customer("one two three four five", t=0), agent("well", t=50))
    assert first.duration_s == spoken_s("one two three four five") == 2.0


def test_a_given_duration_holds() -> None:
    (line,) = of_turns(customer("hello", t=1.5, d=0.7))
    assert (line.at_s, line.duration_s) == (1.5, 0.7)


def test_interim_texts_without_times_are_spread_over_the_line() -> None:
    (line,) = of_turns(customer("my card is lost", t=10, d=3, interim=["my", "my cart"]))
    assert line.interims == (Interim(11.0, "my"), Interim(12.0, "my cart"))


def test_interim_texts_with_times_keep_them() -> None:
    given = [{"t": 10.2, "text": "my"}, {"t": 10.9, "text": "my cart"}]
    (line,) = of_turns(customer("my card", t=10, d=3, interim=given))
    assert line.interims == (Interim(10.2, "my"), Interim(10.9, "my cart"))


def test_lines_stand_in_the_order_they_begin() -> None:
    lines = of_turns(customer("second", t=5), agent("first", t=2))
    assert [line.text for line in lines] == ["first", "second"]


def test_lines_without_text_are_left_out() -> None:
    assert [line.text for line in of_turns(customer("  "), agent("yes"))] == ["yes"]


def test_a_segment_is_what_the_recogniser_heard_and_when() -> None:
    segment = {"speaker": "agent", "start_ms": 3720, "duration_ms": 2670, "text": "a", "asr": "b"}
    (line,) = parse({"id": "x", "segments": [segment]}, fallback_id="f", where="h").lines
    assert line == Line("agent", "b", pytest.approx(3.72), pytest.approx(2.67))


def test_a_segment_without_a_machine_transcript_is_what_was_said() -> None:
    segment = {"speaker": "agent", "start_ms": 0, "duration_ms": 900, "text": "hello"}
    (line,) = parse({"segments": [segment]}, fallback_id="f", where="h").lines
    assert line.text == "hello"


def test_a_segment_may_give_its_times_in_seconds() -> None:
    segment = {"speaker": "customer", "start": 2.5, "end": 4.0, "text": "hello"}
    (line,) = parse({"segments": [segment]}, fallback_id="f", where="h").lines
    assert (line.at_s, line.end_s) == (2.5, 4.0)


def test_a_dialogue_without_an_id_is_named_after_its_place(tmp_path: Path) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text("\n" + json.dumps({"turns": [customer("hello")]}) + "\n")
    assert [script.script_id for script in read(path)] == ["dialogues-2"]


def test_a_folder_gives_the_dialogues_of_all_its_files(tmp_path: Path) -> None:
    line = json.dumps({"id": "one", "turns": [customer("hello")]})
    (tmp_path / "dialogues.jsonl").write_text(line)
    call = {"id": "two", "segments": [{"speaker": "agent", "start_ms": 0, "text": "hi"}]}
    (tmp_path / "calls.jsonl").write_text(json.dumps(call))
    (tmp_path / "kb.jsonl").write_text("not looked at")
    assert [script.script_id for script in read(tmp_path)] == ["one", "two"]


def test_line_separators_inside_a_text_do_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps({"turns": [customer("a\u2028b")]}, ensure_ascii=False))
    assert read(path)[0].lines[0].text == "a\u2028b"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (["turns"], "expected an object"),
        ({"id": "x"}, "`turns` or `segments` is missing"),
        ({"turns": {}}, "`turns` is not a list"),
        ({"turns": ["hello"]}, "`turns[0]` is not an object"),
        ({"turns": [{"speaker": "bot", "text": "x"}]}, "`turns[0].speaker`"),
        ({"turns": [{"speaker": "agent"}]}, "`turns[0].text` is missing"),
        ({"turns": [customer("x", t="soon")]}, "`turns[0].t` is not a number"),
        ({"turns": [customer("x", t=-1)]}, "`turns[0].t` must be 0 or more"),
        ({"turns": [customer("x", t=float("nan"))]}, "`turns[0].t` must be 0 or more"),
        ({"turns": [customer("x", d=True)]}, "`turns[0].d` is not a number"),
        ({"turns": [customer("x", interim="x")]}, "`turns[0].interim` is not a list"),
        ({"turns": [customer("x", interim=[3])]}, "`turns[0].interim` must hold texts"),
        ({"turns": [agent("y"), customer("x" * 20_001)]}, "`turns[1].text` is longer than 20000"),
        ({"turns": [customer("a\ud800")]}, "`turns[0].text` holds NUL or half a surrogate"),
        ({"turns": [customer("a\0")]}, "`turns[0].text` holds NUL"),
        ({"turns": []}, "has no line with text"),
        ({"segments": [{"speaker": "agent", "text": "x"}]}, "`segments[0].start_ms` is missing"),
        ({"turns": [customer("x")], "customer": 7}, "`customer` is not text"),
    ],
)
def test_what_is_no_dialogue_is_refused_by_the_name_of_its_field(value: Any, named: str) -> None:
    with pytest.raises(ScriptError) as refused:
        parse(value, fallback_id="f", where="calls.jsonl, line 4")
    assert named in str(refused.value)
    assert "calls.jsonl, line 4" in str(refused.value)


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps({"turns": [customer("x")]}) + "\n{oops\n")
    with pytest.raises(ScriptError, match="line 2 is not JSON"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("dialogues.jsonl", b"", "is empty"),
        ("dialogues.jsonl", b"\xff\xfe", "is not UTF-8"),
        ("queries.csv", b"text,category\n", "dialogues are .jsonl or .json"),
        ("call.json", b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, name: str, content: bytes, named: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ScriptError, match=named):
        read(path)


def test_a_folder_without_dialogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"holds no dialogues: expected one of dialogues\.jsonl"):
        read(tmp_path)


@pytest.mark.skipif(not DATA, reason="EARSHOT_DATA is not set")
@pytest.mark.parametrize(
    ("folder", "calls"),
    [
        ("retail-demo", 20),
        ("timed-chats", 343),
        ("timed-speech", 2),
        ("spoken-faq", 56),
        ("chat-faq", 156),
        ("helpdesk-docs", 162),
        ("audio", 1),
    ],
)
def test_real_dialogues_can_all_be_read(folder: str, calls: int) -> None:
    scripts = read(Path(str(DATA)) / folder)
    assert len(scripts) == calls
    for script in scripts:
        begins = [line.at_s for line in script.lines]
        assert begins == sorted(begins)
        assert all(line.duration_s > 0 for line in script.lines)


def test_our_own_demo_gives_times_and_interim_texts_for_every_line() -> None:
    scripts = read(CHECKOUT / "demo")
    assert scripts
    for script in scripts:
        assert script.customer
        assert all(line.interims is not None for line in script.lines)

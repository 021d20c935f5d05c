"""Dialogues in files, as scripts: who says what, from which second to which.

Owns the file formats that replay accepts (docs/data-formats.md) and the guess of a time for
lines that have none. Pure beyond reading the files: no clock, no network.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from engine.wire import MAX_TEXT

WORDS_PER_S = 2.5  # of unhurried speech; gives a line without a duration its length
LEAST_LINE_S = 0.4
PAUSE_S = 1.0  # before the other speaker answers, where the file gives no times
BREATH_S = 0.5  # between two lines of one speaker, likewise

# What a folder may hold, in the order they are read.
FOLDER_NAMES = ("dialogues.jsonl", "calls.jsonl", "*.asr.json")


class ScriptError(Exception):
    """A file is not a dialogue we can read; the message names file, line and field."""


class Interim(NamedTuple):
    """Text as first heard. `at_s` counts from the beginning of the call."""

    at_s: float
    text: str


class Line(NamedTuple):
    """One line of a dialogue: heard from `at_s` for `duration_s`, then final.

    `interims` is None where the file says nothing of them.
    """

    speaker: str
    text: str
    at_s: float
    duration_s: float
    interims: tuple[Interim, ...] | None = None

    @property
    def end_s(self) -> float:
        return self.at_s + self.duration_s


class Script(NamedTuple):
    """One call as it will be replayed. `lines` are in the order they begin."""

    script_id: str
    lines: tuple[Line, ...]
    customer: str | None = None
    source: str | None = None
    folder: str = ""  # the name of the one its file is in


def read(path: Path) -> list[Script]:
    """The scripts of a file, or of a folder's dialogue files.

    Raises ScriptError when there is none or one cannot be understood.
    """
    if not path.is_dir():
        return _read_file(path)
    files = [found for name in FOLDER_NAMES for found in sorted(path.glob(name))]
    if not files:
        names = ", ".join(FOLDER_NAMES)
        raise ScriptError(f"{path} holds no dialogues: expected one of {names}")
    return [script for file in files for script in _read_file(file)]


def _read_file(path: Path) -> list[Script]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ScriptError(f"{path} is not UTF-8 text (byte {problem.start})") from None
    except OSError as problem:
        raise ScriptError(f"{path} cannot be read: {problem.strerror}") from None
    if path.suffix not in (".jsonl", ".json", ".ndjson"):
        raise ScriptError(f"{path}: dialogues are .jsonl or .json; see docs/data-formats.md")
    scripts = [
        parse(value, fallback_id=f"{path.stem}-{number}", where=where)._replace(
            folder=path.resolve().parent.name
        )
        for number, where, value in _values(path, text)
    ]
    if not scripts:
        raise ScriptError(f"{path} is empty")
    return scripts


def _values(path: Path, text: str) -> Iterator[tuple[int, str, Any]]:
    if path.suffix == ".json":
        yield 1, str(path), _decode(text, str(path))
        return
    # Not splitlines(): it also breaks at characters that JSON allows inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{path}, line {number}"
            yield number, where, _decode(line, where)


def _decode(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as problem:
        raise ScriptError(f"{where} is not JSON: {problem}") from None
    except RecursionError:
        raise ScriptError(f"{where} is nested too deeply") from None


def parse(value: Any, *, fallback_id: str, where: str) -> Script:
    """One dialogue: an object with `turns`, or with `segments`. `where` is for errors."""
    if not isinstance(value, dict):
        raise ScriptError(f"{where}: expected an object with `turns` or `segments`")
    if "turns" in value:
        lines = _turns(_Place(where, "turns", value["turns"]))
    elif "segments" in value:
        lines = _segments(_Place(where, "segments", value["segments"]))
    else:
        raise ScriptError(f"{where}: `turns` or `segments` is missing; is this a dialogue?")
    if not lines:
        raise ScriptError(f"{where}: the dialogue has no line with text")
    return Script(
        script_id=str(value.get("id") or fallback_id),
        lines=tuple(sorted(lines, key=lambda line: line.at_s)),
        customer=_optional_text(value, "customer", where),
        source=_optional_text(value, "source", where),
    )


def _optional_text(value: dict[str, Any], name: str, where: str) -> str | None:
    found = value.get(name)
    if found is not None and not isinstance(found, str):
        raise ScriptError(f"{where}: `{name}` is not text")
    return found


class _Place:
    """A list of the file, with words for where in it something is wrong."""

    def __init__(self, where: str, name: str, items: Any) -> None:
        if not isinstance(items, list):
            raise ScriptError(f"{where}: `{name}` is not a list")
        self._where, self._name, self._items = where, name, items

    def spoken(self) -> Iterator[tuple[_Entry, str, str]]:
        """Every entry with text, with its speaker and text."""
        for index, fields in enumerate(self._items):
            entry = _Entry(f"{self._where}: `{self._name}[{index}]", fields)
            speaker = fields.get("speaker")
            if speaker not in ("customer", "agent"):
                raise ScriptError(f"{entry.named('speaker')} must be customer or agent")
            text = entry.text("text")
            if text:
                yield entry, speaker, text


class _Entry:
    def __init__(self, where: str, fields: Any) -> None:
        self._where = where
        if not isinstance(fields, dict):
            raise ScriptError(f"{where}` is not an object")
        self.fields = fields

    def named(self, name: str) -> str:
        return f"{self._where}.{name}`"

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise ScriptError(f"{self.named(name)} is missing or not text")
        return self.checked(name, value)

    def checked(self, name: str, value: str) -> str:
        if len(value) > MAX_TEXT:
            raise ScriptError(f"{self.named(name)} is longer than {MAX_TEXT} characters")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ScriptError(f"{self.named(name)} holds NUL or half a surrogate pair")
        return value.strip()

    def seconds(self, name: str, scale: float = 1.0) -> float | None:
        """A time of this entry in seconds, None when it has none."""
        value = self.fields.get(name)
        if value is None:
            return None
        return self.measured(name, value, scale)

    def measured(self, name: str, value: Any, scale: float = 1.0) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ScriptError(f"{self.named(name)} is not a number")
        if not math.isfinite(value) or value < 0:
            raise ScriptError(f"{self.named(name)} must be 0 or more")
        return value * scale


def spoken_s(text: str) -> float:
    """How long it takes to say `text`, in seconds."""
    return max(LEAST_LINE_S, len(text.split()) / WORDS_PER_S)


def _turns(place: _Place) -> list[Line]:
    lines: list[Line] = []
    spoken = list(place.spoken())
    for index, (entry, speaker, text) in enumerate(spoken):
        at_s = entry.seconds("t")
        if at_s is None:
            at_s = _after(lines, speaker)
        duration_s = entry.seconds("d")
        if duration_s is None:
            following = spoken[index + 1][0].seconds("t") if index + 1 < len(spoken) else None
            duration_s = _until(at_s, following, text)
        lines.append(
            Line(speaker, text, at_s, duration_s, _interims(entry, at_s, duration_s, text))
        )
    return lines


def _after(lines: list[Line], speaker: str) -> float:
    if not lines:
        return 0.0
    last = lines[-1]
    return last.end_s + (BREATH_S if last.speaker == speaker else PAUSE_S)


def _until(at_s: float, following_s: float | None, text: str) -> float:
    """The time it takes to say the line, cut where the next one begins."""
    if following_s is None or following_s <= at_s:
        return spoken_s(text)
    return min(spoken_s(text), following_s - at_s)


def _interims(
    entry: _Entry, at_s: float, duration_s: float, text: str
) -> tuple[Interim, ...] | None:
    given = entry.fields.get("interim")
    if given is None:
        return None
    if not isinstance(given, list):
        raise ScriptError(f"{entry.named('interim')} is not a list")
    found = []
    for number, item in enumerate(given, 1):
        # Without times of their own they are spread over the line, the final text last.
        when_s = at_s + duration_s * number / (len(given) + 1)
        if isinstance(item, dict):
            when_s = entry.measured("interim[].t", item.get("t", when_s))
            item = item.get("text")
        if not isinstance(item, str):
            raise ScriptError(f"{entry.named('interim')} must hold texts")
        heard = entry.checked("interim", item)
        if heard:
            found.append(Interim(when_s, heard))
    return tuple(found)


def _segments(place: _Place) -> list[Line]:
    """Transcripts with the times of each segment, in ms or in seconds."""
    lines: list[Line] = []
    for entry, speaker, text in place.spoken():
        heard = entry.fields.get("asr")
        if isinstance(heard, str) and heard.strip():
            text = entry.checked("asr", heard)  # what a producer would have sent
        at_s = entry.seconds("start_ms", 0.001)
        if at_s is None:
            at_s = entry.seconds("start")
        if at_s is None:
            raise ScriptError(f"{entry.named('start_ms')} is missing")
        lines.append(Line(speaker, text, at_s, _segment_s(entry, at_s, text)))
    return lines


def _segment_s(entry: _Entry, at_s: float, text: str) -> float:
    duration_s = entry.seconds("duration_ms", 0.001)
    if duration_s is None:
        end_s = entry.seconds("end")
        duration_s = end_s - at_s if end_s is not None else None
    if duration_s is None:
        return spoken_s(text)
    return max(duration_s, LEAST_LINE_S)

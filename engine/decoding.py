"""From bytes or plain values to the wire's Structs, and back.

Owns the translation of every decoding failure into a BadRequest that names the field as
the sender would write it (`segments[3].text`). Refuses text that no store or screen can
hold: NUL characters and lone surrogates. Holds no shape of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec

from engine.choices import choices
from engine.errors import BadRequest, EngineError
from engine.wire import Error

T = TypeVar("T")

_WHERE = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>\w+)`")
_ID_RULE = re.compile(r"Expected `str` matching regex '\^\[A-Za-z0-9_")
_SIZE = re.compile(r"Expected `(str|array)` of length (>=|<=) (\d+)")
_CHOICE = re.compile(r"Invalid enum value (?P<got>.*)", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_MESSAGE = 300  # characters of a message: some quote what was sent
_MAX_DEPTH = 32  # nesting of free-form values (metadata); deeper is refused

encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def decode(shape: type[T], raw: bytes | str) -> T:
    """Decode JSON to `shape`. Raises BadRequest naming the field."""
    try:
        value: T = _decoder(shape).decode(raw)  # type: ignore[arg-type]
    except msgspec.ValidationError as problem:
        raise _refusal(shape, problem) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        return _decode_leniently(shape, raw, problem)
    if _needs_a_look(raw):
        _refuse_unstorable(msgspec.to_builtins(value))
    return value


def decode_plain(shape: type[T], raw: str) -> T | None:
    """The quick way for input as almost everybody sends it, wherever each text may stand.
    None: it is ill, or has escapes or nesting that need a look; ask `parse` and `convert`."""
    if _needs_a_look(raw):
        return None
    try:
        value: T = _decoder(shape).decode(raw)  # type: ignore[arg-type]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return value


def convert(shape: type[T], value: Any) -> T:
    """The same for a value that was already parsed, e.g. a Socket.IO argument."""
    _refuse_unstorable(value)
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as problem:
        raise _refusal(shape, problem) from None


def parse(raw: bytes | str) -> Any:
    """Plain values out of JSON; lone surrogates pass, to be refused with a field's name.
    Raises ValueError, or RecursionError for what is nested too deeply."""
    try:
        return _decoder(Any).decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return json.loads(raw, parse_constant=_no_number)


def error_of(problem: EngineError) -> Error:
    """The wire's form of a refusal. Its words may quote what no JSON can hold."""
    return Error(
        code=problem.code,
        message=_SURROGATE.sub("?", problem.message),
        retryable=problem.retryable,
        field=_SURROGATE.sub("?", problem.field) if problem.field is not None else msgspec.UNSET,
        retry_after_ms=(
            problem.retry_after_ms if problem.retry_after_ms is not None else msgspec.UNSET
        ),
    )


def _decode_leniently(shape: type[T], raw: bytes | str, problem: Exception) -> T:
    """The slow way, only to name the field that holds a lone surrogate."""
    try:
        value = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadRequest(f"The body is not JSON: {_plain(problem)}") from None
    return convert(shape, value)


def _no_number(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's: stored, they would come back as null."""
    raise ValueError(f"{name} is not JSON")


def _needs_a_look(raw: bytes | str) -> bool:
    """An escape may hide what no screen shows; many brackets may be deep."""
    if isinstance(raw, str):
        return "\\u" in raw or raw.count("[") + raw.count("{") > _MAX_DEPTH
    return b"\\u" in raw or raw.count(b"[") + raw.count(b"{") > _MAX_DEPTH


def _refusal(shape: Any, problem: msgspec.ValidationError) -> BadRequest:
    text = str(problem)
    where = _WHERE.search(text)
    path = where["path"] if where else ""
    text = _WHERE.sub("", text)
    if len(text) > _MAX_MESSAGE:
        text = text[:_MAX_MESSAGE] + "…"
    missing = _MISSING.match(text)
    if missing:
        field = f"{path}.{missing['name']}" if path else missing["name"]
        return BadRequest(f"`{field}` is required", field=field)
    size = _SIZE.fullmatch(text)
    if size:
        text = _size_rule(*size.groups())
    choice = _CHOICE.fullmatch(text)
    if choice:
        text = f"Expected one of {', '.join(choices(shape, path))}, got {choice['got']}"
    if _ID_RULE.match(text):
        text = "Expected an id: 1 to 128 of letters, digits and _.:@|+*-"
    return BadRequest(f"{text}: `{path}`" if path else text, field=path or None)


def _size_rule(kind: str, sense: str, bound: str) -> str:
    if (sense, bound) == (">=", "1"):
        return "Must not be empty"
    things = "characters" if kind == "str" else "entries"
    return f"{'At least' if sense == '>=' else 'At most'} {int(bound):,} {things}"


def _plain(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "nested too deeply"
    return str(problem).removeprefix("JSON is malformed: ")


def _refuse_unstorable(value: Any, path: str = "", depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise BadRequest(f"Nested too deeply: `{path}`", field=path or None)
    if isinstance(value, str):
        _refuse_text(value, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(key, str):
                _refuse_text(key, path)
            _refuse_unstorable(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            _refuse_unstorable(inner, f"{path}[{place}]", depth + 1)
    elif isinstance(value, (bytes, bytearray)):
        raise BadRequest(f"Binary is not accepted: `{path}`", field=path or None)


def _refuse_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise BadRequest(f"Holds a NUL character: `{path}`", field=path or None)
    if not text.isascii() and _SURROGATE.search(text):
        raise BadRequest(f"Holds a lone surrogate: `{path}`", field=path or None)

"""docs/protocol.md out of the wire's JSON Schema: tables for people who write a client.

Owns how a shape reads as a table; the prose is engine/schema_prose.py's. Lists every event,
command, shape and code exactly once. Knows nothing about HTTP paths: /openapi.json does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.schema_prose import COMMAND_NOTES, EVENT_NOTES, INTRODUCTION, WHO_MAY

Schema = dict[str, Any]

_ID_MARK = "letters, digits and _.:@|+*-"


def markdown(document: Schema) -> str:
    """The page: introduction, events, commands, the shapes they share, codes."""
    shapes: dict[str, Schema] = document["$defs"]
    parts = [INTRODUCTION, "In the tables below a field is required unless it says optional.\n"]
    parts.append("## Events: server to client\n")
    facts = ", ".join(f"`{name}`" for name in document["x-log-events"])
    parts.append(f"Facts of a call's log: {facts}. The others are in no log.\n")
    for name, ref in document["x-events"].items():
        parts += _section(name, EVENT_NOTES[name])
        parts.append(_fields(shapes[_named(ref)]))
    parts.append("## Commands: client to server\n")
    parts.append(f"{WHO_MAY}\n")
    for name, pair in document["x-commands"].items():
        request, answer = shapes[_named(pair["request"])], shapes[_named(pair["answer"])]
        parts += _section(name, COMMAND_NOTES[name])
        parts.append(_fields(request))
        parts.append(
            f"Answer: {_link(_named(pair['answer']))}\n"
            if answer["properties"]
            else "Answer: an empty object.\n"
        )
    parts.append("## Shapes\n")
    for name in _shared(document):
        parts += _section(name, " ".join(shapes[name].get("description", "").split()))
        parts.append(_fields(shapes[name]))
    parts.append(_codes(document["x-codes"]))
    return "\n".join(parts)


def words(schema: Schema) -> str:
    """A field's type and bounds, as one reads them in a table cell."""
    if "$ref" in schema:
        return _link(_named(schema))
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        spoken = [words(option) for option in schema["anyOf"]]
        bounded = any(", " in option for option in spoken)
        return ("; or " if bounded else " or ").join(spoken)
    kind = schema["type"]
    if kind == "array":
        return f"list of {words(schema['items'])}{_range(schema, 'minItems', 'maxItems', ' items')}"
    if kind == "string":
        if _ID_MARK in schema.get("description", ""):
            return "id"
        if schema.get("format") == "date-time":
            return "RFC 3339 instant with a zone"
        return f"string{_range(schema, 'minLength', 'maxLength', ' characters')}"
    if kind in {"integer", "number"}:
        return f"{kind}{_range(schema, 'minimum', 'maximum', '')}"
    return str(kind)


def _fields(schema: Schema) -> str:
    if not schema["properties"]:
        return "No fields.\n"
    required = set(schema.get("required", []))
    rows = ["| field | type | |", "|---|---|---|"]
    for name, inner in schema["properties"].items():
        rows.append(f"| `{name}` | {words(inner)} | {_presence(name in required, inner)} |")
    return "\n".join(rows) + "\n"


def _presence(required: bool, schema: Schema) -> str:
    if required:
        return ""
    default = schema.get("default")
    if default is None or default == []:
        return "optional"
    return f"optional; {str(default).lower()} when absent"


def _range(schema: Schema, low: str, high: str, unit: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is None and most is None:
        return ""
    if least is None:
        return f", at most {most:,}{unit}"
    return f", {least:,} to {most:,}{unit}" if most is not None else f", at least {least:,}{unit}"


def _section(title: str, text: str) -> Iterator[str]:
    yield f"### {title}\n"
    if text:
        yield f"{text}\n"


def _codes(codes: dict[str, dict[str, Any]]) -> str:
    rows = [
        "## Error codes\n",
        "`retryable`: the same request may succeed later. `reconnect`: a connection that was "
        "closed with this code should come back.\n",
        "| code | HTTP | retryable | reconnect | meaning |",
        "|---|---|---|---|---|",
    ]
    for name, code in codes.items():
        marks = " | ".join("yes" if code[key] else "no" for key in ("retryable", "reconnect"))
        rows.append(f"| `{name}` | {code['http_status']} | {marks} | {code['meaning']} |")
    return "\n".join(rows) + "\n"


def _shared(document: Schema) -> list[str]:
    """Shapes that are no event's and no command's own, but that something here leads to."""
    own = {_named(ref) for ref in document["x-events"].values()}
    own |= {_named(pair["request"]) for pair in document["x-commands"].values()}
    reached: set[str] = set()
    todo = list(own) + [_named(pair["answer"]) for pair in document["x-commands"].values()]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _references(document["$defs"][name])
    return sorted(name for name in reached - own if document["$defs"][name]["properties"])


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [_named(value)] if "$ref" in value else []
        return found + [name for inner in value.values() for name in _references(inner)]
    if isinstance(value, list):
        return [name for inner in value for name in _references(inner)]
    return []


def _named(ref: Schema) -> str:
    return str(ref["$ref"]).rsplit("/", 1)[1]


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"

"""The OpenAPI 3.1 document, made from the routes and Structs that are served.

Owns the form of the document. Nothing in it is written twice: shapes come from the wire's
Structs, statuses from the codes each route names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from engine.decoding import encode
from engine.errors import CODES
from engine.wire import LOG_EVENTS, Id
from web.api.answering import JSON, ErrorBody
from web.api.routing import OPEN, Route
from web.api.shapes import SCHEMAS

VERSION = "1"
EXAMPLES = {"call_id": "call-1", "doc_id": "late-fee", "agent_id": "agent-1"}
_REF = SCHEMAS + "{name}"
_DESCRIPTION = (
    "Live call assistance. Every refusal is an Error with a code of a closed set; "
    "`retryable` says whether the same request may succeed later. "
    "What a live client uses is Socket.IO: see docs/protocol.md."
)


def document(routes: Iterable[Route]) -> bytes:
    routes = list(routes)
    shapes = [shape for route in routes for shape in _shapes_of(route)]
    shapes = list(dict.fromkeys([*shapes, ErrorBody, *LOG_EVENTS.values()]))
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    schema_of = dict(zip(shapes, schemas, strict=True))
    components["Error"]["properties"]["code"]["enum"] = sorted(CODES)
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in routes:
        paths[route.path][route.method.lower()] = _operation(route, schema_of)
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "Earshot", "version": VERSION, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return encode(_plain_patterns(whole))


def codes_of(route: Route) -> set[str]:
    """Every refusal the route may answer with: its own, and those of what it is given."""
    found = {"internal", *route.codes}
    if route.access is not OPEN:
        found |= {"unauthenticated", "expired", "revoked"}
    if route.access.roles.endswith("admin"):
        found.add("forbidden")
    if "{" in route.path or route.query or route.body:
        found.add("bad_request")
    if route.body:
        found.add("too_large")
    return found


def _shapes_of(route: Route) -> list[Any]:
    bodies = list(route.body.media.values()) if route.body else []
    return [shape for shape in (*route.answers.values(), *bodies) if shape is not None]


def _operation(route: Route, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.does[0].upper() + route.does[1:],
        "description": f"{route.notes} Roles: {route.access.roles}.".strip(),
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": _responses(route, schema_of),
        "security": [] if route.access is OPEN else [{"token": []}],
    }
    if route.body:
        operation["requestBody"] = {
            "required": True,
            "content": {
                media: {"schema": schema_of[shape]} for media, shape in route.body.media.items()
            },
        }
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    [schema], _ = msgspec.json.schema_components([Id])
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schema,
            "example": EXAMPLES[name],
        }
        for name in names
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    _, components = msgspec.json.schema_components([route.query], ref_template=_REF)
    shape = components[route.query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in shape.get("required", ()),
            "schema": _without_null(schema),
        }
        for name, schema in shape["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: what may be absent is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if not kinds:
        return {key: value for key, value in schema.items() if value is not None}
    return dict(kinds[0]) if len(kinds) == 1 else {"anyOf": kinds}


def _responses(route: Route, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, shape in route.answers.items():
        responses[str(status)] = {"description": "Done"}
        if shape is not None:
            content = {route.media: {"schema": schema_of[shape]}}
            responses[str(status)]["content"] = content
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in sorted(codes_of(route)):
        by_status[CODES[code].http_status].append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": " ".join(f"`{code}`: {CODES[code].meaning}" for code in codes),
            "content": {JSON: {"schema": schema_of[ErrorBody]}},
        }
    return responses


def _plain_patterns(value: Any) -> Any:
    """The guard against a newline that Python's `$` lets pass; JSON Schema's does not."""
    if isinstance(value, dict):
        return {
            key: inner.replace(r"$(?!\n)", "$") if key == "pattern" else _plain_patterns(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_plain_patterns(inner) for inner in value]
    return value

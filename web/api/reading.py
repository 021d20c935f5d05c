"""What a request says: its token, ids, query and body.

Owns the turning of HTTP's bytes into the wire's values, with a bound on each before it is
in memory, and the naming of the field at fault. It decides no rights and knows no call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from flask import Request
from msgspec import Struct
from werkzeug.datastructures import MultiDict

from engine.decoding import convert
from engine.errors import BadRequest, EngineError, TooLarge, Unauthenticated
from engine.identity import Identity
from engine.wire import Id
from web.api.seam import TokenDesk

BULK_BYTES = 10_000_000  # of a body that holds many things: documents, lines of segments
_CHUNK = 65_536
_NUMBER = re.compile(r"-?[0-9]{1,18}")

S = TypeVar("S", bound=Struct)


class _AnId(Struct):
    id: Id


def identity(request: Request, tokens: TokenDesk, now_s: float) -> Identity:
    """Whose the bearer token is. Only the Authorization header is looked at: an address
    is written into logs and histories. Raises Unauthenticated, Expired or Revoked."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "A token is required: `Authorization: Bearer …`", field="authorization"
        )
    try:
        return tokens.verify(token.strip(), now_s)
    except EngineError as problem:
        problem.field = "authorization"  # as this sender would write it
        raise


def ids(values: Mapping[str, str]) -> dict[str, str]:
    """The ids of a path, each checked. Raises BadRequest naming the one at fault."""
    for name, value in values.items():
        try:
            convert(_AnId, {"id": value})
        except BadRequest as problem:
            raise BadRequest(problem.message.replace("`id`", f"`{name}`"), field=name) from None
    return dict(values)


def query(shape: type[S], arguments: MultiDict[str, str]) -> S:
    """The query as a Struct. A name that is not known is refused, since a misspelt filter
    would silently answer something else."""
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    given: dict[str, Any] = {}
    for name, values in arguments.lists():
        if name not in fields:
            shown = name[:50].encode("ascii", "replace").decode()
            known = ", ".join(fields)
            raise BadRequest(f"Unknown in the query; known are {known}: `{shown}`", field=shown)
        if len(values) > 1:
            raise BadRequest(f"Given more than once: `{name}`", field=name)
        given[name] = _typed(values[0], fields[name].default)
    return convert(shape, given)


def _typed(text: str, default: object) -> str | int:
    """Numbers of a query arrive as text; a field whose default is one is one."""
    return int(text) if isinstance(default, int) and _NUMBER.fullmatch(text) else text


def body(request: Request, limit: int) -> bytes:
    """The body, `limit` bytes at most, with a Content-Length or chunked. Raises TooLarge
    before more than that is in memory, and BadRequest when it ends too soon."""
    length = request.content_length
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return b""
    if length is not None and length > limit:
        raise too_large(limit)
    wanted = limit + 1 if length is None else length
    stream = request.environ["wsgi.input"]
    chunks: list[bytes] = []
    while wanted > 0:
        try:
            chunk = stream.read(min(wanted, _CHUNK))
        except OSError:
            raise BadRequest("The body ended before its length") from None
        if not chunk:
            break
        wanted -= len(chunk)
        chunks.append(chunk)
    if length is None and wanted == 0:
        raise too_large(limit)
    if length is not None and wanted:
        raise BadRequest("The body ended before its length")
    return b"".join(chunks)


def too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit:,} bytes: `body`", field="body")

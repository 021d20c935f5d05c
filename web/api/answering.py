"""How a request is answered: a value as JSON, a refusal with its code.

Owns every response the API gives and the translation of whatever went wrong into the
closed set of codes. It never shows a traceback to a client and never logs what a request
or an exception said, which may be transcript text: a fault is logged by its type and place.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from math import ceil
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import uuid4

import redis
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from msgspec import Struct
from werkzeug.exceptions import HTTPException

from engine.decoding import encode, error_of
from engine.errors import BadRequest, EngineError, Internal, NotFound, TooLarge, Unavailable
from engine.log import LogUnavailable
from engine.wire import Error

log = logging.getLogger("earshot.api")

JSON = "application/json"
LINES = "application/x-ndjson"
# Transcripts belong in no cache, and no answer is anything but what it says it is.
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class ErrorBody(Struct):
    """The body of every refusal."""

    error: Error


class Answer(NamedTuple):
    """`value`: a Struct, encoded as JSON; bytes, sent as they are; lines, streamed as NDJSON;
    None, no body."""

    value: Any
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})
    media: str = JSON


def respond(answer: Answer) -> Response:
    body: Any = answer.value
    if not isinstance(body, (bytes, Iterator)) and body is not None:
        body = encode(body)
    response = Response(body, status=answer.status, headers=_HEADERS | dict(answer.headers))
    if body is None:
        del response.headers["Content-Type"]
    else:
        response.headers["Content-Type"] = answer.media
    return response


def refuse(problem: EngineError, status: int | None = None) -> Response:
    """`status`: where HTTP's own word is more exact than the code's."""
    status = status or problem.http_status
    headers: dict[str, str] = {}
    if problem.retry_after_ms is not None:
        headers["Retry-After"] = str(ceil(problem.retry_after_ms / 1000))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 413:
        headers["Connection"] = "close"  # the rest of the body is not wanted
    return respond(Answer(ErrorBody(error_of(problem)), status, headers))


def coded(problem: Exception) -> EngineError:
    """What went wrong, with its code. What has none is a fault of ours and is logged."""
    if isinstance(problem, EngineError):
        return problem
    if isinstance(problem, (LogUnavailable, redis.RedisError)):
        return Unavailable("The store is away", retry_after_ms=1000)
    request_id = uuid4().hex
    rule = request.url_rule.rule if request and request.url_rule else "?"
    method = request.method if request else "?"
    # The frames, not the message: an exception may repeat the text it stumbled over.
    frames = "".join(traceback.format_tb(problem.__traceback__))
    log.error(
        "api.fault request=%s method=%s rule=%s error=%s\n%s",
        request_id,
        method,
        rule,
        type(problem).__name__,
        frames,
    )
    return Internal(f"A fault of ours; it was logged as request {request_id}")


def install_errors(app: Flask) -> None:
    """Whatever leaves a view is answered as an Error; routes that do not exist too."""
    app.url_map.merge_slashes = False  # else `//` is answered with a redirect, as HTML
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(Exception, lambda problem: refuse(coded(problem)))


def _on_http(problem: HTTPException) -> ResponseReturnValue:
    """Werkzeug's own refusals: no such route, another method, a body too large."""
    status = problem.code or 500
    if status < 400:
        return problem.get_response()  # a redirect
    if status >= 500:
        return refuse(coded(problem))
    known = {
        404: NotFound("There is nothing at this address"),
        405: BadRequest(f"{request.method} is not possible here"),
        413: TooLarge("The request is too large"),
    }
    response = refuse(known.get(status) or BadRequest("The request is malformed"), status)
    for name, value in problem.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response

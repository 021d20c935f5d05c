"""For those who run the server: is it alive, does it take traffic, its numbers.

Owns three pages outside /v1 that need no token. They say nothing about calls or people.
"""

from __future__ import annotations

from msgspec import UNSET

from engine.errors import Unavailable
from web.api import whole
from web.api.answering import Answer
from web.api.routing import OPEN, Asked, Route
from web.api.seam import Node
from web.api.shapes import Alive, Ready
from web.metrics import CONTENT_TYPE


def alive(node: Node, asked: Asked) -> Answer:
    return Answer(Alive())


def ready(node: Node, asked: Asked) -> Answer:
    reasons = whole.reasons(node)
    if reasons:
        raise Unavailable(f"Not ready: {'; '.join(reasons)}")
    return Answer(Ready(why=whole.why(node) or UNSET))


def metrics(node: Node, asked: Asked) -> Answer:
    return Answer(whole.metrics(node), media=CONTENT_TYPE)


ROUTES = [
    Route("GET", "/healthz", alive, "see whether the server lives", {200: Alive}, OPEN),
    Route(
        "GET",
        "/readyz",
        ready,
        "see whether the server takes traffic",
        {200: Ready},
        OPEN,
        ("unavailable",),
    ),
    Route(
        "GET",
        "/metrics",
        metrics,
        "read the server's numbers",
        {200: str},
        OPEN,
        media=CONTENT_TYPE,
    ),
]

"""For those who run the server: is it alive, does it take traffic, its numbers.

Owns three pages outside /v1 that need no token. They say nothing about calls or people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.errors import Unavailable
from web.api.answering import Answer
from web.api.routing import OPEN, Asked, Route
from web.api.seam import Node
from web.api.shapes import Alive, Ready

METRICS_TEXT = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' exposition format
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_:]")


def alive(node: Node, asked: Asked) -> Answer:
    return Answer(Alive())


def ready(node: Node, asked: Asked) -> Answer:
    reasons = node.ready()
    if reasons:
        raise Unavailable(f"Not ready: {'; '.join(reasons)}")
    return Answer(Ready())


def metrics(node: Node, asked: Asked) -> Answer:
    return Answer(exposition(node.metrics()).encode(), media=METRICS_TEXT)


def exposition(values: Mapping[str, float]) -> str:
    """Prometheus' text: one family a name, `earshot_` before it; a name may carry labels,
    `events{event="ai:suggestion"}`."""
    families: dict[str, list[str]] = {}
    for full_name, value in values.items():
        name, brace, labels = full_name.partition("{")
        name = _NOT_IN_NAMES.sub("_", name)
        name = name if name.startswith("earshot_") else f"earshot_{name}"
        families.setdefault(name, []).append(f"{name}{brace}{labels} {float(value)!r}")
    lines: list[str] = []
    for name, samples in sorted(families.items()):
        lines.append(f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}")
        lines += samples
    return "\n".join(lines) + "\n"


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
        media=METRICS_TEXT,
    ),
]

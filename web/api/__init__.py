"""The HTTP API: /v1, and the pages for those who run the server.

Owns the list of what is served. `blueprint(node)` gives Flask the routes and
/openapi.json; `install(app, node)` makes every refusal of the application an Error, unknown
addresses included.
"""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Flask

from engine.config import Settings
from web.api import agents, audit, calls, documents, health, knowledge, openapi, segments
from web.api.answering import Answer, install_errors
from web.api.routing import OPEN, Asked, Route, mount
from web.api.seam import Node
from web.api.shapes import OpenApi

__all__ = ["Node", "blueprint", "install", "routes"]


def routes(settings: Settings) -> list[Route]:
    """Everything that is served; tokens for anybody only in development."""
    found = [
        *calls.ROUTES,
        *segments.ROUTES,
        *documents.ROUTES,
        *knowledge.ROUTES,
        *agents.ROUTES,
        *audit.ROUTES,
        *health.ROUTES,
    ]
    if settings.development.tokens:
        found += agents.DEVELOPMENT_ROUTES
    return found


def blueprint(node: Node) -> Blueprint:
    served = routes(node.settings)

    @cache
    def described() -> bytes:
        return openapi.document(served)

    def describe(_: Node, __: Asked) -> Answer:
        return Answer(described())

    itself = Route("GET", "/openapi.json", describe, "read this document", {200: OpenApi}, OPEN)
    served.append(itself)
    made = Blueprint("api", __name__)
    mount(made, node, served)
    return made


def install(app: Flask, node: Node) -> None:
    """The error hooks; the blueprint is registered by whoever puts the application together."""
    install_errors(app)

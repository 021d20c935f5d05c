"""What a server has of signing in: always the way to do it, the places only with a provider.

Owns the choice. The places (routes.py) bring a client of OpenID Connect, 0.4 s of imports that
a server without a provider starts without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask

from web.api.answering import Answer, respond
from web.sign_in.way import way_of

if TYPE_CHECKING:
    from web.node import Node


def install(app: Flask, node: Node) -> None:
    """The places, and the guard before the pages, as the settings say."""
    blueprint = Blueprint("sign_in", __name__)

    @blueprint.get("/sign-in/way")
    def way() -> Any:
        answer = respond(Answer(way_of(node.settings)))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    if node.settings.sign_in.issuer:
        from web.sign_in.routes import Desk

        Desk(node).mount(app, blueprint)
    app.register_blueprint(blueprint)

"""create_app: Flask, the API, the desk's files and Socket.IO over one node.

Owns what answers on which path. It starts nothing: server.py listens.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from flask import Flask, Request, Response, send_from_directory
from flask_socketio import SocketIO
from werkzeug.routing import MapAdapter

from web import api, headers
from web.node import Node
from web.refused_origins import RefusedOrigins
from web.sign_in.install import install as install_sign_in
from web.sockets import create_socketio

DESK = Path(__file__).parent / "ui" / "desk" / "dist"
NOT_BUILT = "The desk is not built. Run `make setup`, then reload this page.\n"
SOCKETS = "/socket.io"
ASSET_SECONDS = 31_536_000  # a built file's name holds its hash


class Application(Flask):
    """Flask, that looks for no page for an event of a socket: Flask-SocketIO opens a request's
    context around each, and the failure to find one held that context, its request and the
    frames in a cycle. One in eighty connections left it for the hourly collection."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is not None and request.path.rstrip("/") == SOCKETS:
            return None
        return super().create_url_adapter(request)


class App(NamedTuple):
    flask: Flask
    socketio: SocketIO
    origins: RefusedOrigins


def create_app(node: Node, desk: Path = DESK) -> App:
    """Everything that is served, on a node that runs."""
    app = Application("earshot", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined] # of Flask's own provider
    refused = RefusedOrigins(node.clock.mono, node.settings.server.origins)
    headers.install(app, node.settings.server, refused.note)
    api.install(app, node)
    app.register_blueprint(api.blueprint(node))
    install_sign_in(app, node)
    _serve_desk(app, desk)
    return App(app, create_socketio(app, node, refused.note), refused)


def _serve_desk(app: Flask, desk: Path) -> None:
    # One page: its script shows the desk or the wall by the path, and a token decides the rest.
    @app.get("/")
    @app.get("/supervisor")
    def index() -> Response:
        if not (desk / "index.html").is_file():
            return Response(NOT_BUILT, status=503, mimetype="text/plain")
        page = send_from_directory(desk, "index.html")
        page.headers["Cache-Control"] = "no-cache"
        return page

    @app.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        return send_from_directory(desk / "assets", name, max_age=ASSET_SECONDS)

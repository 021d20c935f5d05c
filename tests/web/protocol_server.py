"""Our server with handlers of a user's own beside our events, for the tests of the protocols.

Owns these handlers and nothing else: they send back what came, in every way that python-socketio
offers. Run by tests/web/protocol_place.py.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported

from gevent import monkey

monkey.patch_all()

import sys
from typing import Any

import gevent
from flask import request
from flask_socketio import SocketIO, disconnect, emit

import web.server
from web.app import App, create_app
from web.node import Node

PACE_S = 0.004


def add_handlers(socketio: SocketIO) -> None:
    @socketio.on("echo")
    def on_echo(*arguments: Any) -> None:
        emit("echoed", arguments)

    @socketio.on("ask")
    def on_ask(*arguments: Any) -> Any:
        return arguments

    @socketio.on("question")
    def on_question(*arguments: Any) -> None:
        """Asks the client in turn, and tells what it acknowledged."""
        sid = request.sid  # type: ignore[attr-defined]

        def answered(*answer: Any) -> None:
            socketio.emit("answered", answer, to=sid)

        emit("asked", arguments, callback=answered)

    @socketio.on("count")
    def on_count(most: int) -> None:
        """Tells 1, 2, 3 … one after another, whatever the transport does meanwhile."""
        sid = request.sid  # type: ignore[attr-defined]

        def count() -> None:
            for number in range(1, most + 1):
                socketio.emit("number", number, to=sid)
                gevent.sleep(PACE_S)

        socketio.start_background_task(count)

    @socketio.on("go")
    def on_go() -> None:
        disconnect()

    @socketio.on("connect", namespace="/custom")
    def on_custom(auth: Any = None) -> None:
        emit("auth", auth or {})

    @socketio.on("echo", namespace="/custom")
    def on_custom_echo(*arguments: Any) -> None:
        emit("echoed", arguments)


def create(node: Node) -> App:
    app = create_app(node)
    add_handlers(app.socketio)
    return app


if __name__ == "__main__":
    web.server.create_app = create
    sys.exit(web.server.main())

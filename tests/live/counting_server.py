"""Our server with a page more, `/counts`: what is alive in the process, for the leak test.

Owns that page: a full collection, then how many objects there are of each type, how many
blocks of memory Python has given out, and how long the tables are that a connection is entered
in.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported

from gevent import monkey

monkey.patch_all()

import gc
import sys
from collections import Counter
from typing import Any

import greenlet

import web.server
from web.app import App, create_app
from web.node import Node


def tables(app: App, node: Node) -> dict[str, int]:
    server: Any = app.socketio.server
    manager = server.manager
    rooms = [room for space in manager.rooms.values() for room in space.values()]
    return {
        "transports": len(server.eio.sockets),
        "environs": len(server.environ),
        "rooms": len(rooms),
        "members of rooms": sum(len(room) for room in rooms),
        "attachments awaited": len(server._binary_packet),
        "acknowledgements awaited": len(manager.callbacks),
        "connecting": len(manager.pending_connect) + len(manager.pending_disconnect),
        "actors of connections": len(node.directory.connections),
        "agents present": len(node.directory._present),
    }


def others(node: Node) -> dict[str, int]:
    return {
        "timers": len(node.context.wheel),
        "greenlets": sum(isinstance(one, greenlet.greenlet) for one in gc.get_objects()),
    }


def create(node: Node) -> App:
    app = create_app(node)
    cyclic: list[int] = []

    @app.flask.get("/counts")
    def counts() -> dict[str, Any]:
        node.dispatcher.dead_letters.clear()  # the last so many are kept, of all who ever left
        gc.unfreeze()  # what web/collector.py has set aside is neither collected nor listed
        cyclic.append(gc.collect())
        kinds = Counter(type(one) for one in gc.get_objects())
        named = {f"{kind.__module__}.{kind.__qualname__}": n for kind, n in kinds.items()}
        return {
            "tables": tables(app, node),
            "others": others(node),
            "objects": named,
            "memory": {"blocks": sys.getallocatedblocks(), "cyclic": sum(cyclic)},
        }

    return app


if __name__ == "__main__":
    web.server.create_app = create
    sys.exit(web.server.main())

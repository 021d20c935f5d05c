"""A WebSocket echo server in a process of its own: `python -m tests.live.echo_server KIND`.

KIND is `ours` or `stock` (gevent-websocket as it is), so that both are measured alike. Prints
its port on a line and serves until it is terminated.
"""

# ruff: noqa: E402 - nothing may be imported before gevent has patched

from gevent import monkey

monkey.patch_all()

import sys
from typing import Any

from gevent.pywsgi import WSGIServer
from geventwebsocket.handler import WebSocketHandler

from web.websocket import Bounds
from web.websocket_handshake import Handler


class _Ours(Handler):
    bounds = Bounds(message_bytes=32 * 1024 * 1024)


def _echo(environ: dict[str, Any], _: Any) -> list[bytes]:
    websocket = environ["wsgi.websocket"]
    while (message := websocket.receive()) is not None:
        websocket.send(message)
    return []


def main(kind: str) -> None:
    server = WSGIServer(
        ("127.0.0.1", 0),
        _echo,
        log=None,
        error_log=None,
        handler_class=WebSocketHandler if kind == "stock" else _Ours,
    )
    server.start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])

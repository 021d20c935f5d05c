"""A key server on a port of its own that does what a test wants: answer, drip, hang, fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer

DRIP_S = 0.05


class KeyPlace:
    """`keys` are served; `mood`: well, down (503), drip (a byte now and then), hang, ill (HTML),
    huge, away (elsewhere by a redirect)."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.mood = "well"
        self.asked = 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        self.asked += 1
        body = json.dumps({"keys": self.keys}).encode()
        status, headers = "200 OK", [("Content-Type", "application/json")]
        if self.mood == "down":
            status, body = "503 Service Unavailable", b"{}"
        elif self.mood == "away":
            status = "302 Found"
            headers.append(("Location", self.url))
        elif self.mood == "ill":
            body = b"<html>Sorry</html>"
        elif self.mood == "huge":
            body = b" " * 1_000_000 + body
        elif self.mood == "hang":
            gevent.sleep(60)
        start(status, headers)
        if self.mood == "drip":
            for at in range(len(body)):
                yield body[at : at + 1]
                gevent.sleep(DRIP_S)
        else:
            yield body

    url = ""


@contextmanager
def key_place() -> Iterator[KeyPlace]:
    place = KeyPlace()
    server = WSGIServer(("127.0.0.1", 0), place, log=None, error_log=None)
    server.start()
    place.url = f"http://127.0.0.1:{server.server_port}/jwks"
    try:
        yield place
    finally:
        server.stop(timeout=0)

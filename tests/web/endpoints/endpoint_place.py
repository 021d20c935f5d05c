"""A service that speaks OpenAI's HTTP, or misbehaves in every way one can.

A real server on a real port. `behave` is what it does with the next requests: a function of
the socket and the request. What it was asked is kept in `asked`.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

HUGE = 20_000_000
DRIP_S = 0.05


class Request(NamedTuple):
    path: str
    head: dict[str, str]  # names in lower case
    body: Any


Behaviour = Callable[[socket.socket, Request], None]


def respond(link: socket.socket, status: int, body: bytes, **head: str) -> None:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in head.items()]
    link.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def saying(value: Any, status: int = 200, **head: str) -> Behaviour:
    return lambda link, request: respond(link, status, json.dumps(value).encode(), **head)


def raw(body: bytes, status: int = 200, **head: str) -> Behaviour:
    return lambda link, request: respond(link, status, body, **head)


def chat(text: str, tokens: int | None = 50) -> Behaviour:
    """A chat completion."""
    answer: dict[str, Any] = {"choices": [{"message": {"role": "assistant", "content": text}}]}
    if tokens is not None:
        answer["usage"] = {"total_tokens": tokens}
    return saying(answer)


def embeddings(dimension: int = 4) -> Behaviour:
    """A vector a text, made of its first letters; in the wrong order, as is allowed."""

    def behave(link: socket.socket, request: Request) -> None:
        rows = [
            {
                "index": place,
                "embedding": [float(ord(c)) for c in text.ljust(dimension)[:dimension]],
            }
            for place, text in enumerate(request.body["input"])
        ]
        saying({"data": rows[::-1]})(link, request)

    return behave


def half(link: socket.socket, request: Request) -> None:
    link.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"choices": [{"mess')


def never(link: socket.socket, request: Request) -> None:
    """Takes the request and says nothing, until the other side gives up."""
    link.settimeout(60)
    with suppress(OSError):
        link.recv(1)


def huge(link: socket.socket, request: Request) -> None:
    link.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {HUGE}\r\n\r\n".encode())
    for _ in range(HUGE // 100_000):
        link.sendall(b"x" * 100_000)


def dripping(link: socket.socket, request: Request) -> None:
    """A body that comes byte by byte and has no end."""
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        link.sendall(b" ")
        time.sleep(DRIP_S)


def dripping_head(link: socket.socket, request: Request) -> None:
    link.sendall(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    while True:
        link.sendall(b"x")
        time.sleep(DRIP_S)


def slow(delay_s: float, then: Behaviour) -> Behaviour:
    def behave(link: socket.socket, request: Request) -> None:
        time.sleep(delay_s)
        then(link, request)

    return behave


NONSENSE: dict[str, Behaviour] = {
    "no JSON": raw(b"<html>Bad gateway</html>"),
    "no UTF-8": raw(b'{"choices": "\xff\xfe"}'),
    "another JSON": saying({"hello": "world"}),
    "a list": saying([1, 2, 3]),
    "nothing": raw(b""),
    "null": saying(None),
    "deep": raw(b"[" * 100_000),
    "deep in an object": raw(b'{"x":' + b'{"a":' * 100_000),
    "no choices": saying({"choices": [], "data": []}),
    "no text": saying({"choices": [{"message": {"content": None}}], "data": [{}]}),
}


class EndpointPlace:
    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.asked: list[Request] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}/v1"

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                link, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, suppress(OSError), link.makefile("rb") as file:
            path = file.readline().split()[1].decode()
            head = {}
            while line := file.readline().strip():
                name, _, value = line.decode().partition(": ")
                head[name.lower()] = value
            body = json.loads(file.read(int(head["content-length"])))
            request = Request(path, head, body)
            self.asked.append(request)
            self.behave(link, request)

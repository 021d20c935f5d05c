"""The opening handshake over real sockets: what is let in, and how the rest is refused."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from tests.web.websocket_place import HELLO, Place, frame, masked, silent_place
from web import websocket_frames as ws


@pytest.fixture
def place() -> Iterator[Place]:
    with silent_place() as place:
        yield place


def test_frames_sent_along_with_the_handshake_are_not_lost(place: Place) -> None:
    client = place.client()
    lines = ["GET / HTTP/1.1", *(f"{name}: {value}" for name, value in HELLO.items()), "", ""]
    client.sendall("\r\n".join(lines).encode() + masked(ws.TEXT, b"early"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # the example of RFC 6455, 1.3
    assert frame(client) == (ws.TEXT, b"early")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, b"426"),
        ({"Sec-WebSocket-Version": None}, b"426"),
        ({"Sec-WebSocket-Key": None}, b"400"),
        ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZQ=="}, b"400"),
        ({"Sec-WebSocket-Key": "no base64 at all!"}, b"400"),
        ({"Connection": "keep-alive"}, b"400"),
        ({"Host": None}, b"400"),
        ({"Content-Length": "1"}, b"400"),
    ],
)
def test_a_bad_handshake_is_refused(
    place: Place, change: dict[str, str | None], status: bytes
) -> None:
    headers = {name: value for name, value in (HELLO | change).items() if value is not None}
    client = place.client()
    if "Content-Length" in headers:
        gevent.spawn_later(0.05, client.sendall, b"x")
    head = place.ask(client, headers)
    assert head.split()[1] == status
    assert (b"Sec-WebSocket-Version: 13" in head) == (status == b"426")
    assert not place.served


def test_http_1_0_is_refused_and_plain_requests_pass(place: Place) -> None:
    assert place.ask(place.client(), HELLO, "GET / HTTP/1.0").split()[1] == b"400"
    assert place.ask(place.client(), {"Host": "localhost"}).split()[1] == b"200"

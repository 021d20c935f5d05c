"""A request may take its time, but not for ever: nobody holds a connection by dripping bytes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from web import front_door, slow_requests
from web.front_door import FrontDoor
from web.websocket import Bounds

HEAD_S, BODY_S, KEPT_S = 0.4, 0.8, 2.4  # as the real ones, in the time of a test
SLACK_S = 5.0
GOOD = b"GET /quick HTTP/1.1\r\nHost: us\r\n\r\n"


def application(environ: Any, start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/slow":
        gevent.sleep(BODY_S * 2)
    start_response("200 OK", [("Content-Length", str(len(body) + 2))])
    return [b"ok" + body]


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {"HEAD_S": HEAD_S, "BODY_S": BODY_S, "KEPT_S": KEPT_S}.items():
        monkeypatch.setattr(front_door, name, value)
    monkeypatch.setattr(slow_requests, "LOOK_S", 0.05)
    listener = gevent.socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    counted: list[str] = []
    made = FrontDoor(
        listener,
        application,
        bounds=Bounds(),
        ids=SimpleNamespace(),
        refusal=lambda environ: None,
        count=counted.append,
    )
    made.start()
    yield SimpleNamespace(address=listener.getsockname(), counted=counted)
    made.stop(timeout=1)


def closed_after(peer: socket.socket, began: float, drip: bytes = b"") -> float:
    """Seconds from `began` until the server ends the connection; a byte of `drip` every 50 ms
    meanwhile."""
    peer.settimeout(0.05)
    left = list(drip)
    while time.monotonic() - began < 15:
        try:
            if left:
                peer.send(bytes([left.pop(0)]))
            if not peer.recv(4096):
                return time.monotonic() - began
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - began
    raise AssertionError("still open after 15 s")


def test_who_says_nothing_is_shut_down(door: Any) -> None:
    began = time.monotonic()
    with socket.create_connection(door.address) as peer:
        assert HEAD_S * 0.9 < closed_after(peer, began) < HEAD_S + SLACK_S
    assert door.counted == ["requests_too_slow"]


def test_a_head_in_drips_is_not_waited_for(door: Any) -> None:
    drip = b"GET / HTTP/1.1\r\nX-Padding: " + b"a" * 200
    began = time.monotonic()
    with socket.create_connection(door.address) as peer:
        assert closed_after(peer, began, drip) < HEAD_S + SLACK_S


def test_a_body_in_drips_is_not_waited_for(door: Any) -> None:
    head = b"POST / HTTP/1.1\r\nHost: us\r\nContent-Length: 1000\r\n\r\n"
    began = time.monotonic()
    with socket.create_connection(door.address) as peer:
        peer.sendall(head)
        assert BODY_S * 0.9 < closed_after(peer, began, b"a" * 900) < BODY_S + SLACK_S


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /slow HTTP/1.1\r\nHost: us\r\n\r\n",
        b"POST /slow HTTP/1.1\r\nHost: us\r\nContent-Length: 2\r\n\r\nhi",
        b"POST /slow HTTP/1.1\r\nHost: us\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\n\r\n",
    ],
    ids=["no body", "body", "chunks"],
)
def test_an_answer_may_take_as_long_as_it_takes(door: Any, request_: bytes) -> None:
    with socket.create_connection(door.address) as peer:
        peer.settimeout(15)
        peer.sendall(request_)
        assert peer.recv(4096).startswith(b"HTTP/1.1 200")
    assert door.counted == []


def test_a_kept_connection_may_rest_between_requests_and_not_longer(door: Any) -> None:
    with socket.create_connection(door.address) as peer:
        peer.settimeout(15)
        for _ in range(2):
            peer.sendall(GOOD)
            assert peer.recv(4096).startswith(b"HTTP/1.1 200")
            gevent.sleep(HEAD_S * 1.2)
        assert closed_after(peer, time.monotonic()) < KEPT_S + SLACK_S


def test_dripping_peers_hold_up_nobody(door: Any) -> None:
    peers = [socket.create_connection(door.address) for _ in range(50)]
    for peer in peers:
        peer.send(b"G")
    with socket.create_connection(door.address) as good:
        good.settimeout(15)
        good.sendall(GOOD)
        assert good.recv(4096).startswith(b"HTTP/1.1 200")
    for peer in peers:
        peer.close()

"""Our WebSocket over real sockets: what leaves in which order, and that everything is freed."""

from __future__ import annotations

import contextlib
import gc
import struct
import time
import tracemalloc
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from gevent.event import Event
from geventwebsocket.exceptions import WebSocketError

from tests.web.websocket_place import (
    CLOSE_TIMEOUT_S,
    KEY,
    SLACK_S,
    Place,
    echo,
    ended,
    frame,
    frames,
    greenlets,
    masked,
    open_descriptors,
    silent_place,
    until,
)
from web import websocket_frames as ws
from web.websocket import WebSocket


@pytest.fixture
def place() -> Iterator[Place]:
    with silent_place() as place:
        yield place


def test_a_close_is_answered_with_its_code_and_the_connection_ends(place: Place) -> None:
    client = place.connected()
    client.sendall(masked(ws.CLOSE, (3001).to_bytes(2) + b"bye"))
    assert frame(client) == (ws.CLOSE, (3001).to_bytes(2))
    assert ended(client)
    client.close()
    until(lambda: place.served[0].sock.fileno() == -1)


def test_messages_before_a_close_are_answered_before_it(place: Place) -> None:
    client = place.connected()
    client.sendall(masked(ws.TEXT, b"a") + masked(ws.BINARY, b"b") + masked(ws.CLOSE))
    assert frames(client, 3) == [(ws.TEXT, b"a"), (ws.BINARY, b"b"), (ws.CLOSE, b"\x03\xe8")]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x00", 1002),
        (b"\xc1\x80" + KEY, 1002),
        (masked(ws.TEXT, b"\xff"), 1007),
        (b"\x82\xff" + (100_001).to_bytes(8), 1009),
        (masked(ws.CLOSE, b"\x03"), 1002),
        (masked(ws.CLOSE, b"\x03\xe8\xff"), 1007),
    ],
)
def test_a_violation_is_answered_with_its_code(place: Place, sent: bytes, code: int) -> None:
    client = place.connected()
    client.sendall(masked(ws.TEXT, b"before") + sent)
    assert frame(client) == (ws.TEXT, b"before")
    opcode, body = frame(client)
    assert (opcode, int.from_bytes(body[:2])) == (ws.CLOSE, code)
    assert ended(client)


def test_a_silent_peer_is_freed_within_the_time_out(place: Place) -> None:
    place.serve = lambda websocket: websocket.close(1001)
    descriptors, alive = open_descriptors(), greenlets()
    began = time.monotonic()
    clients = [place.connected() for _ in range(5)]
    # They neither answer the CLOSE nor end their side.
    until(lambda: len(place.served) == 5 and all(w.sock.fileno() == -1 for w in place.served))
    assert time.monotonic() - began >= CLOSE_TIMEOUT_S * 0.5
    until(lambda: open_descriptors() <= descriptors + len(clients))
    place.served.clear()
    until(lambda: greenlets() <= alive)


def test_a_receiver_learns_at_once_that_the_connection_is_closed(place: Place) -> None:
    place.be_patient()  # so that it cannot be the end of the time-out that tells it
    returned = Event()

    def serve(websocket: WebSocket) -> None:
        assert websocket.receive() is None
        returned.set()

    place.serve = serve
    place.connected()
    until(lambda: bool(place.served))
    gevent.sleep(0.05)
    place.served[0].close(1001, "going")
    assert returned.wait(SLACK_S)
    with pytest.raises(WebSocketError):
        place.served[0].send("too late")


def test_closing_in_the_hub_does_not_wait(place: Place) -> None:
    client = place.connected()
    until(lambda: bool(place.served))
    gevent.get_hub().loop.run_callback(place.served[0].close, 3000, "now")
    assert frame(client) == (ws.CLOSE, (3000).to_bytes(2) + b"now")
    client.sendall(masked(ws.TEXT, b"said after") + masked(ws.CLOSE, (3000).to_bytes(2)))
    assert ended(client)  # by FIN or RST, without another frame


def test_half_a_frame_then_silence_holds_nothing_once_closed(place: Place) -> None:
    client = place.connected()
    client.sendall(masked(ws.TEXT, b"half of this")[:9])
    gevent.sleep(0.05)
    began = time.monotonic()
    place.served[0].close(1001)
    assert frame(client)[0] == ws.CLOSE
    until(lambda: place.served[0].sock.fileno() == -1)
    assert time.monotonic() - began >= CLOSE_TIMEOUT_S * 0.5


def test_half_a_frame_then_the_end_frees_at_once(place: Place) -> None:
    client = place.connected()
    client.sendall(masked(ws.TEXT, b"half of this")[:9])
    until(lambda: bool(place.served))
    client.close()
    until(lambda: place.served[0].sock.fileno() == -1, SLACK_S)


def test_an_oversized_frame_is_refused_before_its_payload_is_read(place: Place) -> None:
    client = place.connected()
    client.sendall(b"\x82\xff" + (40_000_000).to_bytes(8) + KEY)
    assert frame(client)[1][:2] == (1009).to_bytes(2)
    chunk, sent = bytes(1_000_000), 0
    tracemalloc.start()
    try:
        with contextlib.suppress(OSError):  # the time-out came first
            while sent < 40_000_000:
                sent += client.send(chunk)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2_000_000  # of what Python gives out; some KB is seen
    until(lambda: place.served[0].sock.fileno() == -1)


def test_a_pong_waits_for_the_end_of_a_partly_written_message(place: Place) -> None:
    place.be_patient()
    big = bytes(range(256)) * 40_000
    place.serve = lambda websocket: (websocket.receive(), websocket.send(big), echo(websocket))
    client = place.connected(receive_buffer=4096)
    client.sendall(masked(ws.TEXT, b"go"))
    until(lambda: bool(place.served) and place.served[0].writer.waiting > 0)
    # The serving greenlet waits in send; who reads meanwhile is another.
    gevent.spawn(place.served[0].receive)
    for number in range(20):
        client.sendall(masked(ws.PING, b"%d" % number))
    gevent.sleep(0.05)
    assert place.served[0].writer.waiting < len(big) + 200
    assert frame(client) == (ws.BINARY, big)
    # Only the newest of the pings that came meanwhile needs its answer.
    assert frame(client) == (ws.PONG, b"19")


def test_a_close_goes_behind_what_waits(place: Place) -> None:
    place.be_patient()
    big = bytes(4_000_000)

    def serve(websocket: WebSocket) -> None:
        assert websocket.writer.offer(ws.binary_frame(big))
        assert not websocket.writer.offer(ws.text_frame(b"refused"))
        assert not websocket.writer.put(ws.text_frame(b"kept"))
        websocket.close(1001)
        assert not websocket.writer.put(ws.text_frame(b"after the close"))

    place.serve = serve
    client = place.connected(receive_buffer=4096)
    assert frames(client, 3) == [
        (ws.BINARY, big),
        (ws.TEXT, b"kept"),
        (ws.CLOSE, (1001).to_bytes(2)),
    ]


def test_room_is_told_once_after_a_refusal(place: Place) -> None:
    place.be_patient()
    told: list[int] = []
    place.serve = lambda websocket: (websocket.receive(), None)[1]
    client = place.connected(receive_buffer=4096)
    until(lambda: bool(place.served))
    writer = place.served[0].writer
    writer.on_room = lambda: told.append(writer.waiting)
    big = ws.binary_frame(bytes(4_000_000))
    assert writer.offer(big)
    assert not writer.offer(big)
    assert not writer.offer(big)
    assert not told
    frame(client)
    until(lambda: told == [0])
    assert writer.offer(ws.text_frame(b"again"))
    assert frame(client) == (ws.TEXT, b"again")
    assert told == [0]


def test_a_peer_that_reads_nothing_is_given_up(place: Place) -> None:
    failed: list[Exception] = []

    def serve(websocket: WebSocket) -> None:
        try:
            websocket.send(bytes(40_000_000))
        except WebSocketError as problem:
            failed.append(problem)
            raise

    place.serve = serve
    place.connected(receive_buffer=4096)
    until(lambda: bool(failed), 0.5 + SLACK_S)
    until(lambda: place.served[0].sock.fileno() == -1)


def test_an_error_of_the_application_closes_with_1011(place: Place) -> None:
    def serve(websocket: WebSocket) -> None:
        raise LookupError("a fault of the application")

    place.serve = serve
    client = place.connected()
    assert frame(client) == (ws.CLOSE, (1011).to_bytes(2))
    assert ended(client)
    client.close()
    until(lambda: bool(place.errors))
    assert place.errors.pop() == "LookupError: a fault of the application"


def test_the_socket_is_tuned(place: Place) -> None:
    place.connected()
    until(lambda: bool(place.served))
    sock = place.served[0].sock
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 45_000


def test_nothing_is_left_of_many_connections(place: Place) -> None:
    """Some are closed by the handshake, some dropped, some reset, some ill."""
    place.connected().close()
    until(lambda: all(websocket.sock.fileno() == -1 for websocket in place.served))
    descriptors, alive = open_descriptors(), greenlets()
    for number in range(100):
        client = place.connected()
        if number % 4 == 0:
            client.sendall(masked(ws.CLOSE))
            assert frame(client)[0] == ws.CLOSE
        elif number % 4 == 1:
            client.sendall(b"\x81\x00")
        elif number % 4 == 2:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    until(lambda: all(websocket.sock.fileno() == -1 for websocket in place.served))
    place.served.clear()
    until(lambda: open_descriptors() == descriptors and greenlets() <= alive)
    gc.collect()
    assert not any(isinstance(found, WebSocket) for found in gc.get_objects())


def test_a_flooding_peer_lets_others_have_their_turn(place: Place) -> None:
    turns: list[int] = []

    def serve(websocket: WebSocket) -> None:
        websocket.receive()
        gevent.spawn(turns.append, 1)
        for _ in range(1000):
            websocket.receive()
            if turns:
                turns.append(2)
                return

    place.serve = serve
    place.connected().sendall(masked(ws.TEXT, b"x") * 1001)
    until(lambda: turns == [1, 2])

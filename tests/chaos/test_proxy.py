"""The proxy does what a scenario believes it does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.link import Link, linked
from tests.live.server import until


@pytest.fixture
def echo() -> Iterator[int]:
    """A port where everything that comes is counted and sent back."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(peer: socket.socket) -> None:
            with contextlib.suppress(OSError), peer:
                while read := peer.recv(65_536):
                    peer.sendall(read)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    threading.Thread(target=serve, args=[peer], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def link(echo: int) -> Iterator[Link]:
    with linked(echo) as found:
        yield found


PATIENCE_S = 30.0


def connect(link: Link, patience_s: float = PATIENCE_S) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=patience_s)


def silent(peer: socket.socket, for_s: float = 0.2) -> bool:
    peer.settimeout(for_s)
    try:
        peer.recv(1)
    except TimeoutError:
        return True
    finally:
        peer.settimeout(PATIENCE_S)
    return False


def _reach(link: Link) -> None:
    with connect(link) as peer:
        exchanged(peer, b"x")


def exchanged(peer: socket.socket, text: bytes) -> bool:
    peer.sendall(text)
    read = b""
    while len(read) < len(text):
        more = peer.recv(65_536)
        if not more:
            return False
        read += more
    return read == text


def test_it_carries_everything_in_order(link: Link) -> None:
    with connect(link) as peer:
        sent = bytes(range(256)) * 1000
        threading.Thread(target=peer.sendall, args=[sent], daemon=True).start()
        read = b""
        while len(read) < len(sent):
            read += peer.recv(65_536)
        assert read == sent


def test_a_cut_ends_what_is_there_and_lets_in_what_comes(link: Link) -> None:
    with connect(link) as peer:
        assert exchanged(peer, b"before")
        link.cut()
        with pytest.raises(ConnectionError):
            peer.recv(1)
    with connect(link) as peer:
        assert exchanged(peer, b"after")


def test_nobody_gets_in_until_it_is_healed(link: Link) -> None:
    link.refuse()
    with pytest.raises(ConnectionError):
        _reach(link)
    link.heal()
    with connect(link) as peer:
        assert exchanged(peer, b"after")


def test_what_is_stalled_comes_later_and_whole(link: Link) -> None:
    with connect(link) as peer:
        assert exchanged(peer, b"before")
        link.stall()
        peer.sendall(b"held")
        assert silent(peer)
        link.heal()
        assert peer.recv(10) == b"held"


def test_a_half_open_connection_is_silent_and_is_ended_when_healed(link: Link) -> None:
    with connect(link) as peer, connect(link) as idle:
        assert exchanged(peer, b"before")
        assert exchanged(idle, b"before")
        link.half_open()
        peer.sendall(b"swallowed")
        until(lambda: link.dropped() == len(b"swallowed"))
        assert silent(peer)
        link.heal()
        with pytest.raises(ConnectionError):
            peer.recv(1)
        assert exchanged(idle, b"lost nothing")


def test_a_delay_keeps_the_order_and_ends(link: Link) -> None:
    with connect(link) as peer:
        link.delay(0.1)
        began = time.monotonic()
        assert exchanged(peer, b"slow")
        assert time.monotonic() - began >= 0.2
        for number in range(50):
            peer.sendall(b"%02d" % number)
        link.heal()
        peer.sendall(b"50")
        read = b""
        while len(read) < 102:
            read += peer.recv(1000)
        assert read == b"".join(b"%02d" % number for number in range(51))


def test_it_heals_after_a_peer_left_whose_answer_was_swallowed(link: Link) -> None:
    link.swallow_answers()
    before = link.dropped()
    with connect(link) as peer:
        peer.sendall(b"x")
        until(lambda: link.dropped() > before)
    with connect(link) as peer:  # whoever comes later is carried later
        peer.sendall(b"xx")
        until(lambda: link.dropped() > before + 2)
        link.heal()
    with connect(link) as peer:
        assert exchanged(peer, b"after")

"""The processes of one server, as they talk to one another."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent.event import AsyncResult

from web.siblings import MOST_BYTES, Siblings

Taken = AsyncResult


@pytest.fixture
def taken() -> Taken:
    return AsyncResult()


@pytest.fixture
def pair(tmp_path: Path, taken: Taken) -> Iterator[tuple[Siblings, Siblings]]:
    def take(descriptor: int, read: bytes) -> None:
        taken.set((descriptor, read))

    pages = {"hello": lambda: b"from two", "nothing": lambda: b"", "long": lambda: b"x" * 2_000_000}
    one = Siblings(tmp_path, 1, 3, take=take, pages={})
    two = Siblings(tmp_path, 2, 3, take=take, pages=pages)
    for each in (one, two):
        each.start()
    yield one, two
    for each in (one, two):
        each.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("read", [b"", b"GET / HTTP/1.1\r\n\r\n", b"x" * 500_000])
def test_a_connection_goes_over_with_what_was_read_of_it(
    pair: tuple[Siblings, Siblings], taken: Taken, read: bytes
) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            assert pair[0].give(2, theirs.fileno(), read)
        descriptor, found = taken.get(timeout=5)
        with socket.socket(fileno=descriptor) as given:
            given.sendall(b"still here")
            assert (found, ours.recv(100)) == (read, b"still here")


def test_nobody_takes_a_connection_for_a_process_that_is_not_there(
    pair: tuple[Siblings, Siblings],
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not pair[0].give(3, theirs.fileno(), b"")
        theirs.sendall(b"still mine")
        assert ours.recv(100) == b"still mine"


def test_a_page_comes_from_those_who_answer(pair: tuple[Siblings, Siblings]) -> None:
    assert pair[0].ask("hello") == {2: b"from two"}
    assert pair[0].ask("unknown") == pair[0].ask("nothing") == pair[1].ask("hello") == {}


def test_a_page_that_is_too_long_is_no_answer(pair: tuple[Siblings, Siblings]) -> None:
    assert pair[0].ask("long") == {}


def test_what_is_no_exchange_leaves_no_descriptor_behind(
    pair: tuple[Siblings, Siblings], tmp_path: Path, taken: Taken
) -> None:
    nonsense = [b"", b"g", b"gggggggg", b"g" + (MOST_BYTES + 1).to_bytes(4), b"?\0\0\0\1\xff"]
    for head in nonsense:
        ours, theirs = socket.socketpair()
        with ours, socket.socket(socket.AF_UNIX) as call:
            call.connect(str(tmp_path / "2.sock"))
            with theirs:
                if head:
                    socket.send_fds(call, [head], [theirs.fileno()])
            call.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):  # something was not even read
                assert call.recv(1) == b""
            assert ours.recv(1) == b"", head
    assert not taken.ready()
    assert pair[0].ask("hello") == {2: b"from two"}
    assert os.listdir(tmp_path)

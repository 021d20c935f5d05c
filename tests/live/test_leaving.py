"""How a server leaves, and how one that cannot start says so."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from gevent.pool import Pool

from engine.store_embedded import EmbeddedStore
from engine.store_process import command_of
from tests.live.comers import Comer
from tests.live.plain_clients import PlainClient
from tests.live.raw_client import RawClient
from tests.live.server import BOUND_S, START_S, LiveServer, line, new_id, running, until
from tests.live.stopwatch import Stopwatch

CONNECTIONS = 100
DRAIN_S = 25.0
TURN_S = 15.0  # a third of the lease of a minute, after which its turn to look would come, is 20
Start = Callable[..., LiveServer]
LEAVE = pytest.mark.parametrize(
    ("number", "group"),
    [(signal.SIGTERM, False), (signal.SIGTERM, True), (signal.SIGINT, True)],
    ids=["SIGTERM", "SIGTERM to all", "Ctrl-C"],
)


@pytest.fixture
def crowd(own_server: LiveServer) -> Iterator[list[RawClient]]:
    """Connections that watch one call, polling ones aside."""
    agent_id, caller = new_id("agent"), own_server.caller()
    call_id = caller.create(agent_id)
    token = own_server.token(agent_id)
    with contextlib.ExitStack() as clients:
        made = []
        for _ in range(CONNECTIONS):
            made.append(clients.enter_context(RawClient(own_server.url, {"token": token})))
            made[-1].ok("call:subscribe", {"call_id": call_id})
        yield made


@LEAVE
def test_every_connection_is_told_to_come_back_and_the_store_ends_last(
    own_server: LiveServer, crowd: list[RawClient], number: signal.Signals, group: bool
) -> None:
    store_pid = own_server.store_pid
    assert store_pid
    with Stopwatch() as took:
        own_server.signal(number, group=group)
        closings = [client.event("session:closing", DRAIN_S) for client in crowd]
        for client in crowd:
            client.closed(DRAIN_S)
        assert own_server.wait() == 0
    assert took.seconds < DRAIN_S
    assert all((c["code"], c["reconnect"]) == ("draining", True) for c in closings)
    # Spread, so that they do not all come back in the same moment.
    delays = [closing["after_ms"] for closing in closings]
    assert all(0 <= delay < 10_000 for delay in delays)
    assert len(set(delays)) > CONNECTIONS / 2
    # Nothing of the store is left but its data.
    assert not command_of(store_pid)
    assert not list(own_server.store_folder.glob("valkey.sock"))
    assert "Traceback" not in own_server.log


def test_a_second_signal_while_it_drains_changes_nothing(
    own_server: LiveServer, crowd: list[RawClient]
) -> None:
    own_server.signal()
    crowd[0].event("session:closing")
    with contextlib.suppress(ProcessLookupError):
        own_server.signal()
        own_server.signal(signal.SIGINT)
    assert own_server.wait() == 0
    assert "Traceback" not in own_server.log


MANY = 1_000
CLOSED = b"\x88\x02\x03\xe8"  # 1000


def test_a_thousand_connections_are_told_within_the_time_and_newcomers_are_sent_elsewhere(
    start: Start, request: pytest.FixtureRequest
) -> None:
    # Who has come waits for the others to come, and answers no ping meanwhile.
    server = start(EARSHOT__LIMITS__MAX_CONNECTIONS=MANY + 100, EARSHOT__SERVER__PING_TIMEOUT_S=300)
    agent_id = new_id("agent")
    call_id = server.caller().create(agent_id)
    join = "40" + json.dumps({"token": server.token(agent_id)})
    subscribe = "421" + json.dumps(["call:subscribe", {"call_id": call_id}])
    made: list[Comer] = []

    def comer() -> Comer:
        found = Comer(server.port)
        request.addfinalizer(found.hang_up)
        found.open()
        return found

    def come() -> None:
        found = comer()
        found.say(join, subscribe)
        found.hear(b'431[{"ok":true')
        made.append(found)

    pool = Pool(50)
    come_all = [pool.spawn(come) for _ in range(MANY)]
    pool.join()
    for one in come_all:
        one.get()
    early = comer()  # a transport that has joined nothing yet
    with Stopwatch() as took:
        server.signal()
        made[0].hear(b"session:closing")
        refused = requests.get(f"{server.url}/socket.io/?EIO=4&transport=polling", timeout=BOUND_S)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
        assert requests.get(f"{server.url}/readyz", timeout=BOUND_S).status_code == 503
        early.say(join)
        # The end, and not a refusal, after which a client would stay away.
        assert b"44{" not in early.hear(CLOSED)
        delays = []
        for comer in made:
            if comer is not made[0]:
                comer.hear(b"session:closing")
            told = comer.hear(b"}]").decode()
            assert '"draining"' in told
            delays.append(int(re.search(r'"after_ms":(\d+)', told)[1]))  # type: ignore[index]
            comer.ended()
        assert server.wait() == 0
    sys.stdout.write(f"{MANY} connections: gone after {took.seconds:.2f} s\n")
    assert took.seconds < DRAIN_S
    assert max(delays) - min(delays) > 1_000
    assert "Traceback" not in server.log


def test_another_node_leads_at_once_and_not_when_its_turn_comes(tmp_path: Path) -> None:
    with contextlib.ExitStack() as up:
        store = EmbeddedStore.start(tmp_path / "store")
        up.callback(store.stop)
        settings = {"REDIS_URL": store.url, "EARSHOT__ACTORS__LEASE_S": 60}
        here, there = (up.enter_context(running(tmp_path / n, **settings)) for n in ("a", "b"))
        call_id = here.caller().create("anna")
        until(lambda: here.metric("calls_led") == 1)
        with RawClient(there.url, {"token": there.token("anna")}) as client:
            client.ok("call:subscribe", {"call_id": call_id})
            assert there.metric("calls_led") == 0
            here.signal()
            until(lambda: there.metric("calls_led") == 1, TURN_S)
            assert here.wait() == 0


def test_a_client_that_polls_is_told_as_well(own_server: LiveServer) -> None:
    agent_id = new_id("agent")
    call_id = own_server.caller().create(agent_id)
    burst = [
        ("agent:connect", {"agent_id": agent_id, "auth_token": own_server.token(agent_id)}),
        ("call:subscribe", {"call_id": call_id}),
    ]
    client = PlainClient("socket.io-client", "polling only", own_server.url, burst)
    with contextlib.closing(client):
        client.until("call:status")
        assert own_server.stop() == 0
        assert client.until("session:closing")["code"] == "draining"


# --- what cannot start ------------------------------------------------------------------------


@pytest.fixture
def refused(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts a server that must refuse; what it says, which is checked for its form."""
    servers: list[LiveServer] = []

    def begin(code: int = 1, **settings: Any) -> str:
        server = LiveServer(tmp_path / f"refused-{len(servers)}", **settings)
        servers.append(server)
        server.launch()
        assert server.wait(START_S) == code
        said = server.log
        assert "Traceback" not in said, said
        assert "listening on" not in said, said
        assert said.strip().splitlines()[-1].startswith("earshot: "), said
        assert not server.store_pid
        return said

    yield begin
    for server in servers:
        server.end()


def test_without_a_secret_it_names_the_setting(refused: Callable[..., str]) -> None:
    assert "JWT_SECRET is not set" in refused(2, JWT_SECRET=None)


def test_a_port_in_use_is_named(refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(PORT=port)
    assert f"127.0.0.1:{port}" in said
    assert "in use" in said


def test_a_folder_in_use_is_named_with_its_owner_who_goes_on(
    own_server: LiveServer, refused: Callable[..., str]
) -> None:
    said = refused(EARSHOT__STORE__DATA_DIR=own_server.store_folder)
    assert f"{own_server.store_folder} is in use by another server" in said
    assert str(own_server.pid) in said
    caller = own_server.caller()
    assert caller.say(caller.create("anna"), line("s1"))[0]["outcome"] == "appended"


def test_a_store_that_cannot_be_reached_is_named_without_its_password(
    refused: Callable[..., str],
) -> None:
    said = refused(REDIS_URL="redis://me:hush@127.0.0.1:9", EARSHOT__STORE__CONNECT_TIMEOUT_S="1")
    assert "redis://127.0.0.1:9 (REDIS_URL) could not be used within 1 s" in said
    assert "hush" not in said


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"EARSHOT__SERVER__COLOUR": "red"}, "`server.colour`"),
        ({"PORT": "http"}, "PORT: `server.port` must be a whole number"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be DEBUG, INFO"),
    ],
)
def test_a_setting_that_is_unknown_or_ill_is_named(
    refused: Callable[..., str], settings: dict[str, str], named: str
) -> None:
    assert named in refused(2, **settings)


def test_a_folder_that_cannot_be_written_is_named(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert str(tmp_path / "file") in refused(EARSHOT__STORE__DATA_DIR=tmp_path / "file" / "store")

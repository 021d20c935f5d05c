"""The store under a living server: an embedded Valkey that is killed, and a store that hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import Any

from tests.live.conftest import Start
from tests.live.raw_client import RawClient
from tests.live.said import Said
from tests.live.server import Caller, LiveServer, line, until
from tests.live.stopwatch import Stopwatch
from tests.live.store_shapes import StoreServer, free_ports, store_server

ANSWER_S = 3  # a machine that stands still for a second is not the store that is waited for


def test_an_embedded_store_that_is_killed_is_started_again_and_the_call_goes_on(
    own_server: LiveServer,
) -> None:
    call_id = own_server.caller().create("anna")
    with contextlib.closing(Said(own_server, call_id)) as said:
        said.say(20)
        for _ in range(2):
            dead = own_server.store_pid
            os.kill(dead, signal.SIGKILL)
            said.say(20)
            until(lambda dead=dead: own_server.store_pid not in (0, dead))
    log = own_server.caller().log(call_id)
    written = {e["data"]["segment_id"]: e["data"]["seq"] for e in log[1:]}
    assert written == said.answered
    # Its keeper may see that it answers after the node has used it.
    until(lambda: own_server.log.count("store.restarted") == 2, about=lambda: own_server.log)
    assert own_server.log.count("store.died") == 2
    until(lambda: own_server.caller().ask("GET", "/readyz").status_code == 200)
    assert own_server.stop() == 0
    assert own_server.store_pid == 0


def test_an_embedded_store_that_cannot_start_again_is_given_up_and_readyz_says_why(
    start: Start,
) -> None:
    server = start()
    (server.store_folder / "valkey.conf").unlink()
    (server.store_folder / "valkey.conf").mkdir()  # nothing can be written there
    os.kill(server.store_pid, signal.SIGKILL)
    until(lambda: "store.not_started" in server.log)
    ready = server.caller().ask("GET", "/readyz")
    assert ready.status_code == 200, "it is tried again, and may come back"
    until(lambda: "store.given_up" in server.log, 60.0)
    ready = server.caller().ask("GET", "/readyz")
    assert ready.status_code == 503
    assert "the embedded store was given up" in ready.text


def test_while_a_store_hangs_reads_go_on_from_memory_and_appends_are_unavailable(
    start: Start, tmp_path: Path
) -> None:
    store = store_server(tmp_path / "store", *free_ports(1)).start()
    try:
        server = start(
            REDIS_URL=f"redis://127.0.0.1:{store.port}",
            EARSHOT__STORE__ANSWER_TIMEOUT_S=ANSWER_S,
            EARSHOT__STORE__PROBE_S=0.5,
            EARSHOT__STORE__CONNECTIONS=2,
            EARSHOT__ACTORS__COMMAND_TIMEOUT_S=2,
        )
        hang(server, store)
    finally:
        store.kill()


def hang(server: LiveServer, store: StoreServer) -> None:
    caller = server.caller()
    call_id = caller.create("anna")
    caller.say(call_id, line("s1", "hello"))
    path = f"/v1/calls/{call_id}"
    with RawClient(server.url, {"token": server.token("anna")}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        store.signal(signal.SIGSTOP)
        segments = {"segments": [line("s2", "are you there")]}
        refused = caller.ask("POST", f"{path}/segments", segments)
        error = refused.json()["error"]
        assert refused.status_code in (503, 504), error
        assert error["retryable"] is True
        with Stopwatch() as took:
            read = caller.get(path)
        assert [one["segment_id"] for one in read["segments"]][:1] == ["s1"]
        assert took.seconds < ANSWER_S, "a read from memory waits for nobody"
        # The lists are in the store alone. The pool has two connections: whoever finds none
        # free is told so, and is not kept.
        refusals = asked_at_once(server, "/v1/calls", 6)
        assert {(status, error["code"]) for status, error in refusals} == {(503, "unavailable")}
        assert server.metric("store_connections_refused_total") > 0
        assert caller.ask("GET", "/readyz").status_code == 200
        until(lambda: server.metric("store_away") == 1)
        assert server.metric("store_connections_most") == 2
        store.signal(signal.SIGCONT)
        until(lambda: server.metric("store_away") == 0)
        [result] = caller.say(call_id, line("s2", "are you there"))
        assert result["outcome"] in ("appended", "repeated")
        until(lambda: client.next().data and "s2" in str(client.heard[-1].data))
        assert caller.ask("GET", "/v1/calls").status_code == 200


def asked_at_once(server: LiveServer, path: str, count: int) -> list[tuple[int, Any]]:
    """(status, error) of each."""
    token = server.token("producer-1", "producer")
    found: list[tuple[int, Any]] = []

    def ask() -> None:
        with Caller(server.url, token) as caller:
            answer = caller.ask("GET", path)
            found.append((answer.status_code, answer.json()["error"]))

    askers = [threading.Thread(target=ask) for _ in range(count)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    return found

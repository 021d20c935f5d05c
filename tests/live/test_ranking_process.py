"""The ranking process of a real server: it follows the store, dies and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from engine.config import Settings
from tests.live.raw_client import RawClient
from tests.live.server import START_S, Caller, LiveServer, line, new_id, until
from web.ranking import child, frames

PARKING = {"id": "parking", "title": "Parking", "text": "Guests park for free in the garage."}
BREAKFAST = {"id": "breakfast", "title": "Breakfast", "text": "Breakfast is served until ten."}


def ranking_of(server: LiveServer) -> list[int]:
    """The pids of the server's ranking processes."""
    found = subprocess.run(
        ["ps", "--ppid", str(server.pid), "-o", "pid=,args="], capture_output=True, text=True
    ).stdout.splitlines()
    return [int(row.split()[0]) for row in found if "web.ranking" in row]


def put(server: LiveServer, *documents: dict[str, Any]) -> None:
    with Caller(server.url, server.token("admin-1", "admin")) as admin:
        assert admin.ask("PUT", "/v1/documents", {"documents": list(documents)}).ok


@pytest.fixture
def on_a_call() -> Iterator[Callable[[LiveServer], Any]]:
    clients: list[RawClient] = []

    def begin(server: LiveServer) -> Any:
        agent_id, caller = new_id("agent"), server.caller()
        call_id = caller.create(agent_id)
        client = RawClient(server.url, {"token": server.token(agent_id)})
        clients.append(client)
        client.ok("call:subscribe", {"call_id": call_id})
        return caller, call_id, client

    yield begin
    for client in clients:
        client.close()


def health(client: RawClient, why: str | None) -> None:
    """Wait until suggestions are said to be so; a process may have to be started for it."""
    client.until(
        lambda packet: packet.name == "call:health" and packet.data.get("why") == why, START_S
    )


def test_it_is_started_when_somebody_needs_it(own_server: LiveServer, on_a_call: Any) -> None:
    caller, call_id, client = on_a_call(own_server)
    caller.say(call_id, line("a1", "how can i help", speaker="agent"))
    # One that was started ahead is let go when nobody needs it.
    until(lambda: ranking_of(own_server) == [])
    caller.say(call_id, line("s1", "where can guests park their car"))
    client.event("ai:suggestion", START_S)
    # Either may be said first.
    said = [packet.data for packet in client.heard if packet.name == "call:health"]
    if not any(health_said.get("why") == "no_documents" for health_said in said):
        health(client, "no_documents")
    put(own_server, PARKING)
    health(client, None)


def test_it_comes_back_when_it_dies_and_no_question_is_lost(
    own_server: LiveServer, on_a_call: Any
) -> None:
    put(own_server, PARKING)
    caller, call_id, client = on_a_call(own_server)
    caller.say(call_id, line("s1", "where can guests park their car"))
    assert client.event("ai:suggestion", START_S)["documents"][0]["id"] == "parking"
    [pid] = until(lambda: ranking_of(own_server))
    put(own_server, BREAKFAST)
    os.kill(pid, signal.SIGKILL)
    caller.say(call_id, line("s2", "and when is breakfast served"))
    shown = client.until(
        lambda packet: (
            packet.name == "ai:suggestion"
            and "breakfast" in [one["id"] for one in packet.data["documents"]]
        ),
        START_S,
    )
    assert shown.data["because"] == "s2"
    assert ranking_of(own_server) != [pid]


def test_it_ends_with_its_server_however_that_ends(own_server: LiveServer) -> None:
    put(own_server, PARKING)
    [pid] = until(lambda: ranking_of(own_server))
    own_server.kill()
    until(lambda: not os.path.exists(f"/proc/{pid}"))


def test_a_restart_has_documents_and_vectors_before_it_is_asked(own_server: LiveServer) -> None:
    put(own_server, PARKING, BREAKFAST)
    until(lambda: "documents.embedded tenant=default" in own_server.log, START_S)
    own_server.stop()
    own_server.start()
    until(lambda: "documents=2 passages=2 without_vectors=0" in own_server.log, START_S)


def test_one_that_is_told_to_begin_reads_what_there_is_before_anybody_asks(
    own_server: LiveServer,
) -> None:
    """A server tells it so while its own imports run: there is nobody yet who could ask."""
    put(own_server, PARKING, BREAKFAST)
    socket_file = own_server.store_folder / "valkey.sock"
    made = child.start()
    try:
        made.link.settimeout(START_S)
        begin = frames.Begin(f"unix://{quote(str(socket_file))}", "another", Settings())
        made.begin(begin)
        cutter, served = frames.Cutter(), 0
        while served < 2:
            received = made.link.recv(65_536)
            assert received, "it has ended"
            for body in cutter.feed(received):
                serving = frames.decode_from_ranking(body)
                served = (
                    max(one.documents for one in serving.tenants.values()) if serving.tenants else 0
                )
    finally:
        made.end()

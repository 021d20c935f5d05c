"""A real Valkey that comes back shorter: its file is cut while it is stopped.

Each test first shows that what was acknowledged is gone from the file, with a server of its
own on it, and only then lets the nodes reach the store again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from engine.log import CallKey
from engine.log_redis import keys_of
from tests.live.raw_client import RawClient
from tests.live.server import LiveServer, line, running, until
from tests.live.store_shapes import StoreServer, free_ports

AT_ONCE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--bind", "127.0.0.1")
BEFORE, AFTER = 5, 6  # segments that survive, and those that are lost


class CutStore:
    """A Valkey whose file a test may cut while it is stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port, other = free_ports(2)
        self.server = StoreServer(folder, port, "--port", str(port), *AT_ONCE)
        self._aside = StoreServer(folder, other, "--port", str(other), *AT_ONCE)
        self.url = f"redis://127.0.0.1:{port}"

    @property
    def file(self) -> Path:
        [found] = (self.folder / "appendonlydir").glob("*.incr.aof")
        return found

    def come_back_with(self, size: int) -> None:
        """Killed, cut to its first bytes, started again."""
        self.server.kill()
        with self.file.open("r+b") as file:
            file.truncate(size)

    def keys_in_file(self, call_id: str) -> list[str]:
        """The idempotency keys of the call's events, as a server reads them from the file: one
        that the nodes do not know."""
        self._aside.start()
        try:
            log = keys_of(CallKey("default", call_id)).log
            return [fields["k"] for _, fields in self._aside.client.xrange(log)]
        finally:
            self._aside.kill()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CutStore]:
    made = CutStore(tmp_path / "store")
    made.server.start()
    try:
        yield made
    finally:
        made.server.kill()


@pytest.fixture
def nodes(store: CutStore, tmp_path: Path) -> Iterator[list[LiveServer]]:
    with contextlib.ExitStack() as up:
        yield [
            up.enter_context(running(tmp_path / name, REDIS_URL=store.url))
            for name in ("here", "there")
        ]


def said(first: int, count: int) -> list[dict[str, Any]]:
    return [line(f"s{n}", f"sentence {n}", speaker="agent") for n in range(first, first + count)]


def keys(first: int, count: int) -> list[str]:
    return [f"segment:s{n}" for n in range(first, first + count)]


def finals(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["data"] for event in log if event["event"] == "transcription:update"]


@contextlib.contextmanager
def watching(node: LiveServer, call_id: str, since: Any = None) -> Iterator[tuple[RawClient, Any]]:
    with RawClient(node.url, {"token": node.token("anna")}) as client:
        yield client, client.ok("call:subscribe", {"call_id": call_id, "since": since})


def heard_all(client: RawClient, seq: int) -> None:
    client.until(lambda packet: packet.kind == "event" and packet.data.get("seq") == seq)


def told_to_come_back(client: RawClient) -> None:
    closing = client.event("session:closing")
    assert (closing["code"], closing["reconnect"]) == ("unavailable", True)
    client.closed()


def readable(node: LiveServer, call_id: str, count: int) -> list[dict[str, Any]]:
    """The call's log by HTTP, once it holds so many finals."""
    caller = node.caller()

    def look() -> list[dict[str, Any]] | None:
        answer = caller.ask("GET", f"/v1/calls/{call_id}/events?limit=500")
        found = answer.json().get("events", [])
        return found if len(finals(found)) >= count else None

    return list(until(look, about=lambda: node.log))


def test_what_the_store_lost_is_brought_back_in_a_new_epoch_and_old_cursors_come_back(
    store: CutStore, nodes: list[LiveServer]
) -> None:
    here, there = nodes
    caller = here.caller()
    call_id = caller.create("anna")
    with watching(here, call_id) as (one, joined), watching(there, call_id) as (two, _):
        caller.say(call_id, *said(1, BEFORE))
        size = store.file.stat().st_size
        lost = caller.say(call_id, *said(BEFORE + 1, AFTER))
        for client in (one, two):
            heard_all(client, lost[-1]["seq"])
        old = joined["cursor"]["epoch"]

        store.come_back_with(size)
        assert store.keys_in_file(call_id) == ["created", *keys(1, BEFORE)], "they are gone"
        store.server.start()

        for client in (one, two):
            told_to_come_back(client)
            assert {e["epoch"] for e in client.events("transcription:update")} == {old}
    log = readable(here, call_id, BEFORE + AFTER)
    assert [event["data"]["seq"] for event in log] == list(range(1, 2 + BEFORE + AFTER))
    assert [f"segment:{final['segment_id']}" for final in finals(log)] == keys(1, BEFORE + AFTER)
    epochs = [event["data"]["epoch"] for event in log]
    assert epochs[: 1 + BEFORE] == [old] * (1 + BEFORE)
    [new] = set(epochs[1 + BEFORE :])
    assert new > old

    for node in nodes:
        since = {"epoch": old, "seq": lost[-1]["seq"]}
        with watching(node, call_id, since) as (client, again):
            assert (again["mode"], again["cursor"]["epoch"]) == ("snapshot", new)
            shown = [segment["segment_id"] for segment in again["snapshot"]["segments"]]
            assert shown[: BEFORE + AFTER] == [f"s{n}" for n in range(1, 1 + BEFORE + AFTER)]
            seq = caller.say(call_id, line(f"later-{node.port}", speaker="agent"))[0]["seq"]
            heard_all(client, seq)
    # Whoever sends again what was acknowledged is answered as before.
    repeated = caller.say(call_id, *said(BEFORE + 1, AFTER))
    assert [result["outcome"] for result in repeated] == ["repeated"] * AFTER
    brought = sum(node.metric('refilled_total{outcome="appended"}') for node in nodes)
    assert brought == AFTER, "each once, whoever was first"
    assert all(node.metric('epochs_total{how="reopened"}') >= 1 for node in nodes)


def test_a_log_that_is_gone_is_made_anew_by_the_nodes_that_hold_it(
    store: CutStore, nodes: list[LiveServer]
) -> None:
    here, there = nodes
    caller = here.caller()
    call_id = caller.create("anna")
    with watching(here, call_id) as (one, joined), watching(there, call_id) as (two, _):
        seq = caller.say(call_id, *said(1, BEFORE))[-1]["seq"]
        for client in (one, two):
            heard_all(client, seq)
        store.come_back_with(0)
        assert store.keys_in_file(call_id) == [], "it is gone"
        store.server.start()
        for client in (one, two):
            told_to_come_back(client)
    log = readable(there, call_id, BEFORE)
    assert [f"segment:{final['segment_id']}" for final in finals(log)] == keys(1, BEFORE)
    [new] = {event["data"]["epoch"] for event in log}
    assert new > joined["cursor"]["epoch"]
    assert caller.say(call_id, *said(1, BEFORE + 1))[-1]["outcome"] == "appended"
    assert caller.get("/v1/calls?status=active")["calls"][0]["call_id"] == call_id
    made = sum(node.metric('epochs_total{how="remade"}') for node in nodes)
    assert made == 1, "by one of them"


def test_a_call_that_was_erased_is_not_brought_back_from_memory(
    store: CutStore, nodes: list[LiveServer]
) -> None:
    here, there = nodes
    admin = here.caller("admin-1", "admin")
    call_id = admin.create("anna")
    with watching(there, call_id) as (client, _):
        admin.say(call_id, *said(1, 3))
        heard_all(client, 4)
        admin.ask("DELETE", f"/v1/calls/{call_id}").raise_for_status()
        assert client.event("call:unassigned") == {"call_id": call_id}
    assert there.caller().ask("GET", f"/v1/calls/{call_id}").status_code == 404
    with contextlib.closing(redis.Redis.from_url(store.url)) as raw:
        assert raw.xlen(keys_of(CallKey("default", call_id)).log) == 0

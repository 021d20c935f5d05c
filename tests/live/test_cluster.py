"""The whole product on a real cluster: three primaries, each with a replica."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.log import CallKey
from engine.log_redis import keys_of
from engine.redis_slots import slot_of
from engine.store import StoreUnusable, wait_for
from tests.live.raw_client import RawClient
from tests.live.said import GOES_ON_S, Said
from tests.live.server import LiveServer, line, new_id, running, until
from tests.live.store_refusals import waited_in_vain
from tests.live.store_shapes import (
    ClusterStore,
    StoreServer,
    cluster_store,
    free_ports,
    store_server,
)

SETTINGS = {
    "EARSHOT__STORE__ANSWER_TIMEOUT_S": 1,
    "EARSHOT__STORE__PROBE_S": 0.5,
    "EARSHOT__ASSIST__THRESHOLD": 0.01,
}
WAIT_S = 30.0  # for what must be refused at once
DOCUMENT = {"id": "router", "title": "The router", "text": "What to do about the router."}


class Place(NamedTuple):
    store: ClusterStore
    here: LiveServer
    there: LiveServer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("cluster")
    with contextlib.ExitStack() as up:
        store = up.enter_context(cluster_store(folder / "stores"))
        settings = SETTINGS | {"REDIS_URL": store.url}
        made = [up.enter_context(running(folder / name, **settings)) for name in ("here", "there")]
        yield Place(store, *made)


def test_calls_documents_suggestions_and_verdicts_work_whatever_primary_has_them(
    place: Place,
) -> None:
    admin = place.here.caller("admin-1", "admin")
    admin.ask("PUT", "/v1/documents", {"documents": [DOCUMENT]}).raise_for_status()
    elsewhere = place.there.caller()
    until(lambda: elsewhere.finds("router"))
    calls = one_at_each_primary(place)
    for call_id in calls.values():
        admin.create("anna", call_id=call_id)
    for call_id in calls.values():
        with RawClient(place.there.url, {"token": place.there.token("anna")}) as client:
            client.ok("call:subscribe", {"call_id": call_id})
            [said] = admin.say(call_id, line("s1", "and my router, what about the router?"))
            heard = client.event("transcription:update")
            assert (heard["segment_id"], heard["seq"]) == ("s1", said["seq"])
            assert client.event("ai:suggestion")["documents"][0]["id"] == "router"
            verdict = {"call_id": call_id, "doc_id": "router", "helpful": True}
            client.ok("doc:feedback", verdict)
    until(lambda: len(admin.get("/v1/documents/router/verdicts")["verdicts"]) == len(calls))
    listed = {call["call_id"] for call in elsewhere.get("/v1/calls?agent_id=anna")["calls"]}
    assert listed >= set(calls.values())
    for call_id in calls.values():
        assert admin.ask("DELETE", f"/v1/calls/{call_id}").status_code < 300
        path = f"/v1/calls/{call_id}"
        until(lambda path=path: elsewhere.ask("GET", path).status_code == 404)


def test_a_wall_is_told_of_calls_at_every_primary_by_the_other_node(place: Place) -> None:
    """The wall's channel is of a tenant, not of a call: any server of the cluster may carry it."""
    producer, calls = place.here.caller(), one_at_each_primary(place)
    token = place.there.token(new_id("boss"), "supervisor")
    with RawClient(place.there.url, {"token": token}) as wall:
        wall.ok("calls:watch", {})
        for call_id in calls.values():
            producer.create("anna", call_id=call_id)
            producer.say(call_id, line("s1", f"words of {call_id}", speaker="agent"))
        words = {f"words of {call_id}" for call_id in calls.values()}
        wall.until(lambda _: said_on(wall) >= words)
        for call_id in calls.values():
            producer.patch(f"/v1/calls/{call_id}", {"status": "ended"})
        wall.until(lambda _: removed_from(wall) >= set(calls.values()))


def one_at_each_primary(place: Place) -> dict[StoreServer, str]:
    """Ids of calls that are not there yet."""
    calls: dict[StoreServer, str] = {}
    while len(calls) < ClusterStore.PRIMARIES:
        call_id = new_id()
        calls.setdefault(place.store.primary_of(CallKey("default", call_id)), call_id)
    return calls


def said_on(wall: RawClient) -> set[str]:
    rows = [row for changed in wall.events("calls:changed") for row in changed["calls"]]
    return {row["last_line"]["text"] for row in rows if "last_line" in row}


def removed_from(wall: RawClient) -> set[str]:
    return {gone for changed in wall.events("calls:changed") for gone in changed["removed"]}


def test_through_failovers_and_moved_slots_nothing_acknowledged_is_lost_and_streams_go_on(
    place: Place,
) -> None:
    """A replica that takes over by hand; a primary that is killed; a slot that moves away
    while its call is talked in."""
    call_id = place.here.caller().create("anna")
    call = CallKey("default", call_id)
    with (
        contextlib.closing(Said(place.here, call_id)) as said,
        contextlib.closing(Listener(place.there, call_id)) as listener,
    ):
        for change in (take_over, kill, move_slot):
            said.say(20)
            before = place.store.primary_of(call)
            with place.store.hasty() if change is kill else contextlib.nullcontext():
                change(place.store, call)
                until(
                    lambda before=before: (
                        said.say(1) and place.store.primary_of(call) is not before
                    ),
                    GOES_ON_S,
                )
            said.say(20)
            listener.catch_up(said)
    log = place.here.caller().log(call_id)
    written = {e["data"]["segment_id"]: e["data"]["seq"] for e in log[1:]}
    assert written == said.answered
    for server in (place.here, place.there):
        until(lambda server=server: server.metric("store_away") == 0)


class Listener:
    """A screen that comes back with its cursor whenever it is told to."""

    def __init__(self, server: LiveServer, call_id: str) -> None:
        self._server, self._call_id = server, call_id
        self.cursor: dict[str, Any] = {}
        self._join()

    def _join(self) -> None:
        """Again while it is refused, or told to come back before it is answered."""
        asked = {"call_id": self._call_id, "since": self.cursor or None}

        def joined() -> dict[str, Any] | None:
            self.client = RawClient(self._server.url, {"token": self._server.token("anna")})
            self.client.write("421" + json.dumps(["call:subscribe", asked]))
            packet = self.client.until(lambda packet: packet.kind in ("ack", "closed"))
            if packet.kind == "ack" and packet.data[0]["ok"]:
                return dict(packet.data[0]["data"])
            self.client.close()
            return None

        self.cursor = until(joined, GOES_ON_S)["cursor"]

    def catch_up(self, said: Said) -> None:
        deadline = time.monotonic() + GOES_ON_S
        top = max(said.answered.values())
        while self.cursor["seq"] < top:
            assert time.monotonic() < deadline, f"{self.cursor} of {top}"
            packet = self.client.next(deadline - time.monotonic())
            if packet.kind == "closed":
                self.client.close()
                self._join()
            elif packet.kind == "event" and "seq" in packet.data:
                self.cursor = {name: packet.data[name] for name in ("epoch", "seq")}

    def close(self) -> None:
        self.client.close()


def settle(store: ClusterStore, call: CallKey) -> StoreServer:
    """The call's primary, once its replica has all that was acknowledged."""
    primary, replica = store.primary_of(call), store.replica_of(call)

    def offset(server: StoreServer, name: str) -> int:
        return int(server.client.info("replication")[name])

    until(lambda: offset(primary, "master_repl_offset") == offset(replica, "slave_repl_offset"))
    return primary


def take_over(store: ClusterStore, call: CallKey) -> None:
    store.replica_of(call).client.execute_command("CLUSTER", "FAILOVER")


def kill(store: ClusterStore, call: CallKey) -> None:
    settle(store, call).kill()


def move_slot(store: ClusterStore, call: CallKey) -> None:
    """As `redis-cli --cluster reshard` does it, key by key."""
    slot = slot_of(keys_of(call).log.encode())
    source = store.primary_of(call)
    target = store.other_than(source)
    names = {
        server: server.client.execute_command("CLUSTER", "MYID") for server in (source, target)
    }
    target.client.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
    source.client.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[target])
    for _ in itertools.count():
        keys = source.client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1)
        if not keys:
            break
        source.client.execute_command("MIGRATE", "127.0.0.1", target.port, keys[0], 0, 5000)
    for server in (target, source):
        server.client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", names[target])


def test_a_cluster_of_which_nobody_answers_is_said_to_be_away() -> None:
    ports = free_ports(2)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    refused, told = waited_in_vain(f"redis+cluster://:hush@{hosts}")
    assert "no node of the cluster answers at 127" in refused
    assert "hush" not in refused + told


def test_what_is_no_cluster_and_what_is_one_are_told_apart(place: Place, tmp_path: Path) -> None:
    port = place.store.servers[1].port
    with pytest.raises(StoreUnusable, match="starts with redis\\+cluster://"):
        wait_for(f"redis://127.0.0.1:{port}", WAIT_S)
    [port] = free_ports(1)
    single = store_server(tmp_path, port).start()
    try:
        with pytest.raises(StoreUnusable, match="is no cluster: REDIS_URL starts with redis://"):
            wait_for(f"redis+cluster://127.0.0.1:{port}", WAIT_S)
    finally:
        single.kill()

"""Flask-SocketIO stays what its users know: their own handlers, its test client, rooms, and
emitters in other processes.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import msgspec
import pytest
import socketio
from flask_socketio import Namespace, SocketIO, emit, join_room
from gevent import monkey

from engine.config import Settings
from engine.config_sources import load
from engine.hints_redis import HintStream
from engine.store_embedded import EmbeddedStore
from tests.live.raw_client import RawClient
from tests.live.server import (
    BOUND_S,
    SECRET,
    Caller,
    LiveServer,
    line,
    new_id,
    running,
    tcp_store,
    until,
)
from web import node as node_module
from web.app import App, create_app
from web.node import Node
from web.rooms import LocalRooms

TENANT = "default"


class CooperativeHints(HintStream):
    """Without gevent's patches a wait for the store would stop every greenlet."""

    def next(self, timeout_s: float) -> Any:
        gevent.sleep(0.002)
        return super().next(0)


class Site:
    """An application of one of our users, on a node in this process without message queue."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.node = Node(settings, url, queue=False)
        self.app: App = create_app(self.node)
        self.socketio = self.app.socketio

    def token(self, agent_id: str, role: Any = "agent") -> str:
        return self.node.tokens.issue(agent_id, role, TENANT, time.time())[0]

    def client(self, auth: dict[str, Any] | None = None, namespace: str | None = None) -> Any:
        return self.socketio.test_client(self.app.flask, auth=auth, namespace=namespace)

    def agent(self, agent_id: str, call_id: str) -> Any:
        """A test client that is subscribed to the call."""
        client = self.client({"token": self.token(agent_id)})
        assert answer(client, "call:subscribe", {"call_id": call_id})["ok"] is True
        return client

    def create(self, *agent_ids: str) -> str:
        call_id = new_id()
        producer = self.client({"token": self.token("producer-1", "producer")})
        body = {"call_id": call_id, "agent_ids": list(agent_ids)}
        assert answer(producer, "call:create", body)["ok"] is True
        producer.disconnect()
        return call_id


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    found = EmbeddedStore.start(tmp_path_factory.mktemp("site") / "store")
    yield found
    found.stop()


@pytest.fixture
def site(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    if not monkey.is_module_patched("socket"):
        monkeypatch.setattr(node_module, "HintStream", CooperativeHints)
    settings = msgspec.structs.replace(load(None, {}), jwt_secret=SECRET)
    found = Site(settings, store.url)
    yield found
    found.node.close()


def settled(condition: Callable[[], Any]) -> Any:
    """As `until`, but the node runs in this very thread meanwhile."""
    deadline = time.monotonic() + BOUND_S
    while not (found := condition()):
        assert time.monotonic() < deadline
        gevent.sleep(0.005)
    return found


def answer(client: Any, name: str, *arguments: Any) -> Any:
    """The acknowledgement of one of our commands: it comes when the dispatcher has run, so
    `emit` cannot return it yet."""
    found = client.emit(name, *arguments, callback=True)
    if found is None:
        found = settled(lambda: client.acks)["args"][0]
        client.acks = None
    return found


def heard(client: Any, name: str, count: int = 1) -> list[Any]:
    """The arguments of so many events of this name, waited for."""
    found: list[Any] = []

    def enough() -> bool:
        found.extend(e["args"][0] for e in client.get_received() if e["name"] == name)
        return len(found) >= count

    settled(enough)
    return found


# --- our commands by flask_socketio.test_client -------------------------------------------------


def test_the_test_client_works_with_our_commands(site: Site) -> None:
    call_id = site.create("anna")
    client = site.client()
    connect = {"agent_id": "anna", "auth_token": site.token("anna")}
    session = answer(client, "agent:connect", connect)["data"]
    assert (session["agent_id"], session["role"]) == ("anna", "agent")
    assert answer(client, "call:subscribe", {"call_id": call_id})["data"]["mode"] == "snapshot"

    producer = site.client({"token": site.token("producer-1", "producer")})
    batch = {"call_id": call_id, "segments": [line("s1", "hello", speaker="agent")]}
    [result] = answer(producer, "segment:append", batch)["data"]["results"]
    [update] = heard(client, "transcription:update")
    assert (update["text"], update["seq"]) == ("hello", result["seq"])


def test_the_test_client_is_greeted_like_any_client_without_acknowledgements(site: Site) -> None:
    call_id = site.create("anna")
    client = site.client()
    client.emit("agent:connect", {"agent_id": "anna", "auth_token": site.token("anna")})
    client.emit("call:subscribe", {"call_id": call_id})
    [status] = heard(client, "call:status")
    assert (status["call_id"], status["status"]) == (call_id, "active")


def test_the_test_client_hears_refusals(site: Site) -> None:
    client = site.client({"token": site.token("anna")})
    refusal = answer(client, "call:subscribe", {})["error"]
    assert (refusal["code"], refusal["field"]) == ("bad_request", "call_id")
    client.emit("no:such", {})
    assert heard(client, "error")[0]["field"] == "event"


def test_a_refused_test_client_is_not_connected(site: Site) -> None:
    assert not site.client({"token": "nonsense"}).is_connected()


def test_a_test_client_that_disconnects_leaves_nothing(site: Site) -> None:
    call_id = site.create("anna")
    client = site.agent("anna", call_id)
    room = f"{TENANT}/{call_id}"
    rooms = site.socketio.server.manager.rooms["/"]
    assert room in rooms
    client.disconnect()
    settled(lambda: not site.node.directory.connections)
    assert room not in rooms
    assert site.socketio.server.manager._rooms_of == {}


# --- users' own handlers ----------------------------------------------------------------------


def test_a_users_handler_is_called_and_its_return_value_acknowledged(site: Site) -> None:
    asked = []

    @site.socketio.on("crm:lookup")
    def lookup(body: dict[str, Any]) -> dict[str, Any]:
        asked.append(body)
        return {"name": "Ada"}

    client = site.client({"token": site.token("anna")})
    assert answer(client, "crm:lookup", {"customer": 7}) == {"name": "Ada"}
    assert asked == [{"customer": 7}]


def test_a_users_handler_may_take_and_answer_several_values(site: Site) -> None:
    @site.socketio.on("add")
    def add(one: int, other: int) -> tuple[int, str]:
        return one + other, "done"

    assert answer(site.client(), "add", 2, 3) == [5, "done"]


def test_a_users_handler_emits_to_the_room_of_a_call(site: Site) -> None:
    mine, other = site.create("anna"), site.create("berta")
    watching, elsewhere = site.agent("anna", mine), site.agent("berta", other)

    @site.socketio.on("note")
    def note(body: dict[str, Any]) -> None:
        emit("note", body, to=f"{TENANT}/{mine}")

    site.client().emit("note", {"text": "call back"})
    assert heard(watching, "note") == [{"text": "call back"}]
    # What was sent to the other would be there by now: emitting is one step.
    assert not [event for event in elsewhere.get_received() if event["name"] == "note"]


def test_who_unsubscribes_leaves_the_room(site: Site) -> None:
    call_id = site.create("anna")
    client, stays = site.agent("anna", call_id), site.agent("anna", call_id)
    assert answer(client, "call:unsubscribe", {"call_id": call_id})["ok"] is True
    site.socketio.emit("note", "hello", to=f"{TENANT}/{call_id}")
    assert heard(stays, "note") == ["hello"]
    assert not [event for event in client.get_received() if event["name"] == "note"]


def test_a_users_own_rooms_and_broadcasts_work(site: Site) -> None:
    @site.socketio.on("team")
    def team(name: str) -> None:
        join_room(name)

    one, other = site.client(), site.client()
    one.emit("team", "billing")
    site.socketio.emit("news", 1, to="billing")
    site.socketio.emit("news", 2)
    assert heard(one, "news", 2) == [1, 2]
    assert heard(other, "news") == [2]


def test_a_users_namespace_is_apart_from_ours(site: Site) -> None:
    class Crm(Namespace):
        def on_hello(self, name: str) -> str:
            return f"hello {name}"

    site.socketio.on_namespace(Crm("/crm"))
    client = site.client(namespace="/crm")
    assert client.emit("hello", "Ada", callback=True, namespace="/crm") == "hello Ada"
    assert not site.node.directory.connections


def test_a_users_handler_that_fails_harms_no_other(site: Site) -> None:
    failures = []

    @site.socketio.on_error_default
    def failed(problem: Exception) -> None:
        failures.append(problem)

    @site.socketio.on("boom")
    def boom(_: Any) -> None:
        raise RuntimeError("boom")

    client = site.client({"token": site.token("anna")})
    client.emit("boom", {})
    assert [str(problem) for problem in failures] == ["boom"]
    assert answer(client, "client:report", {"paint_ms": []})["ok"] is True


def test_a_user_cannot_take_a_command_away_from_us_by_accident(site: Site) -> None:
    called = []

    @site.socketio.on("call:subscribe")
    def mine(_: Any) -> None:
        called.append(True)

    call_id = site.create("anna")
    site.agent("anna", call_id)
    assert called == []


# --- rooms ------------------------------------------------------------------------------------


def steps_of_leaving(manager: socketio.Manager, others: int) -> int:
    """Python calls made when one connection of three rooms leaves, beside so many rooms."""
    server = socketio.Server(client_manager=manager, async_mode="threading")
    for number in range(others):
        other = server.manager.connect(f"transport-{number}", "/")
        server.manager.enter_room(other, "/", f"call-{number}")
    mine = server.manager.connect("mine", "/")
    for number in range(3):
        server.manager.enter_room(mine, "/", f"call-{number}")
    steps = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # what a collection calls is nobody's step
    sys.setprofile(count)
    try:
        server.manager.disconnect(mine, "/")
    finally:
        sys.setprofile(before)
        gc.enable()
    assert not server.manager.is_connected(mine, "/")
    assert list(server.manager.get_rooms(mine, "/") or []) == []
    return steps


def test_leaving_costs_that_connections_rooms_and_not_all_rooms() -> None:
    assert steps_of_leaving(LocalRooms(), 10_000) == steps_of_leaving(LocalRooms(), 100)
    # The measure sees what it is for: python-socketio looks at every room.
    plain = steps_of_leaving(socketio.Manager(), 100)
    assert steps_of_leaving(socketio.Manager(), 1000) > 5 * plain


# --- emitters in other processes --------------------------------------------------------------


@pytest.fixture(scope="module")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server on a store that others reach too."""
    folder = tmp_path_factory.mktemp("queued")
    with tcp_store(folder / "store") as url, running(folder, REDIS_URL=url) as server:
        yield server


@contextlib.contextmanager
def emitting(server: LiveServer) -> Iterator[SocketIO]:
    """What another process has: Flask-SocketIO without an application, on the queue."""
    emitter = SocketIO(message_queue=server.setting("REDIS_URL"))
    yield emitter
    if emitter.server.manager.redis is not None:
        emitter.server.manager.redis.close()


def reached(emitter: SocketIO, *clients: RawClient) -> None:
    """A server listens to the queue from its first connection on, and a moment passes before
    it does: what is emitted by then is lost, as Flask-SocketIO's users know it."""

    def hears(client: RawClient) -> bool:
        emitter.emit("heard?", 1)
        time.sleep(0.1)
        client.ok("client:report", {"paint_ms": []})
        return bool(client.events("heard?"))

    for client in clients:
        until(lambda client=client: hears(client))


def test_an_external_emitter_reaches_the_clients_of_a_call_and_no_others(
    queued: LiveServer,
) -> None:
    with contextlib.ExitStack() as clients:
        token = queued.token("producer-1", "producer")
        producer = clients.enter_context(Caller(queued.url, token))
        mine, other = producer.create("anna"), producer.create("anna")
        inside = clients.enter_context(RawClient(queued.url, {"token": queued.token("anna")}))
        inside.ok("call:subscribe", {"call_id": mine})
        outside = clients.enter_context(RawClient(queued.url, {"token": queued.token("anna")}))
        outside.ok("call:subscribe", {"call_id": other})

        emitter = clients.enter_context(emitting(queued))
        reached(emitter, inside, outside)
        emitter.emit("crm:changed", {"customer": 7}, to=f"{TENANT}/{mine}")
        assert inside.event("crm:changed") == {"customer": 7}
        emitter.emit("news", "for all")
        assert inside.event("news") == outside.event("news") == "for all"
        assert outside.events("crm:changed") == []

        inside.ok("call:unsubscribe", {"call_id": mine})
        emitter.emit("crm:changed", {"customer": 8}, to=f"{TENANT}/{mine}")
        emitter.emit("news", "again")
        assert inside.event("news") == "again"
        assert inside.events("crm:changed") == [{"customer": 7}]
        # What belongs to calls goes on beside it.
        assert isinstance(outside.ok("call:subscribe", {"call_id": mine})["cursor"]["seq"], int)
        producer.say(mine, line("s1", "hello", speaker="agent"))
        assert outside.event("transcription:update")["text"] == "hello"


def test_two_servers_share_an_emitter(queued: LiveServer, tmp_path: Path) -> None:
    with contextlib.ExitStack() as up:
        store = queued.setting("REDIS_URL")
        second = up.enter_context(running(tmp_path / "second", REDIS_URL=store))
        producer = up.enter_context(Caller(queued.url, queued.token("producer-1", "producer")))
        call_id = producer.create("anna")
        watching = []
        for server in (queued, second):
            auth = {"token": server.token("anna")}
            watching.append(up.enter_context(RawClient(server.url, auth)))
            watching[-1].ok("call:subscribe", {"call_id": call_id})
        emitter = up.enter_context(emitting(queued))
        reached(emitter, *watching)
        emitter.emit("note", "hello", to=f"{TENANT}/{call_id}")
        assert [client.event("note") for client in watching] == ["hello", "hello"]

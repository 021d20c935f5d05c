"""A client that knows only the bold fields works: python-socketio and socket.io-client with
their defaults, each over polling and upgrade, WebSocket alone and polling alone, all at once.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.live.plain_clients import Burst, PlainClient, burst_of, one_of_each
from tests.live.server import Caller, LiveServer, line, new_id, until

Everybody = Callable[[LiveServer, Burst], list[PlainClient]]
LAST = 200  # finals that somebody who comes late is shown
BURST = 20  # subscriptions at once: as many as the rate allows after quiet
BACK_S = 25.0  # of a default client: its delays grow to 5 s while the server is away
TITLE = "Restart the router"
DOCUMENT = {
    "id": "restart-router",
    "title": TITLE,
    "text": "When the internet is down, unplug the router, wait ten seconds, plug it in again.",
}
OTHERS = [
    {"id": f"other-{word}", "title": f"About the {word}", "text": f"How to pay for the {word}."}
    for word in ("invoice", "contract", "phone", "parcel", "refund")
]


@pytest.fixture
def everybody() -> Iterator[Everybody]:
    """Connects one client of each kind over each choice of transports."""
    with contextlib.ExitStack() as clients:

        def connect(server: LiveServer, burst: Burst) -> list[PlainClient]:
            return clients.enter_context(one_of_each(server.url, burst))

        yield connect


@pytest.fixture(scope="module")
def knowing_server(shared_server: LiveServer) -> LiveServer:
    """One that has an article to suggest."""
    admin = shared_server.caller("admin-1", "admin")
    admin.ask("PUT", "/v1/documents", {"documents": [DOCUMENT, *OTHERS]}).raise_for_status()
    until(lambda: admin.finds("router"))
    return shared_server


def said(text: str, segment_id: str, **more: Any) -> dict[str, Any]:
    """By the agent, so that no suggestion follows."""
    return line(segment_id, text, speaker="agent", **more)


def test_a_late_client_is_shown_the_call_and_then_everything_live_without_interim_text(
    knowing_server: LiveServer, everybody: Everybody
) -> None:
    server, agent_id = knowing_server, new_id("agent")
    producer = server.caller()
    call_id = producer.create(agent_id)
    spoken = [said(f"sentence {n}", f"s{n}") for n in range(1, LAST + 5)]
    spoken.append(line("asked", "my router is down"))
    producer.say(call_id, *spoken[:100])
    producer.say(call_id, *spoken[100:])
    suggestion = until(lambda: producer.get(f"/v1/calls/{call_id}")["suggestion"])
    assert suggestion["documents"][0]["title"] == TITLE

    clients = everybody(server, burst_of(server, agent_id, call_id))
    for client in clients:
        assert client.until("ai:suggestion") == suggestion
        shown = client.named("transcription:update")
        assert ids(shown) == ids(spoken[-LAST:]), client.name
        [status] = client.named("call:status")
        assert (status["call_id"], status["status"]) == (call_id, "active")

    producer.say(call_id, said("is", "after", final=False, revision=1))
    producer.say(call_id, said("is it on", "after", final=False, revision=2))
    producer.say(call_id, said("is it on now", "after"))
    producer.patch(f"/v1/calls/{call_id}", {"status": "on_hold"})
    for client in clients:
        assert client.until("call:status", 2)["status"] == "on_hold"
        live = client.until("transcription:update", LAST + 1)
        assert (live["text"], live["speaker"], live["final"]) == ("is it on now", "agent", True)
        assert len(client.named("transcription:update")) == LAST + 1, client.name
        assert client.named("error", "(disconnect)") == []


def ids(segments: list[dict[str, Any]]) -> list[str]:
    """Sorted: python-socketio hands each event to a thread of its own."""
    return sorted(segment["segment_id"] for segment in segments)


def test_a_verdict_in_the_first_burst_counts_and_every_screen_hears_it(
    knowing_server: LiveServer, everybody: Everybody
) -> None:
    agent_id, producer = new_id("agent"), knowing_server.caller()
    call_id = producer.create(agent_id)
    producer.say(call_id, line("s1", "my router is down"))
    until(lambda: producer.get(f"/v1/calls/{call_id}")["suggestion"])
    verdict = {"doc_id": DOCUMENT["id"], "helpful": True, "call_id": call_id}
    burst = [*burst_of(knowing_server, agent_id, call_id), ("doc:feedback", verdict)]
    clients = everybody(knowing_server, burst)
    for client in clients:
        client.until("feedback:update")
    until(lambda: len(verdicts_in(producer.log(call_id))) == len(clients))

    clients[0].emit("doc:feedback", verdict | {"helpful": None})
    for client in clients:
        until(lambda client=client: client.named("feedback:update")[-1]["helpful"] is None)
        assert client.named("error") == []
    assert verdicts_in(producer.log(call_id)) == [True] * len(clients) + [None]


def verdicts_in(log: list[dict[str, Any]]) -> list[bool | None]:
    return [event["data"]["helpful"] for event in log if event["event"] == "feedback:update"]


def test_a_burst_larger_than_one_payload_is_taken_whole(
    shared_server: LiveServer, everybody: Everybody
) -> None:
    """python-engineio reads 16 packets of a polling client's POST and drops the others."""
    agent_id, producer = new_id("agent"), shared_server.caller()
    call_ids = {producer.create(agent_id) for _ in range(BURST)}
    for client in everybody(shared_server, burst_of(shared_server, agent_id, *call_ids)):
        client.until("call:status", BURST)
        assert {status["call_id"] for status in client.named("call:status")} == call_ids


def test_a_subscription_sent_too_early_goes_live_when_the_call_is_assigned(
    shared_server: LiveServer, everybody: Everybody
) -> None:
    agent_id, call_id = new_id("agent"), new_id()
    clients = everybody(shared_server, burst_of(shared_server, agent_id, call_id))
    for client in clients:
        refusal = client.until("error")
        assert (refusal["code"], refusal["retryable"]) == ("unknown_call", True)
    producer = shared_server.caller()
    producer.create(agent_id, call_id=call_id)
    for client in clients:
        assert client.until("call:assigned")["call_id"] == call_id
        assert client.until("call:status")["call_id"] == call_id
    producer.say(call_id, said("hello", "s1"))
    for client in clients:
        assert client.until("transcription:update")["text"] == "hello"


def on_a_call(server: LiveServer, everybody: Everybody) -> tuple[Caller, str, list[PlainClient]]:
    """A producer, the call it made, and clients that have heard of it."""
    producer = server.caller()
    call_id = producer.create("anna")
    clients = everybody(server, burst_of(server, "anna", call_id))
    for client in clients:
        client.until("call:status")
    return producer, call_id, clients


def test_after_kill_9_and_a_restart_the_client_comes_back_by_itself_and_goes_on(
    own_server: LiveServer, everybody: Everybody
) -> None:
    producer, call_id, clients = on_a_call(own_server, everybody)
    producer.say(call_id, said("before", "s1"))
    for client in clients:
        client.until("transcription:update")

    own_server.kill()
    for client in clients:
        client.until("(disconnect)")
    own_server.start()
    for client in clients:
        assert client.until("call:status", 2, BACK_S)["status"] == "active"
        assert client.until("transcription:update", 2)["text"] == "before"
    producer.say(call_id, said("after", "s2"))
    for client in clients:
        assert client.until("transcription:update", 3)["text"] == "after"
        # The status of one who comes late stands at the top of the log.
        assert client.seqs() == [1, 2, 2, 2, 3], client.name
        assert client.named("error") == []


def test_told_to_come_back_the_client_does_and_goes_on(
    own_server: LiveServer, everybody: Everybody
) -> None:
    producer, call_id, clients = on_a_call(own_server, everybody)

    own_server.signal(signal.SIGTERM)
    for client in clients:
        closing = client.until("session:closing")
        assert (closing["code"], closing["reconnect"]) == ("draining", True), client.name
    assert own_server.wait() == 0
    for client in clients:
        client.until("(disconnect)")
    own_server.start()
    for client in clients:
        client.until("call:status", 2, BACK_S)
    producer.say(call_id, said("after", "s1"))
    for client in clients:
        assert client.until("transcription:update")["text"] == "after"
        assert client.named("(ended)") == []


def test_told_to_stay_away_the_client_does(shared_server: LiveServer, everybody: Everybody) -> None:
    agent_id = new_id("agent")
    call_id = shared_server.caller().create(agent_id)
    clients = everybody(shared_server, burst_of(shared_server, agent_id, call_id))
    for client in clients:
        client.until("call:status")
    shared_server.caller("admin-1", "admin").post(f"/v1/agents/{agent_id}/revoke")
    for client in clients:
        closing = client.until("session:closing")
        assert (closing["code"], closing["reconnect"]) == ("revoked", False), client.name
        client.until("(ended)")
        assert len(client.named("(connect)")) == 1, client.name

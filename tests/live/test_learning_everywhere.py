"""A verdict given at one server changes what another one shows, and what undoes it does so too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.store_embedded import EmbeddedStore
from tests.live.raw_client import RawClient
from tests.live.server import START_S, LiveServer, line, new_id, running, until

QUESTION = "where can guests park their car overnight"
DOCUMENTS = [
    {"id": "street", "title": "Parking", "text": "Guests park their car overnight in the street."},
    {"id": "garage", "title": "Parking", "text": "Guests park their car overnight in the garage."},
]


class Nodes(NamedTuple):
    here: LiveServer
    there: LiveServer


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with contextlib.ExitStack() as up:
        store = EmbeddedStore.start(tmp_path / "store")
        up.callback(store.stop)
        settings = {"REDIS_URL": store.url, "EARSHOT__ASSIST__THRESHOLD": 0.01}
        made = [
            up.enter_context(running(tmp_path / name, **settings)) for name in ("here", "there")
        ]
        admin = made[0].caller("admin-1", "admin")
        admin.ask("PUT", "/v1/documents", {"documents": DOCUMENTS}).raise_for_status()
        for node in made:
            asked(node)
            ranks_by_meaning(node)
        yield Nodes(*made)


def ranks_by_meaning(node: LiveServer) -> None:
    caller = node.caller()

    def ready() -> bool:
        served = caller.get("/v1/knowledge")
        return bool(served["model"]) and served["documents"] == 2 and not served["waiting"]

    until(ready, START_S)


def asked(node: LiveServer) -> tuple[str, str, list[str]]:
    """A new call with the question: (agent, call, the ids that are shown)."""
    agent_id, caller = new_id("agent"), node.caller()
    call_id = caller.create(agent_id)
    with RawClient(node.url, {"token": node.token(agent_id)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        caller.say(call_id, line("s1", QUESTION))
        shown = client.event("ai:suggestion")["documents"]
    return agent_id, call_id, [document["id"] for document in shown]


def judge(node: LiveServer, agent_id: str, call_id: str, doc_id: str, helpful: bool | None) -> None:
    with RawClient(node.url, {"token": node.token(agent_id)}) as client:
        client.ok("doc:feedback", {"call_id": call_id, "doc_id": doc_id, "helpful": helpful})


def test_a_verdict_teaches_every_node_until_it_is_taken_back_or_its_call_erased(
    nodes: Nodes,
) -> None:
    here, there = nodes
    agent_id, call_id, shown = asked(here)
    first, second = shown
    assert asked(there)[2] == shown

    def teaches(node: LiveServer, *order: str) -> None:
        until(lambda: asked(node)[2] == list(order), about=lambda: node.log[-2_000:])

    judge(here, agent_id, call_id, first, helpful=False)
    judge(here, agent_id, call_id, second, helpful=True)
    teaches(there, second, first)
    judge(here, agent_id, call_id, second, helpful=None)
    judge(here, agent_id, call_id, first, helpful=None)
    teaches(there, first, second)

    judge(here, agent_id, call_id, second, helpful=True)
    judge(here, agent_id, call_id, second, helpful=True)
    admin = there.caller("admin-1", "admin")
    verdicts = f"/v1/documents/{second}/verdicts"
    [kept] = until(lambda: admin.get(verdicts)["verdicts"])
    assert (kept["call_id"], kept["agent_id"], kept["helpful"]) == (call_id, agent_id, True)
    assert kept["shown"] == shown
    teaches(there, second, first)

    there.stop()
    there.start()
    ranks_by_meaning(there)
    teaches(there, second, first)

    assert here.caller("admin-1", "admin").ask("DELETE", f"/v1/calls/{call_id}").ok
    teaches(there, first, second)
    assert there.caller("admin-1", "admin").get(verdicts)["verdicts"] == []

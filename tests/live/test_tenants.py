"""Two tenants on one server: nothing of one is seen, guessed or counted by the other."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.config import Settings, Tokens
from engine.identity import Tokens as TokenMaker
from tests.live.raw_client import RawClient
from tests.live.server import SECRET, Caller, LiveServer, line, new_id, until

# Tenants and ids that would meet in a name made by joining them carelessly.
PAIRS = [("acme", "globex"), ("a", "a:b"), ("b.c", "b"), ("live", "agent:x")]


def token(agent_id: str, role: Any, tenant: str) -> str:

    maker = TokenMaker(Settings(tokens=Tokens(), jwt_secret=SECRET))
    return maker.issue(agent_id, role, tenant, time.time())[0]


class Tenant:
    """People of one tenant at one server."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.server, self.name = server, name

    def token(self, agent_id: str, role: Any = "agent") -> str:
        return token(agent_id, role, self.name)

    @contextlib.contextmanager
    def caller(self, role: Any = "admin", agent_id: str = "root") -> Iterator[Caller]:
        with Caller(self.server.url, self.token(agent_id, role)) as found:
            yield found

    @contextlib.contextmanager
    def socket(self, agent_id: str, role: Any = "agent") -> Iterator[RawClient]:
        with RawClient(self.server.url, {"token": self.token(agent_id, role)}) as found:
            yield found


@pytest.fixture(params=PAIRS, ids=lambda pair: "|".join(pair))
def tenants(request: Any, shared_server: LiveServer) -> tuple[Tenant, Tenant]:
    mine, theirs = request.param
    return Tenant(shared_server, mine), Tenant(shared_server, theirs)


def test_over_http_anothers_is_answered_like_what_is_not_there(
    tenants: tuple[Tenant, Tenant],
) -> None:
    mine, theirs = tenants
    call_id, doc_id, nothing = new_id(), new_id("doc"), new_id("nothing")
    document = {"id": doc_id, "title": "Secret", "text": "zebra quagga okapi"}
    with mine.caller() as owner, theirs.caller() as other:
        owner.create("ann", call_id=call_id)
        owner.say(call_id, line("s1", "a zebra", speaker="agent"))
        owner.ask("PUT", "/v1/documents", {"documents": [document]}).raise_for_status()
        before = owner.log(call_id)
        for method, path, body in (
            ("GET", "/v1/calls/{}", None),
            ("GET", "/v1/calls/{}/events", None),
            ("PATCH", "/v1/calls/{}", {"status": "ended"}),
            ("POST", "/v1/calls/{}/segments", {"segments": [line("s2")]}),
            ("DELETE", "/v1/calls/{}", None),
        ):
            assert_alike(other, method, path, call_id, nothing, body)
        for method, path in (
            ("GET", "/v1/documents/{}"),
            ("GET", "/v1/documents/{}/verdicts"),
            ("DELETE", "/v1/documents/{}"),
        ):
            assert_alike(other, method, path, doc_id, nothing, None)
        assert call_id not in json.dumps(other.get("/v1/calls?limit=200"))
        assert other.get("/v1/documents/search?q=zebra")["documents"] == []
        assert call_id not in other.ask("GET", "/v1/audit?limit=1000").text
        assert owner.log(call_id) == before
        assert owner.get(f"/v1/documents/{doc_id}")["title"] == "Secret"
        # The same id is free for the other: it is another call.
        made = other.ask("POST", "/v1/calls", {"call_id": call_id, "agent_ids": []})
        assert made.status_code == 201


def assert_alike(other: Caller, method: str, path: str, real: str, nothing: str, body: Any) -> None:
    """The answer to an id that is another tenant's, and to one that nobody has, differ in
    nothing but that id and what every answer has of its own."""
    answers = [other.ask(method, path.format(one), body) for one in (real, nothing)]
    assert answers[0].status_code == answers[1].status_code == 404, answers[0].text
    assert answers[0].text == answers[1].text
    names = [sorted(answer.headers) for answer in answers]
    assert names[0] == names[1]


def test_on_a_socket_anothers_call_is_an_unknown_one(tenants: tuple[Tenant, Tenant]) -> None:
    mine, theirs = tenants
    call_id, nothing = new_id(), new_id("nothing")
    with mine.caller() as owner:
        epoch = owner.post("/v1/calls", {"call_id": call_id, "agent_ids": ["ann"]})["epoch"]
        for role in ("agent", "supervisor", "producer", "admin"):
            with theirs.socket("ann", role) as other:
                for name, more in (
                    ("call:subscribe", {"since": {"epoch": epoch, "seq": 1}}),
                    ("call:history", {"epoch": epoch, "before": 5}),
                    ("segment:append", {"segments": [line("s1")]}),
                    ("call:update", {"status": "ended"}),
                    ("doc:feedback", {"doc_id": "d", "helpful": True}),
                    ("doc:seen", {"items": [{"doc_id": "d", "action": "dismissed"}]}),
                ):
                    real = other.refusal(name, {"call_id": call_id} | more)
                    none = other.refusal(name, {"call_id": nothing} | more)
                    assert real == none, (role, name)
        assert len(owner.log(call_id)) == 1


def test_nothing_of_anothers_call_is_heard_by_the_same_agent_of_another_tenant(
    tenants: tuple[Tenant, Tenant],
) -> None:
    """Agent, call, tab: all have the same names on both sides."""
    mine, theirs = tenants
    call_id = new_id()
    with (
        mine.caller() as owner,
        theirs.caller() as other,
        mine.socket("ann") as ours,
        theirs.socket("ann") as anothers,
        theirs.socket("sue", "supervisor") as wall,
    ):
        wall.ok("calls:watch", {})
        for caller in (owner, other):
            caller.create("ann", call_id=call_id)
        for client in (ours, anothers):
            assert client.event("call:assigned")["call_id"] == call_id
            client.ok("call:subscribe", {"call_id": call_id, "interim": True})
        owner.say(call_id, line("i1", "interim secret", speaker="agent", final=False))
        owner.say(call_id, line("s1", "secret", speaker="agent"))
        assert ours.event("transcription:update")["text"] == "interim secret"
        assert ours.event("transcription:update")["text"] == "secret"
        owner.post("/v1/agents/ann/revoke")
        assert ours.event("session:closing")["code"] == "revoked"
        # What is said in their own call comes after whatever might have leaked.
        other.say(call_id, line("s1", "theirs", speaker="agent"))
        assert anothers.event("transcription:update")["text"] == "theirs"
        wall.until(
            lambda _: any(
                row.get("last_line", {}).get("text") == "theirs"
                for event in wall.events("calls:changed")
                for row in event["calls"]
            )
        )
        assert "secret" not in str(wall.heard) + str(anothers.heard)
        assert anothers.ok("client:report", {"paint_ms": []}) == {}


def test_a_tenants_wall_and_lists_do_not_count_anothers_calls(
    tenants: tuple[Tenant, Tenant],
) -> None:
    mine, theirs = tenants
    ids = [new_id() for _ in range(3)]
    with (
        mine.caller() as owner,
        theirs.caller() as other,
        theirs.socket("sue", "supervisor") as sue,
    ):
        for call_id in ids:
            owner.create("ann", call_id=call_id)
        until(lambda: ids[-1] in str(owner.get("/v1/calls?limit=200")))
        listed = {row["call_id"] for row in sue.ok("calls:watch", {})["calls"]}
        assert listed.isdisjoint(ids)
        seen = {row["call_id"] for row in other.get("/v1/calls?agent_id=ann&limit=200")["calls"]}
        assert seen.isdisjoint(ids)
        # A page of one tenant's list is no way into another's.
        following = owner.get("/v1/calls?limit=1").get("next")
        assert following
        page = other.ask("GET", f"/v1/calls?limit=200&page={following}")
        assert not any(call_id in page.text for call_id in ids)

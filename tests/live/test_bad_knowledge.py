"""A knowledge base as nobody would wish it, on a real server: empty, huge, all alike, in a
language nobody taught, broken. It is refused by name, or does no harm.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from engine.config import Settings, Tokens
from engine.identity import Tokens as TokenMaker
from tests.live.raw_client import RawClient
from tests.live.server import SECRET, Caller, LiveServer, line, new_id, running, until

TWINS = 10_000
PUTS = 5  # of a large document, at most
PUT_S = 120.0  # of thousands of documents, on a machine that runs other tests
PARKING = {"id": "parking", "title": "Parking", "text": "Guests park for free in the garage."}
SCRIPTED = {
    "id": "scripted",
    "title": "Fees",
    "text": """<html><head><style>p { color: red }</style><script>steal("fees")</script></head>
    <body onload="steal()"><h1>Late fees</h1><p>A late fee is <b onclick="steal()">charged</b>
    after the due date.<script>document.write("late fee steal")</script></p>
    <!-- late fee steal --><img src=x onerror="steal()"><template>late fee steal</template>
    <iframe srcdoc="<p>late fee steal</p>"></iframe></body></html>""",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running(tmp_path_factory.mktemp("bad"), EARSHOT__ASSIST__THRESHOLD=0.01) as made:
        yield made


class Tenant:
    """A knowledge base of its own and a call in it."""

    def __init__(self, server: LiveServer, open_: contextlib.ExitStack) -> None:
        self._server, self._open, self._name = server, open_, new_id("tenant")
        self.admin, self.producer = self._caller("admin"), self._caller("producer")
        self._spoken = 0

    def _token(self, agent_id: str, role: Any) -> str:
        maker = TokenMaker(Settings(tokens=Tokens(), jwt_secret=SECRET))
        return maker.issue(agent_id, role, self._name, time.time())[0]

    def _caller(self, role: Any) -> Caller:
        return self._open.enter_context(Caller(self._server.url, self._token(f"{role}-1", role)))

    def put(self, body: Any, **headers: str) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps({"documents": body}).encode()
        return requests.put(
            f"{self._server.url}/v1/documents", data=raw, timeout=PUT_S,
            headers={"Authorization": f"Bearer {self.admin.token}"} | headers,
        )  # fmt: skip

    def refused(self, *documents: dict[str, Any]) -> list[tuple[Any, str, Any]]:
        """(id, code, field) of each of them that was."""
        answer = self.put(list(documents)).json()
        assert answer["accepted"] + len(answer["refused"]) == len(documents)
        return [(r["id"], r["error"]["code"], r["error"].get("field")) for r in answer["refused"]]

    def knows(self, *documents: dict[str, Any]) -> None:
        """Put and served, with vectors."""
        assert self.refused(*documents) == []
        until(self._is_served, PUT_S)

    def _is_served(self) -> bool:
        found = self.admin.get("/v1/knowledge")
        return bool(found["current"] and found["model"] and not found["waiting"])

    def call(self, **metadata: Any) -> tuple[str, RawClient]:
        agent_id, call_id = new_id("agent"), new_id()
        body = {"call_id": call_id, "agent_ids": [agent_id], "metadata": metadata}
        self.producer.post("/v1/calls", body)
        client = RawClient(self._server.url, {"token": self._token(agent_id, "agent")})
        self._open.callback(client.close)
        client.ok("call:subscribe", {"call_id": call_id})
        return call_id, client

    def say(self, call_id: str, text: str) -> str:
        self._spoken += 1
        segment_id = f"s{self._spoken}"
        self.producer.say(call_id, line(segment_id, text))
        return segment_id

    def suggested(self, call_id: str, client: RawClient, text: str) -> list[dict[str, Any]]:
        because = self.say(call_id, text)
        shown = client.until(
            lambda packet: packet.name == "ai:suggestion" and packet.data["because"] == because
        )
        return shown.data["documents"]  # type: ignore[no-any-return]


@pytest.fixture
def tenant(server: LiveServer) -> Iterator[Tenant]:
    with contextlib.ExitStack() as open_:
        yield Tenant(server, open_)


def test_an_empty_knowledge_base_suggests_nothing_and_says_why(tenant: Tenant) -> None:
    call_id, client = tenant.call()
    assert tenant.suggested(call_id, client, "where can guests park their car") == []
    until(lambda: tenant.admin.get("/v1/knowledge")["ranking"] == "ok")
    assert "no documents" in tenant.admin.get("/v1/knowledge")["why"]
    assert tenant.admin.get("/v1/documents/search?q=parking") == {"documents": []}
    told = [one.data for one in client.heard if one.name == "call:health"]
    if not any(health.get("why") == "no_documents" for health in told):
        client.until(lambda one: one.name == "call:health" and one.data["why"] == "no_documents")


@pytest.mark.parametrize("size", [500_001, 9_900_000])
def test_a_document_that_is_too_long_is_refused_by_its_field(tenant: Tenant, size: int) -> None:
    long = {"id": "long", "title": "Long", "text": "word " * (size // 5) + "x"}
    assert tenant.refused(long, PARKING) == [("long", "bad_request", "text")]
    assert tenant.admin.get("/v1/documents/parking")["title"] == "Parking"


def test_a_body_of_more_than_10_mb_is_refused_before_it_is_read(tenant: Tenant) -> None:
    long = {"id": "long", "title": "Long", "text": "word " * 2_000_001}
    answer = tenant.put([long])
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert answer.json()["error"]["field"] == "body"


def test_while_a_large_document_is_put_other_calls_hear_every_line(tenant: Tenant) -> None:
    """Where all stand still, one or two are heard: those that were under way. A machine that
    stands still lets none be heard either, but not each time."""
    call_id, client = tenant.call()
    text = "# Part\n\nSome *words* here.\n\n" * 17_000

    def heard_meanwhile(number: int) -> int:
        large = {"id": "large", "title": f"Large {number}", "text": text}
        answers: list[int] = []
        putting = threading.Thread(target=lambda: answers.append(tenant.put([large]).status_code))
        putting.start()
        spoken = heard = 0
        while putting.is_alive() or not spoken:
            spoken += 1
            tenant.say(call_id, f"line {number}.{spoken}")
            client.until(lambda packet: packet.name == "transcription:update")
            heard += not answers
        putting.join()
        assert answers == [200]
        return heard

    assert any(heard_meanwhile(number) > 3 for number in range(PUTS)), "nothing was heard"


def test_scripts_of_a_page_are_in_no_excerpt_and_nobody_finds_them(tenant: Tenant) -> None:
    tenant.knows(SCRIPTED, PARKING)
    [hit, *_] = tenant.admin.get("/v1/documents/search?q=late fee")["documents"]
    assert hit["excerpt"] == "A late fee is charged after the due date."
    found = tenant.admin.get("/v1/documents/search?q=steal")["documents"]
    assert not any("steal" in one["excerpt"] for one in found)
    call_id, client = tenant.call()
    [card, *_] = tenant.suggested(call_id, client, "when is a late fee charged")
    assert (card["id"], card["title"]) == ("scripted", "Fees")
    assert not any(sign in card["excerpt"] for sign in ("steal", "<", "color"))


def test_ten_thousand_documents_alike_are_one_card(tenant: Tenant) -> None:
    tenant.knows({"id": "wifi", "title": "Wi-Fi", "text": "The password of the network."})
    tenant.knows(*(PARKING | {"id": f"twin-{n}"} for n in range(TWINS)))
    call_id, client = tenant.call()
    cards = tenant.suggested(call_id, client, "where can guests park their car for free")
    assert [card["title"] for card in cards] == ["Parking"]


def test_a_language_that_nobody_was_taught_is_found_by_its_words(tenant: Tenant) -> None:
    tenant.knows(
        {
            "id": "maegi", "language": "et", "title": "Parkimine",
            "text": "Külalised pargivad tasuta maa-aluses garaažis.",
        },
        {
            "id": "hommik", "language": "et", "title": "Hommikusöök",
            "text": "Hommikusööki pakutakse kella kümneni.",
        },
        PARKING | {"language": "en"},
    )  # fmt: skip
    call_id, client = tenant.call(language="et")
    [card, *more] = tenant.suggested(call_id, client, "kus asub garaažis parkimine külalised")
    assert card["id"] == "maegi"
    assert "parking" not in [one["id"] for one in more], "that is in another language"


def test_a_document_that_changes_under_its_card_is_shown_anew(tenant: Tenant) -> None:
    tenant.knows(PARKING)
    call_id, client = tenant.call()
    asked = "where can guests park their car"

    before = tenant.suggested(call_id, client, asked)
    tenant.knows(PARKING | {"text": "Guests park for ten euros in the garage."})
    after = tenant.suggested(call_id, client, asked)

    assert [card["excerpt"] for card in before] == [PARKING["text"]]
    assert [card["excerpt"] for card in after] == ["Guests park for ten euros in the garage."]


@pytest.mark.parametrize("tags", [["no-such-tag"], "no-such-tag"])
def test_a_tag_that_no_document_has_leaves_those_without_tags(tenant: Tenant, tags: Any) -> None:
    tenant.knows(PARKING, PARKING | {"id": "vip", "title": "VIP parking", "tags": ["vip"]})
    call_id, client = tenant.call(tags=tags)
    cards = tenant.suggested(call_id, client, "where can guests park their car for free")
    assert [card["id"] for card in cards] == ["parking"]


def test_a_verdict_on_what_was_never_shown_is_refused_and_teaches_nothing(tenant: Tenant) -> None:
    tenant.knows(PARKING)
    call_id, client = tenant.call()
    verdict = {"doc_id": "parking", "helpful": True, "call_id": call_id}
    refusal = client.refusal("doc:feedback", verdict)
    assert (refusal["code"], refusal["field"]) == ("not_found", "doc_id")
    assert tenant.admin.get("/v1/documents/parking/verdicts") == {"verdicts": []}
    tenant.suggested(call_id, client, "where can guests park their car for free")
    client.ok("doc:feedback", verdict)
    until(lambda: tenant.admin.get("/v1/documents/parking/verdicts")["verdicts"])


def test_broken_lines_are_named_and_the_others_are_in(tenant: Tenant) -> None:
    lines = [json.dumps(PARKING), "{broken", json.dumps(PARKING | {"id": "b c"}), '{"id": "d"}']
    body = "\n".join(lines).encode()
    answer = tenant.put(body, **{"Content-Type": "application/x-ndjson"}).json()
    assert answer["accepted"] == 1
    told = [(r["error"]["message"].split(":")[0], r["error"].get("field"))
            for r in answer["refused"]]  # fmt: skip
    assert told == [("line 2", None), ("line 3", "id"), ("line 4", "title")]

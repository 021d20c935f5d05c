"""Documents over HTTP: put, found, read, deleted, and what agents thought of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from actors import messages as m
from engine.identity import Identity
from engine.wire import DocFeedback, SuggestedDocument
from tests.web.api.conftest import Caller, error, line
from tests.web.api.memory_node import MemoryNode
from web.api import documents

FEE = {
    "id": "late-fee",
    "title": "Late fees",
    "text": "# Late fees\n\nA late fee is charged when an invoice is paid after its due date.",
    "url": "https://example.com/late-fee",
    "tags": ["billing"],
    "language": "en",
}
ROUTER = {"id": "router", "title": "Restart the router", "text": "Hold the button for 10 seconds."}


def _lines(*documents: Any) -> str:
    return "\n".join(json.dumps(document) for document in documents)


def test_a_document_is_put_found_read_and_deleted(admin: Caller, ann: Caller) -> None:
    receipt = admin("PUT", "/v1/documents", {"documents": [FEE, ROUTER]})
    assert receipt.get_json() == {"accepted": 2, "refused": []}
    view = ann.get("/v1/documents/late-fee").get_json()
    assert view.pop("updated_at").endswith("Z")
    assert view.pop("blocks")[0] == {"kind": "heading", "text": "Late fees", "level": 1}
    assert view == FEE
    [hit] = ann.get("/v1/documents/search?q=late invoice fee").get_json()["documents"]
    assert (hit["id"], hit["title"], hit["url"]) == ("late-fee", "Late fees", FEE["url"])
    assert 0 < hit["relevance"] <= 1
    assert "due date" in hit["excerpt"]
    deleted = admin("DELETE", "/v1/documents/late-fee")
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert ann.get("/v1/documents/search?q=invoice").get_json() == {"documents": []}
    for method in ("GET", "DELETE"):
        assert error(admin(method, "/v1/documents/late-fee"), 404)["code"] == "not_found"


def test_a_page_that_was_put_is_read_as_blocks_without_its_furniture(
    admin: Caller, ann: Caller
) -> None:
    page = (
        "<html><head><title>T</title><style>.x{color:red}</style></head><body>"
        "<nav>Home | Intranet</nav><h1>Gizmo</h1><p>Wait for purple &amp; let go"
        "<script>track()</script><ol><li>Hold</ol>"
        "<table><tr><th>Plan<td>Small</table><pre>a\n b</pre>"
    )
    admin("PUT", "/v1/documents", {"documents": [{**ROUTER, "text": page}]})

    view = ann.get("/v1/documents/router").get_json()

    assert view["text"] == page
    assert view["blocks"] == [
        {"kind": "heading", "text": "Gizmo", "level": 1},
        {"kind": "text", "text": "Wait for purple & let go"},
        {"kind": "item", "text": "Hold", "number": 1},
        {"kind": "row", "text": "Plan, Small", "cells": ["Plan", "Small"]},
        {"kind": "code", "text": "a\n b"},
    ]


def test_a_document_says_where_its_links_lead_and_is_not_found_by_that(
    admin: Caller, ann: Caller
) -> None:
    bad = "<a href='javascript:alert(1)'>that</a>"
    text = f"See [the terms](/terms) or [call](tel:+49-30-1), not {bad}."
    document = {**ROUTER, "text": text, "url": "https://help.example/zanzibar/router"}
    admin("PUT", "/v1/documents", {"documents": [document]})

    [block] = ann.get("/v1/documents/router").get_json()["blocks"]

    assert block == {
        "kind": "text",
        "text": "See the terms or call, not that.",
        "pieces": [
            {"text": "See "},
            {"text": "the terms", "url": "https://help.example/terms"},
            {"text": " or "},
            {"text": "call", "url": "tel:+49-30-1"},
            {"text": ", not that."},
        ],
    }
    assert ann.get("/v1/documents/search?q=zanzibar").get_json() == {"documents": []}


def test_documents_are_their_tenants_own(admin: Caller, caller: Callable[..., Caller]) -> None:
    admin("PUT", "/v1/documents", {"documents": [FEE]})
    stranger = caller("root", "admin", "another-tenant")
    assert error(stranger.get("/v1/documents/late-fee"), 404)["code"] == "not_found"
    assert stranger.get("/v1/documents/search?q=late fee").get_json() == {"documents": []}


def test_any_role_reads_documents_and_only_admins_change_them(
    admin: Caller, caller: Callable[..., Caller]
) -> None:
    admin("PUT", "/v1/documents", {"documents": [FEE]})
    for role in ("agent", "supervisor", "producer"):
        who = caller("eve", role)
        assert who.get("/v1/documents/late-fee").status_code == 200
        assert who.get("/v1/documents/search?q=fee").status_code == 200
        for method, path in (
            ("PUT", "/v1/documents"),
            ("DELETE", "/v1/documents/late-fee"),
            ("GET", "/v1/documents/late-fee/verdicts"),
        ):
            assert error(who(method, path), 403)["code"] == "forbidden"


def test_a_document_that_is_wrong_is_refused_alone(admin: Caller) -> None:
    mixed: list[Any] = [
        FEE,
        {"id": "no-text", "title": "Nothing"},
        {"id": "empty", "title": "Empty", "text": ""},
        {"id": "blank", "title": "Blank", "text": " \n "},
        {"id": "a b", "title": "Bad id", "text": "text"},
        {"id": "surrogate", "title": "T", "text": "a\ud800"},
        {"id": "nul", "title": "T", "text": "a\x00"},
        {"id": "long", "title": "T", "text": "x" * 500_001},
        {"id": "script", "title": "T", "text": "text", "url": "javascript:alert(1)"},
        "late-fee",
        ROUTER,
    ]
    body = admin("PUT", "/v1/documents", {"documents": mixed}).get_json()
    assert body["accepted"] == 2
    refused = [(r["id"], r["error"]["code"], r["error"].get("field")) for r in body["refused"]]
    assert sorted(refused, key=str) == sorted(
        [
            ("no-text", "bad_request", "text"),
            ("empty", "bad_request", "text"),
            ("blank", "bad_request", "text"),
            ("a b", "bad_request", "id"),
            ("surrogate", "bad_request", "text"),
            ("nul", "bad_request", "text"),
            ("long", "bad_request", "text"),
            ("script", "bad_request", "url"),
            (None, "bad_request", None),
        ],
        key=str,
    )
    assert admin.get("/v1/documents/router").status_code == 200


def test_a_document_of_a_body_that_a_later_one_replaces_is_named(admin: Caller) -> None:
    twice = [FEE, ROUTER, FEE | {"text": "Another text."}]
    body = admin("PUT", "/v1/documents", {"documents": twice}).get_json()
    assert body["accepted"] == 2
    [told] = body["refused"]
    assert (told["id"], told["error"]["code"], told["error"]["field"]) == (
        "late-fee", "conflict", "id",
    )  # fmt: skip
    assert told["error"]["message"].startswith("documents[0]: documents[2] has the same id")
    assert admin.get("/v1/documents/late-fee").get_json()["text"] == "Another text."


def test_a_tenant_at_its_limit_is_told_which_documents_found_no_room(
    admin: Caller, node: MemoryNode
) -> None:
    node.documents.most = 1
    body = admin("PUT", "/v1/documents", {"documents": [FEE, ROUTER]}).get_json()
    assert body["accepted"] == 1
    [told] = body["refused"]
    assert (told["id"], told["error"]["code"], told["error"]["field"]) == (
        "router", "too_many", "id",
    )  # fmt: skip
    assert "holds 1 documents, the most it may" in told["error"]["message"]
    assert error(admin.get("/v1/documents/router"), 404)["code"] == "not_found"
    again = admin("PUT", "/v1/documents", {"documents": [FEE | {"text": "New."}]}).get_json()
    assert again == {"accepted": 1, "refused": []}


def test_documents_that_are_all_refused_are_still_answered(admin: Caller) -> None:
    response = admin("PUT", "/v1/documents", {"documents": [{"id": "x"}]})
    assert response.status_code == 200
    assert response.get_json()["accepted"] == 0


@pytest.mark.parametrize("content_type", ["application/x-ndjson", "application/json"])
def test_json_lines_are_told_by_their_type_or_their_look(admin: Caller, content_type: str) -> None:
    body = _lines(FEE, {"id": "x"}, ROUTER) + "\n\n{broken\n"
    response = admin("PUT", "/v1/documents", body, headers={"Content-Type": content_type})
    answer = response.get_json()
    assert answer["accepted"] == 2
    assert [(r["id"], r["error"]["message"].split(":")[0]) for r in answer["refused"]] == [
        ("x", "line 2"),
        (None, "line 5"),
    ]


def test_lines_that_say_so_are_lines_from_the_first(admin: Caller) -> None:
    body = "{broken\n" + _lines(FEE)
    lines = admin("PUT", "/v1/documents", body, headers={"Content-Type": "application/x-ndjson"})
    assert (lines.get_json()["accepted"], len(lines.get_json()["refused"])) == (1, 1)
    assert error(admin("PUT", "/v1/documents", body), 400)["code"] == "bad_request"


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", "null", '{"documents": {}}', '{"documents": null}']
)
def test_a_malformed_body_is_a_bad_request(admin: Caller, body: str) -> None:
    assert error(admin("PUT", "/v1/documents", body), 400)["code"] == "bad_request"


def test_more_documents_than_the_bound_are_refused_before_the_first(
    admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_DOCUMENTS", 3)
    four = [ROUTER | {"id": f"d-{number}"} for number in range(4)]
    for body in (json.dumps({"documents": four}), _lines(*four)):
        assert error(admin("PUT", "/v1/documents", body), 413)["code"] == "too_large"
    assert error(admin.get("/v1/documents/d-0"), 404)


def test_reading_documents_holds_up_nobody_else(admin: Caller) -> None:
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            gevent.sleep(0)
            ticks += 1

    ticker = gevent.spawn(tick)
    large = ROUTER | {"text": "# Router\n\nHold *the* button.\n\n" * 500}
    assert admin("PUT", "/v1/documents", {"documents": [large]}).get_json()["accepted"] == 1
    ticker.kill()
    assert ticks > 1


def test_documents_that_wait_too_long_to_be_read_are_busy(
    admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "READING_WAIT_S", 0.001)
    with documents._one_reader:
        response = admin("PUT", "/v1/documents", {"documents": [FEE]})
    assert error(response, 429)["code"] == "busy"
    assert response.headers["Retry-After"] == "10"
    assert admin("PUT", "/v1/documents", {"documents": [FEE]}).status_code == 200


def test_a_search_needs_something_to_look_for(ann: Caller) -> None:
    for path, field in (
        ("/v1/documents/search", "q"),
        ("/v1/documents/search?q=", "q"),
        (f"/v1/documents/search?q={'x' * 1001}", "q"),
        ("/v1/documents/search?q=%00", "q"),
        ("/v1/documents/search?q=fee&limit=51", "limit"),
        ("/v1/documents/search?q=fee&top=5", "top"),
    ):
        assert error(ann.get(path), 400)["field"] == field


def _judge(node: MemoryNode, tenant: str, agent_id: str, helpful: bool) -> None:
    """As the agent does on the desk: the document is suggested in the call, then judged."""
    identity = Identity(agent_id, "agent", tenant, node.clock.wall() + 60)
    feedback = DocFeedback("late-fee", helpful, "call-1")
    node.world.command(
        "call-1", lambda to: m.GiveVerdict(identity, feedback, f"f-{helpful}", to, 1), tenant
    )


def test_admins_see_what_agents_thought_of_a_document(
    admin: Caller, producer: Caller, node: MemoryNode, call: str
) -> None:
    admin("PUT", "/v1/documents", {"documents": [FEE]})
    path = "/v1/documents/late-fee/verdicts"
    assert admin.get(path).get_json() == {"verdicts": []}
    producer.segments(call, line("s-1", "why is there a late fee"))
    node.world.run(1)
    [(because, _, reply_to)] = node.world.proposals
    shown = SuggestedDocument("late-fee", "Late fees", "A late fee is charged", 0.9)
    reply_to.tell(m.Proposed(because, [shown], "Late fees", "title"))
    node.world.run()
    _judge(node, admin.tenant, "ann", True)
    [verdict] = admin.get(path).get_json()["verdicts"]
    assert verdict.pop("at").endswith("Z")
    shown_then = ["late-fee"]
    assert verdict == {"call_id": call, "agent_id": "ann", "helpful": True, "shown": shown_then}
    admin("DELETE", "/v1/documents/late-fee")
    assert len(admin.get(path).get_json()["verdicts"]) == 1
    detail = producer.get(f"/v1/calls/{call}").get_json()
    assert detail["suggestion"]["documents"][0]["id"] == "late-fee"
    assert detail["verdicts"][0]["helpful"] is True


def test_a_document_nobody_knows_has_no_verdicts(admin: Caller) -> None:
    assert error(admin.get("/v1/documents/no-such/verdicts"), 404)["code"] == "not_found"

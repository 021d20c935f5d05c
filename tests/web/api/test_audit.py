"""The audit over HTTP: JSON lines for admins, page by page; what requests leave in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.api.conftest import Caller, error
from tests.web.api.memory_node import MemoryNode

DOCUMENT = {"id": "d-1", "title": "T", "text": "x"}


def kinds(node: MemoryNode) -> list[tuple[str, str]]:
    return [(by, kind) for by, kind, _ in node.noted]


def lines(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200
    assert response.content_type.startswith("application/x-ndjson")
    return [json.loads(one) for one in response.data.splitlines()]


def test_an_admin_reads_it_page_by_page(admin: Caller, node: MemoryNode, call: str) -> None:
    for _ in range(3):
        admin.get(f"/v1/calls/{call}")
    first = lines(admin.get("/v1/audit?limit=2"))
    rest = lines(admin.get(f"/v1/audit?limit=2&after={first[-1]['id']}"))
    assert [one["kind"] for one in (*first, *rest)] == ["call.read"] * 3
    assert lines(admin.get(f"/v1/audit?after={rest[-1]['id']}")) == []


@pytest.mark.parametrize("role", ["agent", "supervisor", "producer"])
def test_nobody_else_does(caller: Callable[..., Caller], role: str) -> None:
    assert error(caller("eve", role).get("/v1/audit"), 403)["code"] == "forbidden"


@pytest.mark.parametrize(
    ("query", "field"), [("after=x", "after"), ("after=1-2%0a", "after"), ("limit=0", "limit")]
)
def test_a_page_that_is_none_is_named(admin: Caller, query: str, field: str) -> None:
    assert error(admin.get(f"/v1/audit?{query}"), 400)["field"] == field


def test_what_was_done_is_noted_and_what_was_refused_is_not(
    admin: Caller, ann: Caller, bob: Caller, node: MemoryNode, call: str
) -> None:
    assert ann.get(f"/v1/calls/{call}").status_code == 200
    assert bob.get(f"/v1/calls/{call}").status_code == 404
    admin("PUT", "/v1/documents", {"documents": [DOCUMENT, {"id": "ill"}]})
    bob("DELETE", "/v1/documents/d-1")
    admin("DELETE", "/v1/documents/d-1")
    admin("DELETE", "/v1/documents/d-1")
    admin.post("/v1/agents/bob/revoke")
    admin("DELETE", f"/v1/calls/{call}")
    assert node.noted == [
        ("ann", "call.read", {"call_id": call}),
        ("root", "documents.put", {"doc_ids": ["d-1"]}),
        ("root", "document.deleted", {"doc_ids": ["d-1"]}),
        ("root", "agent.revoked", {"agent_id": "bob"}),
        ("root", "call.erased", {"call_id": call}),
    ]

"""The desk in a real browser, against the real server."""

from __future__ import annotations

from pathlib import Path

from tests.browser.script import seen_by
from tests.live.server import Caller, LiveServer, line, running, until

SCRIPT = Path(__file__).with_name("desk.mjs")
HOSTILE = '<img src=x onerror="alert(1)">'


def _is_found(admin: Caller, words: str) -> bool:
    answer = admin.ask("GET", f"/v1/documents/search?q={words}")
    return answer.status_code == 200 and bool(answer.json()["documents"])  # 503: not ranking yet


def _call_with_a_suggestion(server: LiveServer) -> str:
    text = "# Router without a light\n\nIf the router has no light, check its plug and adapter."
    document = {"id": "router", "title": "Router without a light", "text": text}
    with server.caller("admin-1", "admin") as admin:
        admin.ask("PUT", "/v1/documents", {"documents": [document]})
        call = admin.post("/v1/calls", {"agent_ids": ["agent-1"], "customer": "Ada"})
        call_id: str = call["call"]["call_id"]
        until(lambda: _is_found(admin, "router light"))
        admin.say(call_id, line("s1", HOSTILE, speaker="agent"))
        admin.say(call_id, line("s2", "my router has no light at all"))
        until(lambda: admin.get(f"/v1/calls/{call_id}")["suggestion"])
    return call_id


def test_an_agent_sees_the_call_and_says_that_a_document_helped(
    tmp_path: Path, node: str, chromium: str
) -> None:
    with running(tmp_path) as server:
        call_id = _call_with_a_suggestion(server)
        seen = seen_by(SCRIPT, f"{server.url}/", node=node, chromium=chromium, timeout_s=240)
        assert seen["heading"] == "Ada"
        assert seen["lines"] == [HOSTILE, "my router has no light at all"]
        assert (seen["injected"], seen["complaints"]) == (0, [])
        with server.caller() as producer:
            until(lambda: producer.get(f"/v1/calls/{call_id}")["verdicts"])
            verdict = producer.get(f"/v1/calls/{call_id}")["verdicts"][0]
        assert (verdict["doc_id"], verdict["helpful"]) == ("router", True)

"""From a verdict on one server to the report of another, and erasure of all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.live.raw_client import RawClient
from tests.live.server import ROOT, Caller, LiveServer, line, new_id, until

PARKING = {"id": "parking", "title": "Parking", "text": "Guests park for free in the garage."}
WIFI = {"id": "wifi", "title": "Wi-Fi", "text": "The password of the network is at the desk."}


def missing(admin: Caller) -> list[Any]:
    found: list[Any] = admin.get("/v1/knowledge/report")["missing"]
    return found


def test_verdicts_and_what_was_missing_reach_the_report_and_leave_it_with_their_call(
    own_server: LiveServer,
) -> None:
    agent_id, caller = new_id("agent"), own_server.caller()
    call_id = caller.create(agent_id)
    admin = own_server.caller("admin-1", "admin")
    assert admin.ask("PUT", "/v1/documents", {"documents": [PARKING, WIFI]}).ok
    with RawClient(own_server.url, {"token": own_server.token(agent_id)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        caller.say(call_id, line("s1", "where can guests park their car"))
        assert client.event("ai:suggestion")["documents"][0]["id"] == "parking"
        verdict = {"call_id": call_id, "doc_id": "parking", "helpful": True}
        client.ok("doc:feedback", verdict)
        never = {"call_id": call_id, "doc_id": "nobody-showed-it", "helpful": True}
        assert client.refusal("doc:feedback", never)["code"] == "not_found"
    until(lambda: admin.get("/v1/knowledge/report")["best"])
    [row] = admin.get("/v1/documents/parking/verdicts")["verdicts"]
    assert row["shown"][0] == "parking"
    environment = os.environ | {"EARSHOT_URL": own_server.url, "EARSHOT_TOKEN": admin.token}
    told = subprocess.run(
        [sys.executable, "-m", "web.cli", "knowledge-report"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Parking (parking)" in told
    assert "Never shown: 1 document" in told
    assert admin.ask("DELETE", f"/v1/calls/{call_id}").ok
    report = admin.get("/v1/knowledge/report")
    assert (report["best"], report["verdicts"]) == ([], 0)
    assert "guests" not in json.dumps(report)


def test_what_two_calls_ask_and_nothing_answers_is_missing_until_one_is_erased(
    own_server: LiveServer,
) -> None:
    caller, admin = own_server.caller(), own_server.caller("admin-1", "admin")
    for _ in range(2):
        call_id = caller.create(new_id("agent"))
        caller.say(call_id, line("s1", "Where may I park electric scooters overnight?"))
    until(lambda: missing(admin))
    assert set(missing(admin)[0]["words"]) == {"park", "electric", "scooters", "overnight"}
    assert admin.ask("DELETE", f"/v1/calls/{call_id}").ok
    report = admin.get("/v1/knowledge/report")
    assert (report["missing"], report["missing_once"]) == ([], 1)

"""What is served of the knowledge base, and the report for its owner."""

from __future__ import annotations

from collections.abc import Callable

from engine.assist.asked import Asked
from engine.decoding import encode
from engine.log import CallKey
from engine.wire import AiSuggestion, FeedbackUpdate, SuggestedDocument
from tests.web.api.conftest import Caller, error
from tests.web.api.memory_node import MemoryNode

PARKING = {"id": "parking", "title": "Parking", "text": "Guests park for free in the garage."}
WIFI = {"id": "wifi", "title": "Wi-Fi", "text": "The password is at the desk."}


def test_any_role_sees_what_is_served(admin: Caller, ann: Caller) -> None:
    before = ann.get("/v1/knowledge").get_json()
    assert (before["ranking"], before["documents"]) == ("idle", 0)
    assert before["why"] == "there are no documents, so nothing is suggested"
    admin("PUT", "/v1/documents", {"documents": [PARKING, WIFI]})
    after = ann.get("/v1/knowledge").get_json()
    assert (after["ranking"], after["documents"], after["passages"]) == ("ok", 2, 2)
    assert "no documents" not in after["why"]
    assert (before["current"], after["current"]) == (False, True)


def test_the_report_is_for_admins(
    admin: Caller, caller: Callable[..., Caller], node: MemoryNode
) -> None:
    for role in ("agent", "supervisor", "producer"):
        refused = caller("somebody", role).get("/v1/knowledge/report")
        assert error(refused, 403)["code"] == "forbidden"


def test_the_report_says_what_helps_and_what_is_missing(admin: Caller, node: MemoryNode) -> None:
    admin("PUT", "/v1/documents", {"documents": [PARKING, WIFI]})
    call = CallKey(admin.tenant, "c")
    card = SuggestedDocument("parking", "Parking", "…", 0.9)
    node.world.shown(call, AiSuggestion("c", [card], "", "none", "s", "s1", "e", 2), Asked())
    node.world.verdict(call, encode(FeedbackUpdate("c", "parking", "ann", True, "e", 3)))
    for one in (call, CallKey(admin.tenant, "d")):
        node.world.unanswered(one, "s2", Asked(words=("charge", "electric", "car")))
    node.world.unanswered(call, "s3", Asked(words=("tomasz", "wilk")))
    found = admin.get("/v1/knowledge/report").get_json()
    assert [(row["id"], row["helpful"], row["shown"]) for row in found["best"]] == [
        ("parking", 1, 1)
    ]
    assert (found["worst"], found["documents"]) == ([], 2)
    assert [row["id"] for row in found["never_shown"]] == ["wifi"]
    assert [row["words"] for row in found["missing"]] == [["charge", "electric", "car"]]
    assert (found["missing_count"], found["missing_once"]) == (1, 1)

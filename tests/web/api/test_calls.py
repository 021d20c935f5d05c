"""Calls over HTTP: created, changed, listed, read, erased; and whose they are."""

from __future__ import annotations

from collections.abc import Callable

from engine.log import CallKey
from tests.web.api.conftest import Caller, error, line
from tests.web.api.memory_node import MemoryNode


def test_a_new_call_is_created_with_its_place(producer: Caller) -> None:
    response = producer.post(
        "/v1/calls",
        {"call_id": "c-7", "agent_ids": ["ann"], "customer": "Mo", "metadata": {"queue": "tv"}},
    )
    assert response.status_code == 201
    assert response.headers["Location"] == "/v1/calls/c-7"
    body = response.get_json()
    assert body["seq"] == 1
    assert body["call"]["status"] == "active"
    assert body["call"]["metadata"] == {"queue": "tv"}


def test_a_call_that_is_created_again_is_answered_as_it_is(producer: Caller, call: str) -> None:
    producer.segments(call, line("s-1"))
    again = producer.post("/v1/calls", {"call_id": call, "agent_ids": ["bob"]})
    assert again.status_code == 200
    assert again.get_json()["call"]["agent_ids"] == ["ann"]
    assert again.get_json()["seq"] == 2


def test_without_a_call_id_the_server_makes_one(producer: Caller) -> None:
    first = producer.post("/v1/calls", {"agent_ids": []}).get_json()["call"]["call_id"]
    second = producer.post("/v1/calls", {"agent_ids": []}).get_json()["call"]["call_id"]
    assert first != second
    assert producer.get(f"/v1/calls/{first}").status_code == 200


def test_a_changed_call_is_answered_as_it_is_afterwards(producer: Caller, call: str) -> None:
    held = producer("PATCH", f"/v1/calls/{call}", {"status": "on_hold"}).get_json()
    assert (held["call"]["status"], held["seq"]) == ("on_hold", 2)
    same = producer("PATCH", f"/v1/calls/{call}", {"status": "on_hold"}).get_json()
    assert same["seq"] == 2
    ended = producer("PATCH", f"/v1/calls/{call}", {"status": "ended"}).get_json()
    assert ended["call"]["ended_at"]


def test_an_ended_call_does_not_come_back(producer: Caller, call: str) -> None:
    producer("PATCH", f"/v1/calls/{call}", {"status": "ended"})
    refused = error(producer("PATCH", f"/v1/calls/{call}", {"status": "active"}), 409)
    assert (refused["code"], refused["field"]) == ("call_ended", "status")


def test_a_reason_needs_a_status(producer: Caller, call: str) -> None:
    refused = error(producer("PATCH", f"/v1/calls/{call}", {"reason": "privacy"}), 400)
    assert (refused["code"], refused["field"]) == ("bad_request", "reason")


def test_a_detail_is_snapshot_and_cursor_together(producer: Caller, ann: Caller, call: str) -> None:
    producer.segments(call, line("s-1"), line("s-2", "still down"))
    detail = ann.get(f"/v1/calls/{call}").get_json()
    assert detail["seq"] == 3
    assert [segment["segment_id"] for segment in detail["segments"]] == ["s-1", "s-2"]
    assert detail["suggestion"] is None
    assert detail["verdicts"] == []


# --- whose it is ------------------------------------------------------------------------------


def test_someone_elses_call_answers_like_one_that_does_not_exist(
    bob: Caller, caller: Callable[..., Caller], call: str
) -> None:
    stranger = caller("ann", "admin", "another-tenant")
    for who in (bob, stranger):
        for rest in ("", "/events"):
            not_theirs = who.get(f"/v1/calls/{call}{rest}")
            not_there = who.get(f"/v1/calls/no-such-call{rest}")
            assert not_theirs.status_code == not_there.status_code == 404
            assert not_theirs.get_json() == not_there.get_json()
    refused = error(bob.get(f"/v1/calls/{call}"), 404)
    assert (refused["code"], refused["field"], refused["retryable"]) == (
        "unknown_call",
        "call_id",
        True,
    )


def test_supervisors_producers_and_admins_see_every_call_of_their_tenant(
    caller: Callable[..., Caller], call: str
) -> None:
    for role in ("supervisor", "producer", "admin"):
        assert caller("eve", role).get(f"/v1/calls/{call}").status_code == 200
        assert caller("eve", role).get(f"/v1/calls/{call}/events").status_code == 200


def test_only_producers_and_admins_write_calls(caller: Callable[..., Caller], call: str) -> None:
    requests = [
        ("POST", "/v1/calls", {"agent_ids": []}),
        ("PATCH", f"/v1/calls/{call}", {"status": "ended"}),
        ("POST", f"/v1/calls/{call}/segments", {"segments": [line("s-1")]}),
        ("POST", "/v1/segments", {"call_id": call, "segments": [line("s-1")]}),
    ]
    for role in ("agent", "supervisor"):
        for method, path, body in requests:
            refused = error(caller("ann", role)(method, path, body), 403)
            assert refused["code"] == "forbidden"
            assert f"The role {role} may not" in refused["message"]
    assert caller("root", "admin")(*requests[0]).status_code == 201


def test_only_admins_erase_a_call(
    caller: Callable[..., Caller], admin: Caller, producer: Caller, call: str
) -> None:
    for role in ("agent", "supervisor", "producer"):
        assert error(caller("ann", role)("DELETE", f"/v1/calls/{call}"), 403)
    erased = admin("DELETE", f"/v1/calls/{call}")
    assert (erased.status_code, erased.data) == (204, b"")
    assert error(producer.get(f"/v1/calls/{call}"), 404)["code"] == "unknown_call"
    assert error(admin("DELETE", f"/v1/calls/{call}"), 404)["code"] == "unknown_call"
    assert producer.get("/v1/calls").get_json()["calls"] == []


# --- lists ------------------------------------------------------------------------------------


def _ids(body: dict[str, list[dict[str, str]]]) -> list[str]:
    return [call["call_id"] for call in body["calls"]]


def _three(producer: Caller, node: MemoryNode) -> None:
    for number, agent in enumerate(("ann", "bob", "ann"), start=1):
        producer.post("/v1/calls", {"call_id": f"c-{number}", "agent_ids": [agent]})
        node.world.run(1)


def test_an_agent_lists_their_own_calls(
    producer: Caller, ann: Caller, bob: Caller, node: MemoryNode
) -> None:
    _three(producer, node)
    assert _ids(ann.get("/v1/calls").get_json()) == ["c-3", "c-1"]
    assert _ids(bob.get("/v1/calls?agent_id=bob").get_json()) == ["c-2"]
    refused = error(bob.get("/v1/calls?agent_id=ann"), 403)
    assert (refused["code"], refused["field"]) == ("forbidden", "agent_id")


def test_calls_are_listed_by_status_and_agent(producer: Caller, node: MemoryNode) -> None:
    _three(producer, node)
    producer("PATCH", "/v1/calls/c-1", {"status": "ended"})
    assert _ids(producer.get("/v1/calls").get_json()) == ["c-3", "c-2", "c-1"]
    assert _ids(producer.get("/v1/calls?status=ended").get_json()) == ["c-1"]
    assert _ids(producer.get("/v1/calls?status=active&agent_id=ann").get_json()) == ["c-3"]


def test_a_list_goes_on_where_its_page_ended(producer: Caller, node: MemoryNode) -> None:
    _three(producer, node)
    first = producer.get("/v1/calls?limit=2").get_json()
    assert _ids(first) == ["c-3", "c-2"]
    second = producer.get(f"/v1/calls?limit=2&page={first['next']}").get_json()
    assert _ids(second) == ["c-1"]
    assert "next" not in second


def test_the_duration_of_a_listed_call_runs_on(producer: Caller, node: MemoryNode) -> None:
    _three(producer, node)
    producer("PATCH", "/v1/calls/c-3", {"status": "ended"})
    node.world.run(60)
    durations = {
        call["call_id"]: call["duration"] for call in producer.get("/v1/calls").get_json()["calls"]
    }
    assert durations == {"c-1": 63, "c-2": 62, "c-3": 1}


def test_a_query_that_cannot_be_is_refused_by_its_name(producer: Caller, call: str) -> None:
    for path, field in (
        ("/v1/calls?status=busy", "status"),
        ("/v1/calls?agent_id=a%20b", "agent_id"),
        ("/v1/calls?limit=0", "limit"),
        ("/v1/calls?limit=many", "limit"),
        ("/v1/calls?limit=1.5", "limit"),
        ("/v1/calls?page=nonsense!", "page"),
        ("/v1/calls?limit=1&limit=2", "limit"),
        ("/v1/calls?agent=ann", "agent"),
        (f"/v1/calls/{call}/events?limit=1001", "limit"),
        (f"/v1/calls/{call}/events?after=-1", "after"),
        (f"/v1/calls/{call}/events?after=99999999999999999999", "after"),
    ):
        refused = error(producer.get(path), 400)
        assert (refused["code"], refused.get("field")) == ("bad_request", field), path


# --- the log ----------------------------------------------------------------------------------


def test_events_are_the_log_byte_for_byte(producer: Caller, node: MemoryNode, call: str) -> None:
    producer.segments(call, line("s-1", "zu spät: 10 €"))
    response = producer.get(f"/v1/calls/{call}/events")
    body = response.get_json()
    assert [event["event"] for event in body["events"]] == ["call:status", "transcription:update"]
    assert (body["seq"], body["more"]) == (2, False)
    page = node.log.read(CallKey(producer.tenant, call), 0, 10)
    for stored in page.events:
        assert stored.body in response.data
    assert body["epoch"] == page.epoch


def test_events_go_on_behind_a_cursor(producer: Caller, call: str) -> None:
    producer.segments(call, *(line(f"s-{number}") for number in range(5)))
    path = f"/v1/calls/{call}/events"
    first = producer.get(f"{path}?limit=4").get_json()
    assert ([e["data"]["seq"] for e in first["events"]], first["more"]) == ([1, 2, 3, 4], True)
    rest = producer.get(f"{path}?after={first['seq']}&epoch={first['epoch']}").get_json()
    assert ([e["data"]["seq"] for e in rest["events"]], rest["more"]) == ([5, 6], False)
    nothing = producer.get(f"{path}?after=6").get_json()
    assert (nothing["events"], nothing["seq"], nothing["more"]) == ([], 6, False)


def test_large_events_fill_a_page_up_to_a_frame(producer: Caller, call: str) -> None:
    for number in range(80):
        assert producer.segments(call, line(f"s-{number}", "x" * 20_000)).status_code == 200
    seen: list[int] = []
    more, pages = True, 0
    while more:
        page = producer.get(f"/v1/calls/{call}/events?after={len(seen)}&limit=1000")
        assert len(page.data) < 1_100_000
        seen += [event["data"]["seq"] for event in page.get_json()["events"]]
        more = page.get_json()["more"]
        pages += 1
    assert seen == list(range(1, 82))
    assert pages == 2


def test_a_cursor_that_is_not_of_this_log_is_a_conflict(producer: Caller, call: str) -> None:
    path = f"/v1/calls/{call}/events"
    epoch = producer.get(path).get_json()["epoch"]
    older = error(producer.get(f"{path}?after=1&epoch=0000"), 409)
    assert (older["code"], older["field"]) == ("conflict", "epoch")
    assert epoch in older["message"]
    beyond = error(producer.get(f"{path}?after=2"), 409)
    assert (beyond["code"], beyond["field"]) == ("conflict", "after")

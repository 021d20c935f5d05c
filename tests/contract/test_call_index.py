"""The lists of calls that are derived from the logs."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from engine.call_index import CallIndex
from engine.errors import BadRequest
from engine.log import CallKey, LogUnavailable
from engine.store import connect
from engine.times import instant_at
from engine.wire import CallView

START_S = 1_700_000_000


def view(call_id: str, started: int = 0, *agents: str, **more: Any) -> CallView:
    fields: dict[str, Any] = {"status": "active", "duration": 0, **more}
    return CallView(
        call_id=call_id,
        started_at=instant_at(START_S + started),
        agent_ids=list(agents),
        **fields,
    )


def ended(call_id: str, started: int, end: int, *agents: str) -> CallView:
    return view(call_id, started, *agents, status="ended", ended_at=instant_at(START_S + end))


def ids(views: list[CallView]) -> list[str]:
    return [one.call_id for one in views]


def all_pages(index: CallIndex, tenant: str, **asked: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    token: str | None = None
    while token is not None or not pages:
        page, token = index.list(tenant, page_token=token, **asked)
        pages.append(ids(page))
        assert len(pages) < 100, "it does not end"
    return pages


def test_a_call_is_found_as_it_was_put(index: CallIndex, tenant: str) -> None:
    put = view("call-1", 0, "agent-1", customer="Ü", metadata={"a": [1, None]})
    index.put(tenant, put, ended=False)
    assert index.get(tenant, "call-1") == put
    assert index.get(tenant, "call-2") is None
    assert index.get("another", "call-1") is None


def test_calls_are_listed_newest_first_whatever_their_status(index: CallIndex, tenant: str) -> None:
    index.put(tenant, ended("old", 0, 10), ended=True)
    index.put(tenant, view("new", 30), ended=False)
    index.put(tenant, ended("middle", 20, 40), ended=True)
    assert index.list(tenant) == ([view("new", 30), *_listed("middle", "old")], None)


def _listed(*names: str) -> list[CallView]:
    known = {"middle": ended("middle", 20, 40), "old": ended("old", 0, 10)}
    return [known[name] for name in names]


def test_a_list_can_be_of_one_status_and_of_one_agent(index: CallIndex, tenant: str) -> None:
    index.put(tenant, view("a", 1, "agent-1"), ended=False)
    index.put(tenant, view("b", 2, "agent-1", status="on_hold"), ended=False)
    index.put(tenant, ended("c", 3, 9, "agent-1", "agent-2"), ended=True)
    index.put(tenant, view("d", 4, "agent-2"), ended=False)
    asked: list[tuple[dict[str, Any], str]] = [
        ({}, "dcba"),
        ({"status": "active"}, "da"),
        ({"status": "on_hold"}, "b"),
        ({"status": "ended"}, "c"),
        ({"agent_id": "agent-1"}, "cba"),
        ({"agent_id": "agent-2"}, "dc"),
        ({"agent_id": "agent-1", "status": "active"}, "a"),
        ({"agent_id": "agent-2", "status": "ended"}, "c"),
        ({"agent_id": "nobody"}, ""),
    ]
    for which, expected in asked:
        assert ids(index.list(tenant, **which)[0]) == list(expected), which


def test_a_call_moves_with_its_agents_and_its_status(index: CallIndex, tenant: str) -> None:
    index.put(tenant, view("a", 0, "agent-1", "agent-2"), ended=False)
    index.put(tenant, view("a", 0, "agent-2", "agent-3"), ended=False)
    found = {n: ids(index.calls_of_agent(tenant, f"agent-{n}")) for n in (1, 2, 3)}
    assert found == {1: [], 2: ["a"], 3: ["a"]}
    index.put(tenant, ended("a", 0, 5, "agent-2"), ended=True)
    assert index.calls_of_agent(tenant, "agent-2") == []
    assert ids(index.list(tenant)[0]) == ["a"]
    assert index.list(tenant, agent_id="agent-3")[0] == []


def test_a_removed_call_is_in_no_list(index: CallIndex, tenant: str) -> None:
    index.put(tenant, view("a", 0, "agent-1"), ended=False)
    assert index.remove(tenant, "a") is True
    assert index.remove(tenant, "a") is False
    assert index.get(tenant, "a") is None
    assert index.list(tenant) == ([], None)
    assert index.calls_of_agent(tenant, "agent-1") == []
    assert list(index.live(tenant)) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 50])
def test_pages_together_hold_every_call_once(index: CallIndex, tenant: str, limit: int) -> None:
    """Many begin in the same millisecond; the pages go by what a list holds, not by time."""
    for number in range(4):
        index.put(tenant, view(f"live-{number}", 5), ended=False)
        index.put(tenant, ended(f"ended-{number}", 5, 6), ended=True)
    pages = all_pages(index, tenant, limit=limit)
    names = [f"{state}-{number}" for state in ("live", "ended") for number in (3, 2, 1, 0)]
    assert list(itertools.chain(*pages)) == names
    assert all(len(page) == limit for page in pages[:-1])


def test_a_page_goes_on_where_the_last_ended_although_calls_came_and_went(
    index: CallIndex, tenant: str
) -> None:
    for number in range(5):
        index.put(tenant, view(f"call-{number}", number), ended=False)
    page, token = index.list(tenant, limit=2)
    assert ids(page) == ["call-4", "call-3"]
    index.remove(tenant, "call-3")
    index.put(tenant, view("newest", 99), ended=False)
    page, token = index.list(tenant, limit=3, page_token=token)
    assert (ids(page), token) == (["call-2", "call-1", "call-0"], None)


def test_a_list_by_status_looks_past_many_others(index: CallIndex, tenant: str) -> None:
    for number in range(450):
        index.put(tenant, view(f"call-{number:03d}", number), ended=False)
    index.put(tenant, view("held", -1, status="on_hold"), ended=False)
    assert ids(index.list(tenant, status="on_hold", limit=1)[0]) == ["held"]
    assert ids(index.list(tenant, status="active", limit=450)[0])[-1] == "call-000"


def test_a_call_that_ends_while_it_is_listed_comes_once(
    index: CallIndex, tenant: str, store_url: str
) -> None:
    """Between the reads of two lists it may go from the one into the other."""
    index.put(tenant, view("a", 0), ended=False)
    index.put(tenant, ended("b", 1, 2), ended=True)
    with contextlib.closing(connect(store_url)) as client:
        stem = f"earshot:calls:{{{tenant}}}:"
        [member] = client.zrange(stem + "live", 0, -1)  # type: ignore[misc]
        client.zadd(stem + "ended", {member: 0})
    assert ids(index.list(tenant)[0]) == ["b", "a"]


@pytest.mark.parametrize("token", ["", "x", "=", "ÿ", "bm90IGEgdG9rZW4", "/" * 1000])
def test_a_token_that_no_page_gave_is_refused_by_name(
    index: CallIndex, tenant: str, token: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        index.list(tenant, page_token=token)
    assert caught.value.field == "page_token"


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_out_of_bounds_is_refused_by_name(
    index: CallIndex, tenant: str, limit: int
) -> None:
    with pytest.raises(BadRequest) as caught:
        index.list(tenant, limit=limit)
    assert caught.value.field == "limit"


def test_of_ended_calls_those_that_ended_last_are_kept(
    index: CallIndex, tenant: str, now: list[float]
) -> None:
    now[0] = START_S + 100
    index.put(tenant, view("live", 0), ended=False)
    for number in range(8):
        index.put(tenant, ended(f"call-{number}", 50 - number, number, "agent-1"), ended=True)
    kept = [f"call-{number}" for number in range(3, 8)]
    assert ids(index.list(tenant, status="ended")[0]) == kept
    assert ids(index.list(tenant, agent_id="agent-1")[0]) == kept
    assert index.get(tenant, "call-2") is None
    assert index.get(tenant, "live") is not None


def test_a_removed_call_takes_no_place_among_the_ended(
    index: CallIndex, tenant: str, now: list[float]
) -> None:
    now[0] = START_S + 100
    for number in range(10):
        index.put(tenant, ended(f"call-{number}", 0, 50 - number), ended=True)
        if number < 5:
            index.remove(tenant, f"call-{number}")
    assert len(index.list(tenant)[0]) == 5


def test_a_call_leaves_when_its_retention_is_over(
    index: CallIndex, tenant: str, now: list[float]
) -> None:
    now[0] = START_S + 100
    index.put(tenant, ended("first", 0, 10), ended=True)
    index.put(tenant, ended("second", 0, 100), ended=True)
    now[0] = START_S + 3600 + 11
    index.put(tenant, ended("third", 3000, 3600), ended=True)
    assert ids(index.list(tenant)[0]) == ["third", "second"]


def test_a_sweep_meets_every_live_call_of_every_tenant(
    index: CallIndex, new_call: Callable[[], CallKey]
) -> None:
    first, second = new_call().call_id, new_call().call_id
    for number in range(450):
        index.put(first, view(f"call-{number}", number), ended=False)
    index.put(first, ended("over", 0, 1), ended=True)
    index.put(second, view("only", 0), ended=False)
    found = [(name, one.call_id) for name, one in index.live() if name in (first, second)]
    assert len(found) == len(set(found)) == 451
    assert (second, "only") in found
    assert [one.call_id for _, one in index.live(second)] == ["only"]


def test_calls_that_ended_after_a_moment_are_met_in_every_tenant(
    index: CallIndex, new_call: Callable[[], CallKey]
) -> None:
    first, second = new_call().call_id, new_call().call_id
    index.put(first, view("lives", 0), ended=False)
    index.put(first, ended("long ago", 0, 100), ended=True)
    index.put(first, ended("just then", 0, 200), ended=True)
    index.put(first, ended("later", 0, 300), ended=True)
    index.put(second, ended("there", 0, 250), ended=True)
    found = [one for one in index.ended_since(START_S + 200) if one[0] in (first, second)]
    assert sorted(found) == sorted([(first, "later"), (first, "just then"), (second, "there")])


def test_what_a_newer_node_wrote_and_this_one_cannot_read_is_passed_over(
    index: CallIndex, tenant: str, store_url: str
) -> None:
    index.put(tenant, view("a", 1), ended=False)
    index.put(tenant, view("b", 2), ended=False)
    with contextlib.closing(connect(store_url)) as client:
        client.hset(f"earshot:calls:{{{tenant}}}:views", "b", '{"call_id": "b"}')
    assert ids(index.list(tenant)[0]) == ["a"]
    assert index.get(tenant, "b") is None
    assert [one.call_id for _, one in index.live(tenant)] == ["a"]


def test_without_a_store_nothing_is_listed(own_store: Any, tenant: str) -> None:
    with contextlib.closing(connect(own_store.url)) as client:
        index = CallIndex(client)
        for ask in (
            lambda: index.put(tenant, view("a"), ended=False),
            lambda: index.list(tenant),
            lambda: index.remove(tenant, "a"),
            lambda: list(index.live()),
        ):
            with pytest.raises(LogUnavailable):
                ask()

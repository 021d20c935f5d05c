"""Calls that nobody looks after are found by whichever node is left, and end once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.call_index import CallIndex
from engine.store import connect
from tests.live.server import BOUND_S, Caller, LiveServer, line, new_id, running, tcp_store, until

CALLS = 4
SWEEP_S = 1
SILENT_S = 4
LEASE_S = 4  # so long that nobody loses one to a machine that stands still for a second or two


class Pair(NamedTuple):
    first: LiveServer
    second: LiveServer


@pytest.fixture
def pair(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """With the settings that the test asks for, beside the rhythm of the sweep."""
    with contextlib.ExitStack() as up:
        settings: dict[str, Any] = {
            "REDIS_URL": up.enter_context(tcp_store(tmp_path / "store")),
            "EARSHOT__CALL__SWEEP_S": SWEEP_S,
            **request.param,
        }
        names = ("first", "second")
        yield Pair(*(up.enter_context(running(tmp_path / name, **settings)) for name in names))


def swept(server: LiveServer, why: str) -> float:
    return server.metric(f'swept_total{{why="{why}"}}')


@pytest.mark.parametrize("pair", [{"EARSHOT__ACTORS__LEASE_S": LEASE_S}], indirect=True, ids=[""])
def test_calls_whose_leader_died_are_led_again_though_nobody_watches_them(pair: Pair) -> None:
    caller = pair.first.caller()
    for _ in range(CALLS):
        caller.create(new_id("agent"))
    until(lambda: pair.first.metric("calls_led") == CALLS)
    assert pair.second.metric("calls_in_memory") == 0
    pair.first.kill()
    until(lambda: pair.second.metric("calls_led") == CALLS)
    assert swept(pair.second, "leaderless") >= CALLS


@pytest.mark.parametrize("pair", [{"EARSHOT__CALL__SILENT_S": SILENT_S}], indirect=True, ids=[""])
def test_a_silent_call_ends_once_as_abandoned_and_one_that_is_spoken_in_does_not(
    pair: Pair,
) -> None:
    producer = pair.first.caller()
    began, number = time.monotonic(), 0
    silent = [producer.create(new_id("agent")) for _ in range(CALLS)]
    busy = producer.create(new_id("agent"))
    # A producer's stamps may be of any day: what counts is that the log grows.
    while not all(status(pair, call_id) == "ended" for call_id in silent):
        assert time.monotonic() - began < SILENT_S + BOUND_S, "not ended"
        number += 1
        said = line(f"s{number}", speaker="agent", timestamp="2024-01-01T00:00:00Z")
        producer.say(busy, said)
        time.sleep(0.3)
    assert time.monotonic() - began >= SILENT_S, "ended too early"
    assert status(pair, busy) == "active"
    for call_id in silent:
        log = producer.log(call_id)
        ends = [one["data"] for one in log if one["data"].get("status") == "ended"]
        assert [end["reason"] for end in ends] == ["abandoned"]


def status(pair: Pair, call_id: str) -> str:
    found = pair.second.caller("boss", "supervisor").get(f"/v1/calls/{call_id}")
    return str(found["call"]["status"])


def test_a_call_that_has_ended_or_is_gone_does_not_stay_in_the_list_of_live_ones(
    tmp_path: Path,
) -> None:
    """As a node leaves it that dies between the log and the lists."""
    with (
        tcp_store(tmp_path / "store") as url,
        running(tmp_path / "node", REDIS_URL=url, EARSHOT__CALL__SWEEP_S=SWEEP_S) as server,
        contextlib.closing(connect(url)) as client,
    ):
        admin, agent_id = server.caller("admin-1", "admin"), new_id("agent")
        ended, gone, lives = (admin.create(agent_id) for _ in range(3))
        index = CallIndex(client)
        as_they_were = {call_id: index.get("default", call_id) for call_id in (ended, gone)}
        admin.patch(f"/v1/calls/{ended}", {"status": "ended"})
        assert admin.ask("DELETE", f"/v1/calls/{gone}").status_code < 300
        until(lambda: listed(admin, agent_id) == {lives: "active", ended: "ended"})
        for view in as_they_were.values():
            assert view is not None
            index.put("default", view, ended=False)
        assert listed(admin, agent_id)[ended] == "active"
        until(lambda: listed(admin, agent_id) == {lives: "active", ended: "ended"})
        assert swept(server, "repaired") >= 2


def listed(caller: Caller, agent_id: str) -> dict[str, str]:
    calls = caller.get(f"/v1/calls?agent_id={agent_id}")["calls"]
    return {call["call_id"]: call["status"] for call in calls}

"""When a model is asked for the summary line and for the after-call summary, and what an
answer, or none, changes.
"""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from actors.closing import OVERDUE_S, TRIES
from engine import wire
from engine.assist.after_call import by_rules
from tests.actors.acts import KEY, change, create, joined, propose, say
from tests.actors.world import World

EVERY_S = 5


@pytest.fixture
def world() -> World:
    found = World()
    found.writes_lines = True
    create(found)
    return found


def suggest(world: World, segment_id: str, *ids: str, summary: str = "by rule") -> None:
    say(world, segment_id)
    world.run(0.3)
    propose(world, *ids, summary=summary)


def write(world: World, text: str) -> None:
    """The model answers what it was asked last."""
    because, _, reply_to = world.lines[-1]
    reply_to.tell(m.LineWritten(because, text))
    world.run()


def asked(world: World) -> list[str]:
    return [because for because, _, _ in world.lines]


def lines(agent: Any) -> list[tuple[str, str, list[str]]]:
    return [
        (s["summary"], s["summary_kind"], [d["id"] for d in s["documents"]])
        for s in agent.screen.events("ai:suggestion")
    ]


def test_the_rules_line_is_shown_first_and_the_models_when_it_comes(world: World) -> None:
    ann = joined(world)
    suggest(world, "s1", "d1")
    write(world, "about a router")
    assert lines(ann) == [("by rule", "none", ["d1"]), ("about a router", "model", ["d1"])]


def test_without_a_model_nobody_is_asked(world: World) -> None:
    world.writes_lines = False
    suggest(world, "s1", "d1")
    assert world.lines == []


def test_one_request_in_five_seconds_and_the_newest_wins(world: World) -> None:
    suggest(world, "s1", "d1")
    write(world, "one")
    for number in (2, 3, 4):
        suggest(world, f"s{number}", "d1")
    assert asked(world) == ["s1"]
    world.run(EVERY_S)
    assert asked(world) == ["s1", "s4"]


def test_one_request_is_in_flight(world: World) -> None:
    suggest(world, "s1", "d1")
    suggest(world, "s2", "d1")
    world.run(3 * EVERY_S)
    assert asked(world) == ["s1"]
    write(world, "late")
    assert asked(world) == ["s1", "s2"]


def test_the_models_line_stays_when_documents_change(world: World) -> None:
    ann = joined(world)
    suggest(world, "s1", "d1")
    write(world, "about a router")
    suggest(world, "s2", "d2")
    assert lines(ann)[-1] == ("about a router", "model", ["d2"])


def test_a_model_that_fails_leaves_the_rules_line(world: World) -> None:
    ann = joined(world)
    suggest(world, "s1", "d1")
    write(world, "about a router")
    suggest(world, "s2", "d1")
    world.run(EVERY_S)
    write(world, "")
    suggest(world, "s3", "d1", summary="by rule again")
    assert lines(ann)[-1] == ("by rule again", "none", ["d1"])


def test_the_same_line_is_not_written_twice(world: World) -> None:
    ann = joined(world)
    suggest(world, "s1", "d1")
    write(world, "same")
    suggest(world, "s2", "d1")
    world.run(EVERY_S)
    write(world, "same")
    assert len(lines(ann)) == 2


# --- after the call -----------------------------------------------------------------------


def sum_up(world: World) -> None:
    material, reply_to = world.materials[-1]
    reply_to.tell(m.SummedUp(by_rules(material, str)))
    world.run()


def test_the_summary_follows_the_end_for_everybody_who_is_joined(world: World) -> None:
    ann = joined(world)
    say(world, "s1", "my router is broken")
    change(world, status="ended")
    world.run(2)
    say(world, "s2", "thank you")
    world.run(2)
    sum_up(world)
    [summary] = ann.screen.events("call:summary")
    assert (summary["reason"], summary["source"]) == ("my router is broken", "rules")
    assert summary["outcome"] == "The customer ended with thanks", "late finals are in it"
    world.run(60)
    assert len(world.materials) == 1


def test_who_comes_later_is_told_the_summary_too(world: World) -> None:
    say(world, "s1", "my router is broken")
    change(world, status="ended")
    world.run(4)
    sum_up(world)
    plain, asking = world.connect("ann"), joined(world)
    plain.ref.tell(m.Ask(wire.CallSubscribe("call-1"), None))
    world.run()
    [heard] = plain.screen.events("call:summary")
    assert heard["reason"] == "my router is broken"
    told = [one[2]["data"] for one in asking.screen.sent if one[0] == "ack"]
    assert told[-1]["snapshot"]["after_call"]["reason"] == "my router is broken"


def test_who_leads_next_sums_up_what_a_dead_leader_left(world: World) -> None:
    change(world, status="ended")
    world.run(1)
    ref = world.directory.call(KEY)
    world.directory.forget(KEY, ref)
    world.log.resign(KEY, "node-1")
    joined(world)
    world.run(4)
    sum_up(world)
    page = world.log.read(KEY, 0, 99)
    assert page is not None
    assert page.events[-1].event == "call:summary"


def test_a_call_that_ended_long_ago_is_left_as_it_is(world: World) -> None:
    change(world, status="ended")
    world.directory.forget(KEY, world.directory.call(KEY))
    world.run(OVERDUE_S + 1)
    before = len(world.materials)
    joined(world)
    world.run(10)
    assert len(world.materials) == before


def test_a_summary_that_the_store_did_not_take_is_tried_again(world: World) -> None:
    change(world, status="ended")
    world.run(4)
    for _ in range(TRIES - 1):
        world.faults.append("away")
        sum_up(world)
        world.run(6)
    sum_up(world)
    page = world.log.read(KEY, 0, 99)
    assert page is not None
    assert [event.event for event in page.events][-1] == "call:summary"
    assert len(world.materials) == TRIES

"""Who leads a call asks for its suggestions, and nobody else writes them."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from engine.assist.after_call import by_rules
from tests.actors.acts import KEY, change, create, foreign, propose, say, segment
from tests.actors.suggested import events, outcomes, triggers
from tests.actors.world import Box, World


@pytest.fixture
def world() -> World:
    found = World()
    create(found)
    return found


def test_who_does_not_lead_asks_for_nothing() -> None:
    world = World()
    create(world)
    world.directory.call(KEY).tell(m.Erase(Box([]), 1))  # forget this node's actor
    world.run()
    world.log.resign(KEY, "node-1")
    world.log.lead(KEY, "node-2", 3_600_000)
    say(world, "s1")
    world.run(5)
    assert (world.proposals, outcomes(world)) == ([], {})


def test_a_leader_whose_lease_lapsed_asks_for_nothing_and_writes_nothing(world: World) -> None:
    say(world, "s1")
    world.run(0.3)
    world.leases_on = False  # the store does not answer renewals any more
    world.run(12)
    propose(world, "d1")
    say(world, "s2")
    world.run(1)
    assert triggers(world) == ["s1"]
    assert outcomes(world) == {"superseded": 1}
    assert events(world).count("ai:suggestion") == 0


def test_a_lease_that_lapses_while_a_suggestion_waits_for_the_store_writes_nothing(
    world: World,
) -> None:
    say(world, "s1")
    world.run(0.3)
    world.leases_on = False
    world.run(5)
    world.auto = False
    world.post("call-1", lambda to: m.AppendSegments([segment("s2", speaker="agent")], to, 1))
    world.run()
    propose(world, "d1")
    world.run(4)  # past two thirds of the lease, and not yet the time-out of the command
    while world.asked:
        world.answer()
        world.run()
    assert events(world) == ["call:status", "transcription:update", "transcription:update"]
    assert outcomes(world) == {"superseded": 1}


def test_a_suggestion_carries_the_fence_and_a_newer_leader_shuts_it_out(world: World) -> None:
    say(world, "s1")
    world.run(0.3)
    world.log.resign(KEY, "node-1")
    assert world.log.lead(KEY, "node-2", 60_000).fence == 2
    propose(world, "d1")
    assert events(world).count("ai:suggestion") == 0
    assert outcomes(world) == {"failed": 1}
    say(world, "s2")
    world.run(1)
    assert triggers(world) == ["s1"], "it knows that it leads no more"


def test_what_is_not_the_leaders_alone_is_written_without_a_fence(world: World) -> None:
    world.log.resign(KEY, "node-1")
    world.log.lead(KEY, "node-2", 60_000)
    assert say(world, "s1").outcome == "appended"


def test_a_new_leader_sees_to_the_last_thing_the_customer_said(world: World) -> None:
    world.leases_on = False
    world.run(13)
    say(world, "s1")
    world.run(1)
    assert world.proposals == []
    world.leases_on = True
    world.run(6)
    assert triggers(world) == ["s1"]


def test_what_another_node_took_in_asks_the_leader_too(world: World) -> None:
    foreign(world, 2, "far")
    world.run(1)
    assert triggers(world) == ["far"]


def test_a_call_that_ended_is_led_until_it_is_summed_up(world: World) -> None:
    change(world, status="ended")
    world.run(4)
    material, reply_to = world.materials[0]
    reply_to.tell(m.SummedUp(by_rules(material, str)))
    world.run(10)
    assert events(world)[-2:] == ["call:status", "call:summary"]
    lease: Any = world.log.lead(KEY, "node-2", 1000)
    assert lease.mine

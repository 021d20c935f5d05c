"""A call that is assigned while its log is looked for: what was found is not the last word."""

from __future__ import annotations

from typing import Any

from actors import messages as m
from engine import wire
from engine.log import Append, Entry
from tests.actors.acts import KEY, create, joined, say
from tests.actors.test_faults import fail
from tests.actors.world import World


def made_elsewhere(world: World) -> None:
    """Another node makes the call, a minute later than this test begins."""
    there = World()
    there.run(60)
    create(there)
    page = there.log.read(KEY, 0, 10)
    assert page is not None
    made = tuple(Entry(one.key, one.digest, one.event, one.body) for one in page.events)
    world.hints_on = False
    world.log.append([Append(KEY, page.epoch, 0, made, create=True)])
    world.hints_on = True


def look(world: World, ann: Any, ack_id: Any) -> None:
    """She asks for the call; the answer that there is no such log is under way."""
    world.late = True
    ann.ref.tell(m.Ask(wire.CallSubscribe(KEY.call_id), ack_id))
    found_nothing(world)


def found_nothing(world: World) -> None:
    """Everything has come but what was read."""
    world.run()
    while not isinstance(world.on_its_way[0][1], m.PageRead):
        world.deliver()
        world.run()
    [(_, read)] = world.on_its_way
    assert read.page is None


def told(world: World) -> None:
    world.late = False
    while world.on_its_way:
        world.deliver()
    world.run()


def told_too_late(world: World, ann: Any) -> None:
    made_elsewhere(world)
    ann.ref.tell(m.Assigned(KEY, None))
    world.run()
    told(world)


def test_a_subscription_without_acknowledgement_is_greeted() -> None:
    world = World()
    ann = world.connect("ann")
    look(world, ann, None)
    told_too_late(world, ann)
    say(world, "s1")
    names = [event for event, _ in ann.screen.sent]
    assert names == ["call:assigned", "call:status", "call:health", "transcription:update"]


def test_a_subscription_that_is_acknowledged_is_answered_with_the_call() -> None:
    world = World()
    ann = world.connect("ann")
    look(world, ann, 7)
    told_too_late(world, ann)
    assert ann.screen.ack(7)["data"]["mode"] == "snapshot"


def test_without_the_assignment_a_refusal_stays_one() -> None:
    world = World()
    ann = world.connect("ann")
    look(world, ann, 7)
    made_elsewhere(world)
    told(world)
    assert ann.screen.ack(7)["error"]["code"] == "unknown_call"


def test_an_assignment_is_good_for_one_more_look() -> None:
    world = World()
    ann = world.connect("ann")
    look(world, ann, 7)
    ann.ref.tell(m.Assigned(KEY, None))
    told(world)
    assert ann.screen.ack(7)["error"]["code"] == "unknown_call"


def test_who_joins_again_comes_back_and_is_not_told_that_the_call_is_no_longer_theirs() -> None:
    """The call's actor failed and the store lost the log, which another node makes anew."""
    world = World()
    create(world)
    ann = joined(world)
    world.log.delete(KEY)
    world.late = True
    fail(world, world.directory.call(KEY))
    found_nothing(world)
    told_too_late(world, ann)
    assert ann.screen.events("call:unassigned") == []
    [closing] = ann.screen.events("session:closing")
    assert (closing["code"], closing["reconnect"]) == ("unavailable", True)

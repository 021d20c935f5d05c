"""A call's actor leaves memory, crashes and comes back from the log."""

from __future__ import annotations

import pytest

from engine.errors import UnknownCall
from tests.actors.acts import KEY, change, create, say, subscribe
from tests.actors.world import World


def test_a_call_that_nobody_looks_at_leaves_memory_and_comes_back_from_its_log() -> None:
    world = World()
    create(world)
    say(world, "s1")
    world.run(300)
    assert KEY not in world.directory.calls
    assert KEY not in world.followed
    ann = world.connect("ann")
    assert subscribe(world, ann)["data"]["cursor"]["seq"] == 2


def test_a_call_that_does_not_exist_is_not_kept_in_memory() -> None:
    world = World()
    with pytest.raises(UnknownCall):
        change(world, status="ended")
    world.run(12)
    assert KEY not in world.directory.calls


def test_a_crashed_call_is_rebuilt_from_its_log_and_its_watchers_go_on() -> None:
    world = World()
    create(world)
    say(world, "s1")
    ann = world.connect("ann")
    subscribe(world, ann)
    world.directory.call(KEY).tell(object())  # no such message: the actor fails
    world.run()
    assert len(world.directory.supervisor.incidents) == 1
    say(world, "s2")
    assert ann.screen.seqs() == [3]
    assert ann.screen.closed is None


def test_a_call_that_keeps_failing_is_parked_and_says_so() -> None:
    world = World()
    create(world)
    ann = world.connect("ann")
    subscribe(world, ann)
    for _ in range(3):
        world.directory.call(KEY).tell(object())
        world.run()
    assert ann.screen.events("call:health")[-1]["transcription"] == "down"
    world.run(70)
    say(world, "s1")
    assert ann.screen.seqs() == [2]

"""What only the leader may write, when another node has taken the lead meanwhile: by a trigger
or by a timer, nothing of it gets into the log, and the old leader stands down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors import messages as m
from actors.work import FENCED
from engine.assist.after_call import by_rules
from tests.actors.acts import KEY, change, create, propose, say
from tests.actors.world import World

EVERY_S = 5  # chat.every_s


@pytest.fixture
def world() -> World:
    found = World()
    found.writes_lines = True
    create(found)
    return found


def a_suggestion(world: World) -> Callable[[], None]:
    """Ranking is asked by the debounce's timer."""
    say(world, "s1")
    propose(world, "d1")
    say(world, "s2")
    world.run(1)
    assert [because for because, _, _ in world.proposals] == ["s1", "s2"]
    return lambda: propose(world, "d2", "d3")


def a_line(world: World) -> Callable[[], None]:
    """The model is asked by the timer that keeps `chat.every_s`."""
    for segment_id in ("s1", "s2"):
        say(world, segment_id)
        world.run(0.3)
        propose(world, "d1")
        if segment_id == "s1":
            _model_says(world, "first")
    assert [because for because, _, _ in world.lines] == ["s1"]
    world.run(EVERY_S)
    assert [because for because, _, _ in world.lines] == ["s1", "s2"]
    return lambda: _model_says(world, "second")


def an_after_call_summary(world: World) -> Callable[[], None]:
    """It is asked for by the timer that begins with the call's end."""
    say(world, "s1", "my router is broken")
    change(world, status="ended")
    assert world.materials == []
    world.run(4)
    material, reply_to = world.materials[-1]

    def come() -> None:
        reply_to.tell(m.SummedUp(by_rules(material, str)))
        world.run()

    return come


KINDS: dict[type[Any], Callable[[World], Callable[[], None]]] = {
    m.Proposed: a_suggestion,
    m.LineWritten: a_line,
    m.SummedUp: an_after_call_summary,
}


def test_all_that_only_the_leader_may_write_is_tried_here() -> None:
    assert set(KINDS) == set(FENCED)


@pytest.mark.parametrize("kind", FENCED)
def test_what_the_leader_writes_carries_its_fence(world: World, kind: type[Any]) -> None:
    come = KINDS[kind](world)
    before, asked = events(world), len(world.appends)
    come()
    assert len(events(world)) == len(before) + 1
    assert [request.fence for request in world.appends[asked:]] == [1]


@pytest.mark.parametrize("kind", FENCED)
def test_after_a_lost_lease_it_is_refused_and_the_old_leader_stands_down(
    world: World, kind: type[Any]
) -> None:
    come = KINDS[kind](world)
    before = events(world)
    assert leader(world).leads
    world.log.resign(KEY, "node-1")
    assert world.log.lead(KEY, "node-2", 60_000).fence == 2
    come()
    assert events(world) == before
    assert world.context.counts["appends:fenced"] == 1
    assert not leader(world).leads
    asked = (len(world.proposals), len(world.lines), len(world.materials))
    world.run(30)  # every timer that was set meanwhile
    assert (len(world.proposals), len(world.lines), len(world.materials)) == asked
    assert events(world) == before


@pytest.mark.parametrize("kind", FENCED)
def test_who_knows_that_it_leads_no_more_does_not_try(world: World, kind: type[Any]) -> None:
    come = KINDS[kind](world)
    before = events(world)
    world.leases_on = False
    world.run(13)
    come()
    assert events(world) == before
    assert world.context.counts["appends:fenced"] == 0


def events(world: World) -> list[str]:
    page = world.log.read(KEY, 0, 99)
    assert page is not None
    return [event.event for event in page.events]


def leader(world: World) -> Any:
    return world.directory.calls[KEY].actor.leader


def _model_says(world: World, text: str) -> None:
    because, _, reply_to = world.lines[-1]
    reply_to.tell(m.LineWritten(because, text))
    world.run()

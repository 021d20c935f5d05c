"""What `call:health` says, to whom and when."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from actors.health import LATE_S
from engine.log import Hint, StoredEvent
from tests.actors.acts import KEY, change, create, joined, propose, say
from tests.actors.world import World

SILENT_S = 30


@pytest.fixture
def world() -> World:
    found = World()
    create(found)
    return found


def healths(agent: Any) -> list[tuple[str, ...]]:
    """What was said, without the call's id."""
    return [tuple(h.values())[1:] for h in agent.screen.events("call:health")]


def condition(world: World, **changes: Any) -> None:
    """What the node can do changes, and its calls are told."""
    for name, value in changes.items():
        setattr(world.context.condition, name, value)
    for ref in world.directory.calls.values():
        ref.tell(m.ConditionChanged())
    world.run()


def test_who_joins_is_told_first(world: World) -> None:
    assert healths(joined(world)) == [("ok", "ok")]


def test_it_is_repeated_now_and_then_while_somebody_listens(world: World) -> None:
    ann = joined(world)
    change(world, status="on_hold")
    world.run(2 * SILENT_S + 1)
    assert healths(ann) == [("ok", "ok")] * 3


def test_a_recogniser_that_gives_nothing_is_silent_until_it_does(world: World) -> None:
    ann = joined(world)
    world.run(SILENT_S - 1)
    say(world, "s1", final=False)
    world.run(SILENT_S - 1)
    assert healths(ann) == [("ok", "ok")] * 2
    world.run(2)
    assert healths(ann)[-1] == ("silent", "ok")
    say(world, "s2", final=False, revision=1)
    assert healths(ann)[-1] == ("ok", "ok")


def test_nobody_is_expected_to_speak_on_hold_or_after_the_end(world: World) -> None:
    ann = joined(world)
    change(world, "r1", status="on_hold")
    world.run(2 * SILENT_S)
    change(world, "r2", status="ended")
    world.run(2 * SILENT_S)
    assert {said[0] for said in healths(ann)} == {"ok"}


def test_a_question_that_was_shed_makes_suggestions_slow_until_one_is_answered(
    world: World,
) -> None:
    ann = joined(world)
    say(world, "s1")
    propose(world, shed=True)
    assert healths(ann)[1:] == [("ok", "slow", "overloaded")]
    world.run(0.3)
    propose(world, "d1")
    assert healths(ann)[2:] == [("ok", "ok")]


def test_an_answer_that_took_long_is_slow(world: World) -> None:
    ann = joined(world)
    say(world, "s1")
    world.run(1.5)
    propose(world, "d1")
    assert healths(ann)[-1] == ("ok", "slow", "overloaded")


def test_a_late_answer_is_not_said_for_ever(world: World) -> None:
    ann = joined(world)
    say(world, "s1")
    world.run(1.5)
    propose(world, "d1")
    world.run(LATE_S + 0.1)
    assert healths(ann)[-1] == ("ok", "ok")


def test_what_the_node_cannot_do_is_said_on_change(world: World) -> None:
    ann = joined(world)
    condition(world, empty=frozenset(("default",)))
    condition(world, ranking=False)
    condition(world, store_away=True)
    condition(world, store_away=False, ranking=True, empty=frozenset(("other",)))
    condition(world, words_only=True)
    condition(world, words_only=True)
    assert healths(ann)[1:] == [
        ("ok", "ok", "no_documents"),
        ("ok", "down", "restarting"),
        ("down", "down", "store_away"),
        ("ok", "ok"),
        ("ok", "ok", "words_only"),
    ]


def test_only_the_leader_knows_how_late_suggestions_are_and_tells_the_others(
    world: World,
) -> None:
    say(world, "s1")
    joined(world)
    propose(world, shed=True)
    [told] = world.healths
    other = World()
    create(other)
    other.leases_on = False
    ann = joined(other)
    other.run(13)  # the lease of its own has lapsed
    hint = Hint(KEY, "-", 0, "node-2", (StoredEvent(0, "call:health", told, "", ""),))
    other.directory.call(KEY).tell(m.HintArrived(hint))
    other.run()
    assert healths(ann)[-1] == ("ok", "slow", "overloaded")
    other.run(3 * SILENT_S)
    assert healths(ann)[-1][1:] == ("ok",), "a leader that says no more is not believed for ever"


def test_nonsense_from_another_node_changes_nothing(world: World) -> None:
    ann = joined(world)
    for body in (b"", b"{}", b"\xff", b'{"call_id":"call-1","transcription":"x"}'):
        hint = Hint(KEY, "-", 0, "node-2", (StoredEvent(0, "call:health", body, "", ""),))
        world.directory.call(KEY).tell(m.HintArrived(hint))
    world.run()
    assert healths(ann) == [("ok", "ok")]

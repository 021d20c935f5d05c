"""Who watches a call: told to those who do, across nodes, without disturbing anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actors import messages as m
from actors.consequences import of_foreign_state
from engine import wire
from tests.actors.acts import KEY, ask, change, create, joined
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    return World()


def watchers(who: Any) -> list[list[tuple[str, str]]]:
    events = who.screen.events("call:watchers")
    return [[(one["agent_id"], one["role"]) for one in event["watchers"]] for event in events]


def test_who_watches_is_told_to_those_who_do(world: World) -> None:
    create(world)
    ann = joined(world)
    world.run(1)
    sue = world.connect("sue", "supervisor")
    ask(world, sue, wire.CallSubscribe("call-1"), 1)
    world.run(1)
    both = [("ann", "agent"), ("sue", "supervisor")]
    assert watchers(ann) == [[("ann", "agent")], both]
    assert watchers(sue) == [both]
    ask(world, sue, wire.CallUnsubscribe("call-1"), 2)
    world.run(1)
    assert watchers(ann)[-1] == [("ann", "agent")]
    assert len(watchers(sue)) == 1


def test_a_second_tab_is_told_and_the_first_is_not_told_again(world: World) -> None:
    create(world)
    first = joined(world)
    world.run(1)
    second = joined(world)
    world.run(1)
    assert watchers(first) == watchers(second) == [[("ann", "agent")]]


def test_a_crowd_that_joins_is_one_frame(world: World) -> None:
    create(world)
    crowd = [world.connect(f"sue-{n:03d}", "supervisor") for n in range(100)]
    for who in crowd:
        ask(world, who, wire.CallSubscribe("call-1"), 1)
    world.run(1)
    assert [len(watchers(who)) for who in crowd] == [1] * 100
    assert len(watchers(crowd[0])[0]) == 50


def test_watching_reads_only_and_changes_nothing(world: World) -> None:
    create(world)
    joined(world)
    before = world.log.read(KEY, 0, 100)
    sue = world.connect("sue", "supervisor")
    ask(world, sue, wire.CallSubscribe("call-1"), 1)
    assert ask(world, sue, wire.CallsWatch(None), 2)["ok"]
    world.run(5)
    for ack_id, body in enumerate(
        (wire.DocFeedback("d", True, "call-1"), wire.CallUpdate(status="ended", call_id="call-1")),
        start=3,
    ):
        assert ask(world, sue, body, ack_id)["error"]["code"] == "forbidden"
    assert world.log.read(KEY, 0, 100) == before


def foreign(world: World, node: str, people: list[tuple[str, str]], asks: bool = False) -> None:
    said = {"watchers": [{"agent_id": a, "role": r} for a, r in people], "asks": asks}
    actor: Any = world.directory.calls[KEY].actor  # type: ignore[attr-defined]
    of_foreign_state(actor, node, "call:watchers", json.dumps(said).encode())


def test_who_watches_on_another_node_is_one_of_them_until_it_falls_silent(world: World) -> None:
    create(world)
    ann = joined(world)
    world.run(1)
    foreign(world, "node-2", [("sue", "supervisor")])
    world.run(1)
    assert watchers(ann)[-1] == [("ann", "agent"), ("sue", "supervisor")]
    foreign(world, "node-2", [])
    world.run(1)
    assert watchers(ann)[-1] == [("ann", "agent")]
    foreign(world, "node-3", [("sam", "supervisor")])
    world.run(40)  # node-3 crashed
    assert watchers(ann)[-1] == [("ann", "agent")]


def test_a_node_that_asks_is_answered_and_all_say_it_again_now_and_then(world: World) -> None:
    create(world)
    joined(world)
    world.run(1)
    assert len(world.walls.said) == 1
    assert json.loads(world.walls.said[0][1])["asks"] is True
    foreign(world, "node-2", [("sue", "supervisor")], asks=True)
    world.run(1)
    assert len(world.walls.said) == 2
    world.run(21)
    assert len(world.walls.said) == 4


def test_however_many_come_and_go_one_timer_is_on_its_way(world: World) -> None:
    create(world)
    joined(world)
    world.run(1)
    before = len(world.dispatcher.wheel)
    for number in range(30):
        sue = world.connect(f"sue-{number}", "supervisor")
        ask(world, sue, wire.CallSubscribe("call-1"), 1)
        world.run(0.4)
        sue.ref.tell(m.Gone())
        world.run(0.4)
    world.run(11)  # those that wait for a token end by themselves
    assert len(world.dispatcher.wheel) <= before


def test_what_another_node_says_ill_is_not_heard(world: World) -> None:
    create(world)
    ann = joined(world)
    actor: Any = world.directory.calls[KEY].actor  # type: ignore[attr-defined]
    for body in (b"", b"[]", b'{"watchers": 1}', b"\xff"):
        of_foreign_state(actor, "node-2", "call:watchers", body)
    world.run(1)
    assert watchers(ann) == [[("ann", "agent")]]


def test_who_loses_the_call_is_no_watcher_of_it(world: World) -> None:
    create(world, "ann", "ben")
    ann, ben = joined(world), joined(world, "ben")
    world.run(1)
    change(world, agent_ids=["ben"])
    world.run(1)
    assert watchers(ben)[-1] == [("ben", "agent")]
    assert len(watchers(ann)) == 1

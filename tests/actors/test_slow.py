"""A browser that takes nothing: it is behind, catches up, or is closed; and costs no memory."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from actors.audience import RING
from engine.config import Settings
from tests.actors.acts import KEY, create, joined, say, subscribe
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    found = World(Settings())
    create(found)
    return found


def say_many(world: World, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        say(world, f"s{number}", speaker="agent")


def room(world: World, agent: Any, frames: int = 1_000_000) -> None:
    agent.screen.room = frames
    agent.ref.tell(m.Room())
    world.run()


def test_a_full_socket_is_asked_for_nothing_until_it_has_room(world: World) -> None:
    ann, ben = joined(world), joined(world)
    ann.screen.room = 0
    say_many(world, 5)
    assert (ann.screen.seqs(), ben.screen.seqs()) == ([], [2, 3, 4, 5, 6])
    room(world, ann)
    assert ann.screen.seqs() == [2, 3, 4, 5, 6]


def test_room_for_one_frame_at_a_time_is_enough(world: World) -> None:
    ann = joined(world)
    ann.screen.room = 0
    say_many(world, 20)
    for _ in range(20):
        room(world, ann, 1)
    assert ann.screen.seqs() == list(range(2, 22))
    room(world, ann)
    say(world, "next")
    assert ann.screen.seqs()[-1] == 22


def test_what_left_the_ring_is_read_from_the_log(world: World) -> None:
    ann = joined(world)
    ann.screen.room = 0
    say_many(world, RING * 2 + 50)
    room(world, ann)
    assert ann.screen.seqs() == list(range(2, RING * 2 + 52))


def test_events_that_come_while_a_chunk_is_on_its_way_are_neither_lost_nor_repeated(
    world: World,
) -> None:
    ann = joined(world)
    ann.screen.room = 0
    say_many(world, RING + 20)
    world.auto = False
    room(world, ann)
    assert world.asked, "the chunk waits for the store"
    box = world.post("call-1", lambda to: m.AppendSegments([_one("more")], to, 1))
    while world.asked:
        world.answer(1)
        world.run()
    assert box[0].error is None
    assert ann.screen.seqs() == list(range(2, RING + 23))


def test_a_chunk_that_the_store_cannot_give_is_asked_for_again(world: World) -> None:
    ann = joined(world)
    ann.screen.room = 0
    say_many(world, RING + 20)
    world.reads_away = True
    room(world, ann)
    assert ann.screen.seqs() == []
    world.reads_away = False
    world.run(1.1)
    assert ann.screen.seqs() == list(range(2, RING + 22))


def test_a_slow_browser_keeps_no_backlog_here(world: World) -> None:
    ann = joined(world)
    ann.screen.room = 0
    say_many(world, 500)
    assert len(world.dispatcher.mail(ann.ref)) == 0


def test_interim_text_is_not_for_who_is_behind(world: World) -> None:
    ann = joined(world, interim=True)
    ann.screen.room = 0
    say(world, "s1")
    ann.screen.room = 5
    say(world, "s2", "hel", final=False)
    assert ann.screen.events("transcription:update") == []


def test_who_takes_nothing_for_too_long_is_closed_and_may_come_back(world: World) -> None:
    ann = joined(world)
    ann.screen.room = 0
    say(world, "s1")
    ann.screen.stalled = 29.0
    world.run(20)
    assert ann.screen.closed is None
    ann.screen.stalled = 31.0
    ann.screen.room = 1
    world.run(11)
    assert ann.screen.closed is True
    closing = ann.screen.events("session:closing")[0]
    assert (closing["code"], closing["reconnect"]) == ("slow", True)
    assert 0 <= closing["after_ms"] < 2000


def test_who_is_behind_and_makes_progress_is_not_closed(world: World) -> None:
    ann = joined(world)
    ann.screen.room = 0
    say_many(world, 40)
    for _ in range(30):
        room(world, ann, 1)
        ann.screen.stalled = 4.0
        world.run(5)
    assert ann.screen.closed is None


def test_a_plain_clients_greeting_waits_for_room_too(world: World) -> None:
    say_many(world, 10)
    ann = world.connect("ann")
    ann.screen.room = 3
    subscribe(world, ann, None)
    say(world, "live")
    assert len(ann.screen.events()) == 3
    room(world, ann)
    names = [one["segment_id"] for one in ann.screen.events("transcription:update")]
    assert names == [*(f"s{n}" for n in range(10)), "live"]
    assert [name for name, _ in ann.screen.sent].count("call:status") == 1


def test_a_greeting_survives_the_end_of_the_calls_actor(world: World) -> None:
    say_many(world, 10)
    ann = world.connect("ann")
    ann.screen.room = 3
    subscribe(world, ann, None)
    world.directory.call(KEY).tell(object())  # no such message: the actor fails
    world.run()
    say(world, "live")
    room(world, ann)
    names = [one["segment_id"] for one in ann.screen.events("transcription:update")]
    assert names == [*(f"s{n}" for n in range(10)), "live"]


def _one(segment_id: str) -> Any:
    from tests.actors.acts import segment

    return segment(segment_id, speaker="agent")

"""A call whose log lives under another run of the store, or is gone: what its actor does."""

from __future__ import annotations

from typing import Any

import pytest

from actors import audience
from actors import messages as m
from engine import wire
from engine.log import Append, CallKey, Entry
from tests.actors.acts import KEY, change, create, documents, joined, say, segment, subscribe
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    found = World()
    create(found)
    return found


def lose(world: World, count: int) -> None:
    """The store restarts and has lost the last `count` events, or the log."""
    life = world.log._lives[KEY]
    for event in life.events[-count:]:
        del life.keys[event.key]
    del life.events[-count:]
    if not life.events:
        del world.log._lives[KEY]
    world.log._run_id += "0"


def look(world: World) -> None:
    """What the store client does every two seconds."""
    [top] = world.log.tops([KEY])
    seen = m.TopSeen(top.epoch, top.seq) if top is not None else m.Vanished()
    world.followed[KEY].tell(seen)
    world.run()


def keys(world: World) -> list[str]:
    page = world.log.read(KEY, 0, 1000)
    assert page is not None
    return [stored.key for stored in page.events]


def counted(world: World, name: str) -> int:
    return world.context.counts[name]


def test_what_was_lost_is_appended_again_in_order_and_the_connection_comes_back(
    world: World,
) -> None:
    ann = joined(world)
    for name in ("s1", "s2", "s3"):
        say(world, name)
    old = world.epoch(KEY)
    lose(world, 2)
    look(world)
    assert keys(world) == ["created", "segment:s1", "segment:s2", "segment:s3"]
    assert world.epoch(KEY) > old
    [closing] = ann.screen.events("session:closing")
    assert (closing["code"], closing["reconnect"]) == ("unavailable", True)
    assert {update["epoch"] for update in ann.screen.events("transcription:update")} == {old}
    again = world.connect("ann")
    answer = subscribe(world, again, since=wire.Cursor(old, 4))["data"]
    assert (answer["mode"], answer["cursor"]["seq"]) == ("snapshot", 4)
    assert [one["text"] for one in answer["snapshot"]["segments"]] == ["hello"] * 3
    assert (counted(world, "refilled:appended"), counted(world, "epochs:reopened")) == (2, 1)


def test_a_command_of_the_refill_window_waits_and_is_answered_once(world: World) -> None:
    say(world, "s1")
    lose(world, 1)
    waiting = world.post("call-1", lambda to: m.AppendSegments([segment("s2")], to, 1))
    world.run()
    assert waiting == []
    assert keys(world) == ["created", "segment:s1"], "what was lost goes first"
    world.run(1.1)
    [answer] = waiting
    assert (answer.error, answer.value.results[0].seq) == (None, 3)
    assert counted(world, "refill_waits") == 1


def test_a_window_longer_than_a_command_can_wait_is_answered_unavailable(world: World) -> None:
    world.log._refill_ms = 60_000
    lose(world, 0)
    waiting = world.post("call-1", lambda to: m.AppendSegments([segment("s1")], to, 1))
    world.run(7)
    [answer] = waiting
    assert answer.error is not None
    assert (answer.error.code, answer.error.retryable) == ("unavailable", True)


def test_a_segment_sent_again_after_the_loss_is_repeated_under_its_new_number(
    world: World,
) -> None:
    say(world, "s1")
    lose(world, 1)
    look(world)
    assert (say(world, "s1").outcome, say(world, "s1").seq) == ("repeated", 2)


def test_a_state_that_was_replaced_meanwhile_is_not_brought_back(world: World) -> None:
    """This node sleeps while another one opens the epoch and changes the status."""
    change(world, "r1", status="on_hold")
    say(world, "s1")
    lose(world, 2)
    [top] = world.log.tops([KEY])
    assert top is not None
    world.hints_on = False
    body = world.log.read(KEY, 0, 1).events[0].body  # type: ignore[union-attr]
    entry = Entry("status:other", "", "call:status", body)
    world.log.append([Append(KEY, top.epoch, 1, (entry,), refill=True)])
    world.hints_on = True
    look(world)
    assert keys(world) == ["created", "status:other", "segment:s1"]
    assert counted(world, "refilled:superseded") == 1


def test_a_log_that_is_gone_is_made_anew_with_what_came_before_the_ring(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "RING", 4)
    world.run(300)  # the actor leaves memory, and the next one has a small ring
    ann = joined(world)
    for number in range(10):
        say(world, f"s{number}")
    old = world.epoch(KEY)
    lose(world, 11)
    look(world)
    page = world.log.read(KEY, 0, 100)
    assert page is not None
    assert page.epoch > old
    assert [stored.seq for stored in page.events] == [8, 9, 10, 11]
    assert ann.screen.closed is True
    answer = subscribe(world, world.connect("ann"))["data"]
    assert len(answer["snapshot"]["segments"]) == 10
    assert say(world, "s0").outcome == "repeated", "the fold knows it from before"
    world.run(1.1)
    assert say(world, "new").seq == 12


def test_an_erased_call_is_not_made_anew(world: World) -> None:
    ann = joined(world)
    say(world, "s1")
    world.log.delete(KEY)
    look(world)
    assert ann.screen.events("call:unassigned") == [{"call_id": "call-1"}]
    assert world.log.tops([KEY]) == [None]


def test_an_ended_call_whose_time_is_over_is_not_made_anew(world: World) -> None:
    joined(world)
    change(world, "r1", status="ended")
    world.run(3)
    ref: Any = world.directory.call(KEY)
    ref.actor.call.ended_at = "2020-01-01T00:00:00Z"
    lose(world, 2)
    look(world)
    assert world.log.tops([KEY]) == [None]


def test_many_connections_are_told_to_come_back_in_batches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "GO_AT_ONCE", 5)
    agents = [joined(world) for _ in range(8)]
    say(world, "s1")
    lose(world, 1)
    look(world)
    assert sum(agent.screen.closed is True for agent in agents) == 5
    world.run(0.3)
    assert all(agent.screen.closed is True for agent in agents)
    assert all(agent.screen.seqs() == [2] for agent in agents), "nothing of the new epoch"
    after = {agent.screen.events("session:closing")[0]["after_ms"] for agent in agents}
    assert len(after) > 4, "they do not come back at once"


def test_a_suggestion_that_was_lost_is_brought_back_once(world: World) -> None:
    say(world, "s1")
    world.run(0.5)
    because, _, reply_to = world.proposals[-1]
    reply_to.tell(m.Proposed(because, documents("d1"), "", "none", False))
    world.run()
    lose(world, 2)
    look(world)
    world.run(3)
    assert keys(world) == ["created", "segment:s1", "suggestion:s1"]


def test_another_calls_log_does_not_notice(world: World) -> None:
    create(world, call_id="call-2")
    other = CallKey("default", "call-2")
    epoch = world.epoch(other)
    lose(world, 0)
    look(world)
    assert world.log._lives[other].epoch == epoch, "until it is looked at"

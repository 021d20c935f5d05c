"""Every bound of one connection, and the outcome it has."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from engine import wire
from engine.allowances import UNLIMITED, Allowances
from engine.config import Actors, Limits, Settings
from tests.actors.acts import KEY, ask, create, joined, say, segment
from tests.actors.world import World


def acks(agent: Any) -> list[dict[str, Any]]:
    return [one[2] for one in agent.screen.sent if one[0] == "ack"]


def codes(agent: Any) -> list[str]:
    return [answer["error"]["code"] if not answer["ok"] else "ok" for answer in acks(agent)]


def burst(world: World, agent: Any, count: int, body: Any, first: int = 0) -> None:
    for ack_id in range(first, first + count):
        agent.ref.tell(m.Ask(body, ack_id))
    world.run()


def test_commands_over_the_burst_are_refused_with_the_time_to_wait() -> None:
    world = World()
    ann = world.connect("ann")
    burst(world, ann, 43, wire.CallUnsubscribe("c"))
    assert codes(ann) == ["ok"] * 40 + ["rate_limited"] * 3
    error = acks(ann)[-1]["error"]
    assert error["retryable"]
    wait_ms = error["retry_after_ms"]
    assert 40 <= wait_ms <= 60, "one of twenty a second"
    world.run(wait_ms / 1000)
    burst(world, ann, 1, wire.CallUnsubscribe("c"), first=100)
    assert codes(ann)[-1] == "ok"


def test_subscriptions_have_a_rate_of_their_own() -> None:
    world = World()
    create(world)
    ann = world.connect("ann")
    burst(world, ann, 21, wire.CallSubscribe("call-1"))
    assert codes(ann).count("rate_limited") == 1
    burst(world, ann, 1, wire.CallUnsubscribe("call-1"), first=100)
    assert codes(ann)[-1] == "ok", "other commands go on"


def test_one_connection_takes_nothing_from_another() -> None:
    world = World()
    ann, also_ann = world.connect("ann"), world.connect("ann")
    burst(world, ann, 60, wire.CallUnsubscribe("c"))
    burst(world, also_ann, 1, wire.CallUnsubscribe("c"))
    assert codes(also_ann) == ["ok"]


def test_producers_are_not_limited_by_rate() -> None:
    world = World()
    create(world)
    feed = world.connect("feed", "producer")
    for number in range(100):
        feed.ref.tell(m.Ask(wire.SegmentAppend("call-1", [segment(f"s{number}")]), number))
        world.run()
    assert codes(feed) == ["ok"] * 100


def test_so_many_commands_wait_for_an_answer_and_the_next_is_told_busy() -> None:
    world = World(Settings(limits=Limits(commands_burst=1000)))
    create(world)
    world.auto = False
    feed = world.connect("feed", "producer")
    for number in range(65):
        feed.ref.tell(m.Ask(wire.SegmentAppend("call-1", [segment(f"s{number}")]), number))
        world.run()
    assert codes(feed) == ["busy"]
    assert acks(feed)[0]["error"]["retry_after_ms"] == 500
    while world.asked:
        world.answer()
        world.run()
    assert codes(feed) == ["busy"] + ["ok"] * 64
    world.auto = True
    burst(world, feed, 1, wire.SegmentAppend("call-1", [segment("s99")]), first=99)
    assert codes(feed)[-1] == "ok"


def test_a_command_nobody_answers_is_unavailable_after_its_time_and_answered_once() -> None:
    world = World()
    create(world)
    ann = joined(world)
    world.auto = False
    ann.ref.tell(m.Ask(wire.SegmentAppend("call-1", [segment("s1")]), 5))
    feed = world.connect("feed", "producer")
    feed.ref.tell(m.Ask(wire.SegmentAppend("call-1", [segment("s1")]), 6))
    world.run(5.5)
    assert ann.screen.ack(5)["error"]["code"] == "forbidden"
    world.run(2)
    assert feed.screen.ack(6)["error"]["code"] == "timeout"
    world.answer()
    world.run(1)
    assert feed.screen.ack(6)["error"]["code"] == "timeout"
    assert world.log.tops([KEY])[0].seq == 2, "it did take effect; asked again it is `repeated`"


def test_a_connection_subscribes_to_so_many_calls_and_then_it_is_too_many() -> None:
    world = World(Settings(limits=Limits(calls_per_connection=3, commands_burst=99)))
    for number in range(4):
        create(world, call_id=f"call-{number}")
    ann = world.connect("ann")
    for number in range(4):
        ask(world, ann, wire.CallSubscribe(f"call-{number}"), number)
    assert codes(ann) == ["ok", "ok", "ok", "too_many"]
    assert acks(ann)[-1]["error"]["field"] == "call_id"
    assert ask(world, ann, wire.CallSubscribe("call-0"), 10)["ok"], "again is not one more"
    ask(world, ann, wire.CallUnsubscribe("call-1"), 11)
    assert ask(world, ann, wire.CallSubscribe("call-3"), 12)["ok"]


def test_a_call_with_too_much_to_do_says_busy_to_commands_and_to_joins() -> None:
    world = World(Settings(actors=Actors(call_mailbox=4, call_mailbox_durable=2)))
    create(world)
    feed, ann = world.connect("feed", "producer"), world.connect("ann")
    for number in range(3):
        feed.ref.tell(m.Ask(wire.SegmentAppend("call-1", [segment(f"s{number}")]), number))
    for _ in range(3):
        world.dispatcher.step(feed.ref)
    ann.ref.tell(m.Ask(wire.CallSubscribe("call-1"), 7))
    world.dispatcher.step(ann.ref)
    world.run()
    assert codes(feed).count("busy") == 1
    assert ann.screen.ack(7)["error"]["code"] == "busy"
    assert ask(world, ann, wire.CallSubscribe("call-1"), 8)["ok"]


def test_commands_waiting_for_the_store_are_bounded_and_then_busy() -> None:
    world = World(Settings(actors=Actors(call_mailbox=64, call_mailbox_durable=3)))
    create(world)
    world.auto = False
    boxes = []
    for number in range(6):
        boxes.append(
            world.post(
                "call-1",
                lambda to, n=number: m.AppendSegments([segment(f"s{n}")], to, 1),  # type: ignore[misc]
            )
        )
        world.run()
    refused = [box[0].error.code for box in boxes if box and box[0].error]
    assert refused == ["busy", "busy"], "one is in flight, three wait"


def test_a_batch_in_flight_counts_too_since_it_may_come_back_to_the_queue() -> None:
    world = World(Settings(actors=Actors(call_mailbox=64, call_mailbox_durable=3)))
    create(world)
    world.auto = False
    boxes = []
    for number in range(6):
        if number == 4:
            world.answer()  # the first is written; the three that waited are in flight now
            world.run()
        body = [segment(f"s{number}")]
        boxes.append(world.post("call-1", lambda to, b=body: m.AppendSegments(b, to, 1)))  # type: ignore[misc]
        world.run()
    refused = [box[0].error.code for box in boxes if box and box[0].error]
    assert refused == ["busy"], "three are in flight, one waits"


@pytest.mark.parametrize("late_event", [True, False])
def test_events_that_found_the_mailbox_full_are_read_from_the_log(late_event: bool) -> None:
    """A dropped hint leaves a gap to see, unless it was the last: that is noticed too."""
    world = World(Settings(actors=Actors(agent_mailbox=4)))
    create(world)
    ann = joined(world)
    call = world.directory.call(KEY)
    for number in range(9):
        world.post(
            "call-1",
            lambda to, n=number: m.AppendSegments([segment(f"s{n}")], to, 1),  # type: ignore[misc]
        )
        while world.dispatcher.mail(call):
            world.dispatcher.step(call)
    assert len(world.dispatcher.mail(ann.ref)) == 4
    world.run()
    if late_event:
        say(world, "late")
    assert ann.screen.seqs() == list(range(2, 12 if late_event else 11))


def allowing(**rates: float) -> World:
    world = World()
    world.context.allowances = Allowances({**UNLIMITED, **rates})  # type: ignore[dict-item]
    return world


def test_an_agents_connections_share_one_allowance() -> None:
    world = allowing(commands=10.0)
    ann, also_ann, bob = (world.connect(name) for name in ("ann", "ann", "bob"))
    for agent in (ann, also_ann, bob):
        burst(world, agent, 15, wire.CallUnsubscribe("c"))
    assert codes(ann) == ["ok"] * 15
    assert codes(also_ann) == ["ok"] * 5 + ["rate_limited"] * 10
    assert codes(bob) == ["ok"] * 15


def test_verdicts_have_an_allowance_of_their_own() -> None:
    world = allowing(verdicts=2.0)
    create(world)
    ann = world.connect("ann")
    burst(world, ann, 6, wire.DocFeedback("d", helpful=True, call_id="call-1"))
    assert sorted(codes(ann)) == ["not_found"] * 4 + ["rate_limited"] * 2
    burst(world, ann, 1, wire.CallUnsubscribe("c"), first=100)
    assert codes(ann)[-1] == "ok"


def test_a_producer_is_limited_by_segments_and_not_by_commands() -> None:
    world = allowing(commands=1.0, segments=10.0)
    create(world)
    producer = world.connect("feed", role="producer")
    for number in range(3):
        lines = [wire.Segment(f"{number}-{n}", "customer", "hello") for n in range(8)]
        burst(world, producer, 1, wire.SegmentAppend("call-1", lines), first=number)
    assert codes(producer) == ["ok", "ok", "rate_limited"]


def test_an_agent_with_too_many_connections_is_told_on_the_newest() -> None:
    world = World(Settings(limits=Limits(connections_per_agent=2)))
    kept = [world.connect("ann") for _ in range(2)]
    third = world.connect("ann")
    bob = world.connect("bob")
    assert third.screen.events("session:closing")[0]["code"] == "too_many_connections"
    assert third.screen.closed is True
    assert [agent.screen.closed for agent in (*kept, bob)] == [None] * 3


def test_a_client_that_goes_on_over_its_rate_is_not_read_until_it_may() -> None:
    world = World()
    ann = world.connect("ann")
    burst(world, ann, 50, wire.CallUnsubscribe("c"))
    assert ann.screen.rested == [True]
    world.run(0.06)
    assert ann.screen.rested == [True, False]
    burst(world, ann, 1, wire.CallUnsubscribe("c"), first=100)
    assert codes(ann)[-1] == "ok"

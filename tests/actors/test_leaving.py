"""A node that leaves: its leases go back, and nobody waits for an answer that will not come."""

from __future__ import annotations

import pytest

from actors import messages as m
from engine import wire
from engine.errors import Draining, Revoked
from tests.actors.acts import KEY, create, joined, say
from tests.actors.world import World


def leader(world: World) -> str | None:
    """Who could take the lease now: None, somebody has it."""
    lease = world.log.lead(KEY, "another node", 100)
    return "another node" if lease is not None and lease.mine else None


@pytest.fixture
def world() -> World:
    found = World()
    create(found)
    found.run(1)
    return found


def test_a_lease_is_given_back_at_once_and_not_asked_for_again(world: World) -> None:
    assert leader(world) is None
    assert world.directory.give_up_leading() == [KEY]
    world.run()
    assert leader(world) == "another node"
    world.run(60)
    assert leader(world) == "another node"
    assert world.directory.give_up_leading() == []


def test_a_call_that_comes_to_be_led_while_the_node_leaves_is_given_back(world: World) -> None:
    world.late = True
    world.run(4)  # a renewal is on its way
    world.directory.give_up_leading()
    while world.on_its_way:
        world.deliver()
        world.run()
    assert leader(world) == "another node"


def test_it_goes_on_to_serve_until_its_connections_have_gone(world: World) -> None:
    ann = joined(world)
    world.directory.give_up_leading()
    world.run()
    say(world, "s1")
    assert ann.screen.seqs() == [2]
    world.run(1)
    assert world.proposals == []  # that is for who leads now


def test_who_hears_that_a_call_is_free_asks_for_its_lease_at_once(world: World) -> None:
    world.log.resign(KEY, "node-1")
    world.log.lead(KEY, "another node", 60_000)
    world.run(10)  # our renewal was refused: we lead no more
    assert not world.directory.calls[KEY].actor.leader.leads
    world.log.resign(KEY, "another node")
    for _ in range(3):
        world.dispatcher.send(world.directory.calls[KEY], m.Tick("vacant"))
    world.run()
    assert world.directory.calls[KEY].actor.leader.leads
    timers = len(world.context.wheel)
    world.run(60)
    assert len(world.context.wheel) <= timers  # one turn to ask, not one more for each notice


@pytest.mark.parametrize(
    ("error", "code"), [(Draining("Leaving"), "draining"), (Revoked("Gone"), "unavailable")]
)
def test_commands_without_an_answer_are_refused_before_the_connection_closes(
    error: Draining, code: str
) -> None:
    world = World()
    create(world)
    ann = joined(world)
    world.auto = False
    for ack_id in (7, None):
        ann.ref.tell(m.Ask(wire.DocFeedback("doc-1", True, "call-1", feedback_id="f1"), ack_id))
    world.run()
    ann.ref.tell(m.Close(error, 10))
    ann.ref.tell(m.Ask(wire.DocFeedback("doc-2", True, "call-1"), 8))
    world.run()
    for ack_id, expected in ((7, code), (8, "unavailable")):
        refusal = ann.screen.ack(ack_id)["error"]
        assert (refusal["code"], refusal["retryable"]) == (expected, True)
    sent = [one[0] for one in ann.screen.sent]
    assert sent.index("ack", sent.index("ack") + 1) < sent.index("session:closing")
    assert ann.screen.events("error") == []
    world.answer()
    world.run()
    assert len([one for one in ann.screen.sent if one[:2] == ("ack", 7)]) == 1


def test_commands_held_for_the_session_are_refused_too(world: World) -> None:
    ann = world.connect("ann")
    ann.ref.actor.session.open = False
    ann.ref.tell(m.Ask(wire.CallUnsubscribe("call-1"), 1))
    world.run()
    ann.ref.tell(m.Close(Draining("Leaving")))
    world.run()
    assert ann.screen.ack(1)["error"]["code"] == "draining"

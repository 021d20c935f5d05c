"""Who a connection is: what waits until that is known, and how it ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors import messages as m
from engine import wire
from engine.errors import Expired
from engine.identity import Identity
from tests.actors.acts import ask, create, joined, say, subscribe
from tests.actors.world import Screen, World


@pytest.fixture
def world() -> World:
    found = World()
    for agent_id in ("ann", "ben"):
        found.identities[agent_id] = Identity(agent_id, "agent", "default", found.wall() + 3600)
    return found


def visitor(world: World, connection_id: str = "c1") -> Any:
    """A connection that has said nothing yet."""
    screen = Screen()
    return SimpleNamespace(ref=world.directory.connect(connection_id, screen), screen=screen)


def connect(
    world: World, who: Any, token: str = "ann", ack_id: Any = "connect", **more: Any
) -> Any:
    body = wire.AgentConnect(more.pop("agent_id", token), token, **more)
    return ask(world, who, body, ack_id)


def test_an_agent_hears_who_they_are_until_when_and_what_time_it_is(world: World) -> None:
    answer = connect(world, visitor(world))
    assert answer == {
        "ok": True,
        "data": {
            "agent_id": "ann",
            "role": "agent",
            "expires_at": "2023-11-14T23:13:20.000Z",
            "server_time": "2023-11-14T22:13:20.000Z",
            "calls": [],
            "tenant": "default",
        },
    }


def test_commands_sent_before_the_session_run_in_order_after_it(world: World) -> None:
    """One burst, without waiting for anything: as a plain client sends it."""
    create(world)
    ann = visitor(world)
    bodies = [
        wire.CallSubscribe("call-1"),
        wire.AgentConnect("ann", "ann"),
        wire.CallUnsubscribe("call-1"),
        wire.CallSubscribe("call-1"),
    ]
    for ack_id, body in enumerate(bodies):
        ann.ref.tell(m.Ask(body, ack_id))
    world.run()
    answered = [one[1] for one in ann.screen.sent if one[0] == "ack"]
    assert answered[0] == 1, "the session's answer comes first"
    assert sorted(answered) == [0, 1, 2, 3]
    assert ann.screen.ack(3)["ok"]
    say(world, "s1")
    assert ann.screen.seqs() == [2]


def test_so_many_commands_are_held_and_the_next_is_told_busy(world: World) -> None:
    ann = visitor(world)
    for ack_id in range(33):
        ann.ref.tell(m.Ask(wire.CallUnsubscribe("call-1"), ack_id))
    world.run()
    assert [one[1:] for one in ann.screen.sent if one[0] == "ack"] == [
        (32, {"ok": False, "error": ann.screen.ack(32)["error"]})
    ]
    assert ann.screen.ack(32)["error"]["code"] == "busy"
    connect(world, ann)
    assert all(ann.screen.ack(ack_id)["ok"] for ack_id in range(32))


def test_who_does_not_say_who_they_are_in_time_is_closed(world: World) -> None:
    ann = visitor(world)
    world.run(9.9)
    assert ann.screen.closed is None
    world.run(0.2)
    assert ann.screen.closed is False
    assert ann.screen.events("session:closing")[0]["code"] == "unauthenticated"


def test_who_came_in_time_is_left_alone(world: World) -> None:
    ann = visitor(world)
    world.run(9)
    connect(world, ann)
    world.run(60)
    assert ann.screen.closed is None


def test_a_refused_token_refuses_what_was_held_and_another_may_follow(world: World) -> None:
    ann = visitor(world)
    ann.ref.tell(m.Ask(wire.CallUnsubscribe("call-1"), 1))
    assert connect(world, ann, "stolen")["error"]["code"] == "unauthenticated"
    assert ann.screen.ack(1)["error"]["code"] == "unauthenticated"
    assert connect(world, ann, "ann", "again")["ok"]


def test_a_token_of_another_agent_is_refused(world: World) -> None:
    error = connect(world, visitor(world), "ann", agent_id="ben")["error"]
    assert (error["code"], error["field"]) == ("unauthenticated", "agent_id")


def test_a_token_in_the_handshake_makes_the_command_optional(world: World) -> None:
    create(world)
    ann = visitor(world)
    ann.ref.tell(m.Verified(None, world.identities["ann"], client_id="tab"))
    assert subscribe(world, ann)["ok"]
    assert connect(world, ann)["ok"]


@pytest.mark.parametrize(
    "other",
    [
        Identity("ben", "agent", "default", 2e9),
        Identity("ann", "supervisor", "default", 2e9),
        Identity("ann", "agent", "acme", 2e9),
    ],
)
def test_a_connection_keeps_its_agent_role_and_tenant(world: World, other: Identity) -> None:
    world.identities["other"] = other
    ann = visitor(world)
    connect(world, ann)
    answer = connect(world, ann, "other", "renew", agent_id=other.agent_id)
    assert answer["error"]["code"] == "forbidden"
    assert ann.screen.closed is None


def test_a_connection_ends_with_its_token(world: World) -> None:
    create(world)
    ann = joined(world)
    world.run(3599)
    assert ann.screen.closed is None
    world.run(1.1)
    closing = ann.screen.events("session:closing")[0]
    assert (closing["code"], closing["reconnect"], ann.screen.closed) == ("expired", False, False)
    say(world, "s1")
    assert ann.screen.seqs() == [], "nothing more of the call leaves here"


def test_a_token_renewed_in_place_moves_the_end_and_keeps_the_calls(world: World) -> None:
    create(world)
    ann = visitor(world)
    connect(world, ann)
    subscribe(world, ann)
    world.run(1800)
    world.identities["newer"] = Identity("ann", "agent", "default", world.wall() + 3600)
    assert connect(world, ann, "newer", "renew", agent_id="ann")["ok"]
    world.run(3000)
    assert ann.screen.closed is None
    say(world, "s1")
    assert ann.screen.seqs() == [2]
    world.run(700)
    assert ann.screen.events("session:closing")[0]["code"] == "expired"


def test_a_renewal_that_is_refused_leaves_the_session_as_it_was(world: World) -> None:
    ann = visitor(world)
    connect(world, ann)
    refused = connect(world, ann, "stolen", "renew", agent_id="ann")
    assert refused["error"]["code"] == "unauthenticated"
    assert ann.screen.closed is None
    assert ask(world, ann, wire.CallUnsubscribe("call-1"), 7)["ok"]


def test_a_newer_connection_of_the_same_tab_replaces_the_older(world: World) -> None:
    old, new = visitor(world, "c1"), visitor(world, "c2")
    connect(world, old, client_id="tab")
    connect(world, new, client_id="tab")
    closing = old.screen.events("session:closing")[0]
    assert (closing["code"], closing["reconnect"], old.screen.closed) == ("replaced", False, False)
    assert new.screen.closed is None


def test_without_a_client_id_nobody_is_replaced(world: World) -> None:
    screens = []
    for number, client_id in enumerate((None, None, "tab", "other tab")):
        who = visitor(world, f"c{number}")
        connect(world, who, client_id=client_id)
        screens.append(who.screen)
    stranger = visitor(world, "c9")
    connect(world, stranger, "ben", client_id="tab")
    assert [screen.closed for screen in [*screens, stranger.screen]] == [None] * 5


def test_a_renewal_does_not_replace_itself(world: World) -> None:
    ann = visitor(world)
    connect(world, ann, client_id="tab")
    assert connect(world, ann, ack_id="renew", client_id="tab")["ok"]
    assert ann.screen.closed is None


def test_revoking_an_agent_closes_all_their_connections_here(world: World) -> None:
    ones = [visitor(world, f"c{number}") for number in range(2)]
    for one in ones:
        connect(world, one)
    other = visitor(world, "c9")
    connect(world, other, "ben")
    assert world.directory.close_agent("default", "ann", Expired("over")) == 2
    world.run()
    assert [one.screen.closed for one in [*ones, other]] == [False, False, None]


def test_a_connection_that_is_gone_leaves_nothing_behind(world: World) -> None:
    create(world)
    ann = visitor(world)
    connect(world, ann, client_id="tab")
    subscribe(world, ann)
    ann.ref.tell(m.Gone())
    world.run()
    assert world.directory.connections == {}
    assert list(world.directory.present("default", "ann")) == []
    assert world.rooms_of["c1"] == set()
    say(world, "s1")
    assert world.dispatcher.dead_letters_total == 0


def test_a_subscribe_that_the_end_of_the_connection_overtakes_may_be_asked_again(
    world: World,
) -> None:
    """`unknown_call` would make the client give the call up."""
    create(world)
    ann = visitor(world)
    connect(world, ann)
    ann.ref.tell(m.Ask(wire.CallSubscribe("call-1"), 7))
    world.dispatcher.step(ann.ref)  # the join is on its way to the call
    ann.ref.tell(m.Close(Expired("The token has expired")))
    world.dispatcher.step(ann.ref)
    error = ann.screen.ack(7)["error"]
    assert (error["code"], error["retryable"]) == ("unavailable", True)

"""Rights live as long as the token and the assignment, and what says so is not lost."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from actors.agent import OWED
from engine import wire
from engine.errors import Revoked
from engine.identity import Identity
from tests.actors.acts import KEY, ask, change, create, joined, say, subscribe
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    return World()


def renew(world: World, who: Any, lifetime_s: float) -> Any:
    world.identities["newer"] = Identity("ann", "agent", "default", world.wall() + lifetime_s)
    return ask(world, who, wire.AgentConnect("ann", "newer"), "renew")


def warnings(who: Any) -> list[str]:
    return [event["expires_at"] for event in who.screen.events("session:expiring")]


def test_a_minute_before_its_end_the_session_says_so_and_then_is_closed(world: World) -> None:
    ann = world.connect("ann")
    world.run(3539.9)
    assert warnings(ann) == []
    world.run(0.2)
    assert warnings(ann) == ["2023-11-14T23:13:20.000Z"]
    world.run(59)
    assert ann.screen.closed is None
    world.run(1)
    assert ann.screen.events("session:closing")[0]["code"] == "expired"
    assert ann.screen.closed is False


def test_a_renewal_takes_the_warning_back_and_moves_it(world: World) -> None:
    create(world)
    ann = joined(world)
    world.run(3000)
    assert renew(world, ann, 7200)["ok"]
    world.run(7130)
    assert warnings(ann) == []
    world.run(20)
    assert len(warnings(ann)) == 1
    say(world, "s1")
    assert ann.screen.seqs() == [2]


def test_a_short_token_is_warned_of_at_half_its_life_not_again_and_again(world: World) -> None:
    ann = world.connect("ann")
    renew(world, ann, 20)
    world.run(9.9)
    assert warnings(ann) == []
    world.run(0.2)
    assert len(warnings(ann)) == 1
    world.run(9.8)
    assert len(warnings(ann)) == 1
    assert ann.screen.closed is None
    world.run(0.2)
    assert ann.screen.closed is False


def test_a_full_socket_is_told_of_rights_when_it_has_room_and_in_order(world: World) -> None:
    create(world)
    ann = joined(world)
    ann.screen.sent.clear()
    ann.screen.room = 0
    change(world, agent_ids=["ben"])
    change(world, "request-2", agent_ids=["ann"])
    assert ann.screen.events() == []
    ann.screen.room = 100
    ann.ref.tell(m.Room())
    world.run()
    told = [event for event, _ in (one for one in ann.screen.sent if one[0] != "ack")]
    assert told == ["call:unassigned", "call:assigned"]


def test_a_socket_that_is_owed_too_much_is_closed_as_slow(world: World) -> None:
    ann = world.connect("ann")
    ann.screen.room = 0
    for number in range(OWED + 1):
        world.directory.unassigned(KEY._replace(call_id=f"call-{number}"), "ann")
    world.run()
    assert ann.screen.closed is True


def test_an_agent_who_loses_a_call_hears_no_more_of_it_and_may_not_ask(world: World) -> None:
    create(world)
    ann, other_tab = joined(world), joined(world)
    change(world, agent_ids=["ben"])
    say(world, "s1", "for ben alone")
    for who in (ann, other_tab):
        assert who.screen.seqs() == [2], "the status that took the call is the last they see"
        assert len(who.screen.events("call:unassigned")) == 1
        assert subscribe(world, who, "again")["error"]["code"] == "unknown_call"
        for ack_id, body in enumerate(
            (
                wire.CallHistory("call-1", "x", 5),
                wire.DocFeedback("d", True, "call-1"),
                wire.DocSeen("call-1", [wire.SeenItem("d", "dismissed")]),
            )
        ):
            assert ask(world, who, body, ack_id)["error"]["code"] == "unknown_call"


def test_interim_text_stops_with_the_notice_though_the_log_is_late(world: World) -> None:
    create(world)
    ann = joined(world, interim=True)
    world.directory.unassigned(KEY, "ann")  # the notice came before the call's own event
    world.run()
    say(world, "s1", "secret", final=False)
    assert ann.screen.events("transcription:update") == []


def test_a_revocation_spares_the_connections_whose_token_is_newer(world: World) -> None:
    ann = world.connect("ann")
    revoked_at = world.wall()
    closed = world.directory.close_agent(
        "default", "ann", Revoked("over"), unless=lambda who: (who.issued_at or 0) > revoked_at
    )
    world.run()
    assert (closed, ann.screen.closed) == (1, False)
    newer = world.connect("ann")
    world.identities["newer"] = Identity(
        "ann", "agent", "default", world.wall() + 60, revoked_at + 1
    )
    ask(world, newer, wire.AgentConnect("ann", "newer"), "renew")
    world.directory.close_agent(
        "default", "ann", Revoked("over"), unless=lambda who: (who.issued_at or 0) > revoked_at
    )
    world.run()
    assert newer.screen.closed is None


def test_who_watched_which_call_is_noted_from_its_beginning_to_its_end(world: World) -> None:
    noted: list[tuple[str, str, str]] = []

    class Notes:
        def note(self, who: Identity, kind: str, **about: Any) -> None:
            noted.append((who.agent_id, kind, about["call_id"]))

    world.context.audit = Notes()
    create(world)
    joined(world)
    sue = world.connect("sue", "supervisor")
    subscribe(world, sue)
    ask(world, sue, wire.CallUnsubscribe("call-1"), 2)
    stranger = world.connect("bob")
    assert not subscribe(world, stranger)["ok"]
    change(world, agent_ids=["ben"])
    assert noted == [
        ("ann", "watch.began", "call-1"),
        ("sue", "watch.began", "call-1"),
        ("sue", "watch.ended", "call-1"),
        ("ann", "watch.ended", "call-1"),
    ]


def test_a_call_whose_actor_ended_is_still_watched_and_ends_once(world: World) -> None:
    noted: list[str] = []

    class Notes:
        def note(self, who: Identity, kind: str, **about: Any) -> None:
            noted.append(kind)

    world.context.audit = Notes()
    create(world)
    ann = joined(world)
    world.directory.calls[KEY].stop(block=False)
    world.run()
    assert noted == ["watch.began"]
    ann.ref.tell(m.Gone())
    world.run()
    assert noted == ["watch.began", "watch.ended"]

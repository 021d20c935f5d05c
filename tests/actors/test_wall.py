"""The supervisor's wall: every live call's row, its changes gathered, nobody disturbed."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from actors.wall import READ_S, ROWS_A_FRAME, frame_of
from engine import wire
from engine.decoding import encode
from engine.errors import Unavailable
from engine.log import CallKey
from tests.actors.acts import ask, create, joined, say, suggested
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    return World()


def row(call_id: str, status: Any = "active", *agents: str) -> bytes:
    view = wire.CallView(call_id, status, 7, "2023-11-14T22:13:00.000Z", list(agents or ("ann",)))
    return b"+" + encode(view)


def fill(world: World, count: int, tenant: str = "default") -> None:
    for number in range(count):
        world.walls.tell(tenant, row(f"call-{number:04d}"))


def watch(world: World, who: Any = None, ack_id: Any = 1, **wanted: Any) -> Any:
    who = who or world.connect("sue", "supervisor")
    body = wire.CallsWatch(wire.CallsFilter(**wanted) if wanted else None)
    answer = ask(world, who, body, ack_id)
    assert answer is None or answer["ok"], answer
    return who


def listed(who: Any, ack_id: Any = 1) -> list[str]:
    return [one["call_id"] for one in who.screen.ack(ack_id)["data"]["calls"]]


def changes(who: Any) -> list[Any]:
    return who.screen.events("calls:changed")


# --- rows ---------------------------------------------------------------------------------


def test_a_row_holds_what_a_supervisor_looks_for() -> None:
    world = suggested("d1", "d2", "d3")
    ann = joined(world)
    for ack_id, (doc_id, helpful) in enumerate((("d1", True), ("d2", False), ("d3", None))):
        ask(world, ann, wire.DocFeedback(doc_id, helpful, "call-1"), ack_id)
    say(world, "s2", "my card was lost")
    world.run(1.2)
    last = world.walls.writes[-1]
    assert last["call_id"] == "call-1"
    assert last["last_line"]["text"] == "my card was lost"
    assert last["verdicts"] == {"helpful": 1, "unhelpful": 1}
    assert last["health"]["transcription"] == "ok"
    assert last["agent_ids"] == ["ann"]


def test_a_burst_is_one_row_and_a_talk_one_a_second(world: World) -> None:
    create(world)
    world.run(2)
    before = len(world.walls.writes)
    for number in range(100):
        say(world, f"s{number}")
        world.run(0.05)
    world.run(2)
    assert 4 <= len(world.walls.writes) - before <= 7
    world.run(60)
    quiet = len(world.walls.writes)
    world.run(60)
    assert len(world.walls.writes) == quiet, "nothing changes: nothing is written"


def test_only_the_node_that_leads_a_call_writes_its_row(world: World) -> None:
    world.leases_on = False
    create(world)
    say(world, "s1")
    world.run(3)
    assert world.walls.writes == []
    world.leases_on = True
    world.run(20)
    assert world.walls.writes[-1]["last_line"]["text"] == "hello"


def test_a_long_line_shows_its_end(world: World) -> None:
    create(world)
    say(world, "s1", "word " * 100 + "the end")
    world.run(2)
    text = world.walls.writes[-1]["last_line"]["text"]
    assert len(text) == 200
    assert text.startswith("…")
    assert text.endswith("the end")


# --- the list -----------------------------------------------------------------------------


def test_a_supervisor_is_answered_with_the_tenants_calls_and_nobody_elses(world: World) -> None:
    fill(world, 3)
    world.walls.tell("other", row("secret"))
    sue = watch(world)
    assert listed(sue) == ["call-0000", "call-0001", "call-0002"]
    assert sue.screen.ack(1)["data"]["calls"][0]["duration"] == 20, "it runs to now"
    world.walls.tell("other", row("secret-2"))
    world.run(1)
    assert changes(sue) == []


@pytest.mark.parametrize("role", ["agent", "producer"])
def test_nobody_else_sees_a_wall(world: World, role: str) -> None:
    who = world.connect("eve", role)
    assert ask(world, who, wire.CallsWatch())["error"]["code"] == "forbidden"
    assert world.directory.walls == {}


def test_a_wall_is_filtered_as_asked_and_what_no_longer_fits_has_left(world: World) -> None:
    world.walls.tell("default", row("c1"))
    world.walls.tell("default", row("c2", "on_hold", "ben"))
    sue = watch(world, status="on_hold")
    assert listed(sue) == ["c2"]
    world.walls.tell("default", row("c2", "active", "ben"))
    world.walls.tell("default", row("c3", "on_hold", "ben"))
    world.run(1)
    [told] = changes(sue)
    assert ([one["call_id"] for one in told["calls"]], told["removed"]) == (["c3"], ["c2"])
    watch(world, sue, 2, agent_id="ann")
    assert listed(sue, 2) == ["c1"], "a second one replaces the first"


def test_a_long_list_is_answered_in_part_and_the_rest_follows(world: World) -> None:
    fill(world, 5 * ROWS_A_FRAME)
    sue = watch(world)
    told = [one["call_id"] for event in changes(sue) for one in event["calls"]]
    assert sorted(listed(sue) + told) == sorted(world.walls.rows["default"])
    assert not any(event.get("complete") for event in changes(sue))


def test_a_client_that_wants_no_acknowledgement_gets_the_list_as_an_event(world: World) -> None:
    fill(world, 2)
    sue = watch(world, ack_id=None)
    [told] = changes(sue)
    assert told["complete"]
    assert len(told["calls"]) == 2


def test_without_a_store_the_wall_may_be_asked_for_again(world: World) -> None:
    world.walls.away = True
    sue = world.connect("sue", "supervisor")
    assert ask(world, sue, wire.CallsWatch(), 1)["error"]["code"] == "unavailable"
    world.walls.away = False
    world.run(2)
    assert ask(world, sue, wire.CallsWatch(), 2)["ok"]


# --- changes ------------------------------------------------------------------------------


def test_changes_are_gathered_twice_a_second_at_most(world: World) -> None:
    fill(world, 50)
    sue = watch(world)
    for _ in range(40):
        fill(world, 50)
        world.run(0.05)
    world.run(1)
    assert len(changes(sue)) <= 2 * 2 + 2
    assert all(len(event["calls"]) == 50 for event in changes(sue)[1:-1])


def test_one_frame_is_made_for_all_who_watch_alike(world: World) -> None:
    many = [watch(world, world.connect(f"sue-{n}", "supervisor")) for n in range(20)]
    world.walls.tell("default", row("c1"))
    world.run(1)
    assert all(len(changes(who)) == 1 for who in many)
    assert world.walls.reads == 1


def test_a_call_that_ends_leaves(world: World) -> None:
    fill(world, 1)
    sue = watch(world)
    world.walls.remove(CallKey("default", "call-0000"))
    world.run(1)
    assert changes(sue) == [{"calls": [], "removed": ["call-0000"]}]


def test_what_was_published_to_nobody_is_found_by_the_next_reading(world: World) -> None:
    fill(world, 2)
    sue = watch(world)
    world.walls.lossy = True
    world.walls.tell("default", row("new"))
    world.walls.remove(CallKey("default", "call-0001"))
    world.run(READ_S + 1)
    [told] = changes(sue)
    assert ([one["call_id"] for one in told["calls"]], told["removed"]) == (["new"], ["call-0001"])


def test_a_reading_that_is_older_than_a_change_does_not_undo_it(world: World) -> None:
    fill(world, 1)
    sue = watch(world)
    world.walls.is_slow = True
    world.run(READ_S + 0.1)  # a reading is under way, of how it was
    world.walls.tell("default", row("call-0000", "on_hold"))
    world.walls.answer()
    world.run(1)
    assert [event["calls"][0]["status"] for event in changes(sue)] == ["on_hold"]


def test_what_changes_while_the_first_reading_is_under_way_is_not_lost(world: World) -> None:
    fill(world, 2)
    world.walls.is_slow = True
    sue = world.connect("sue", "supervisor")
    sue.ref.tell(m.Ask(wire.CallsWatch(), 1))
    world.run()
    world.walls.tell("default", row("call-0000", "on_hold"))
    world.walls.remove(CallKey("default", "call-0001"))
    world.run()
    world.walls.answer()
    world.run()
    assert [(one["call_id"], one["status"]) for one in sue.screen.ack(1)["data"]["calls"]] == [
        ("call-0000", "on_hold")
    ]


def test_who_has_no_room_begins_afresh_when_there_is_some(world: World) -> None:
    fill(world, 2)
    sue = watch(world)
    sue.screen.room = 0
    world.walls.tell("default", row("new"))
    world.walls.remove(CallKey("default", "call-0001"))
    world.run(1)
    fill(world, 1)
    world.run(1)
    assert changes(sue) == []
    sue.screen.room = 100
    sue.ref.tell(m.Room())
    world.run()
    [told] = changes(sue)
    assert told["complete"]
    assert sorted(one["call_id"] for one in told["calls"]) == ["call-0000", "new"]
    world.walls.tell("default", row("newer"))
    world.run(1)
    assert len(changes(sue)) == 2


def test_a_change_that_found_the_mailbox_full_is_made_up_for(world: World) -> None:
    fill(world, 1)
    sue = watch(world)
    bound = world.context.settings.actors.agent_mailbox
    for _ in range(bound):
        sue.ref.tell(m.Refuse(None, Unavailable("filling")))
    world.dispatcher.broadcast([sue.ref], m.WallFrame(frame_of(b"", ["lost"])))
    world.walls.tell("default", row("new"))
    world.run()
    [told] = changes(sue)
    assert told["complete"]
    assert {one["call_id"] for one in told["calls"]} == {"call-0000", "new"}


def test_a_wall_that_nobody_watches_is_no_more(world: World) -> None:
    sue = watch(world)
    assert list(world.directory.walls) == list(world.walls.followed) == ["default"]
    sue.ref.tell(m.Gone())
    world.run()
    assert world.directory.walls == world.walls.followed == {}
    world.run(30)
    assert world.walls.reads == 1
    assert world.dispatcher.dead_letters_total == 0


def test_who_leaves_the_wall_is_told_nothing_more_and_the_connection_stays(world: World) -> None:
    sue, ben = watch(world), watch(world, world.connect("ben", "supervisor"))
    left = ask(world, sue, wire.CallsWatch(watch=False), 2)
    assert left == {"ok": True, "data": {"calls": []}}
    world.walls.tell("default", row("c1"))
    world.run(READ_S * 2)
    assert [changes(sue), len(changes(ben))] == [[], 1]
    assert sue.screen.closed is None
    assert ask(world, ben, wire.CallsWatch(watch=False), 2)["ok"]
    world.run()
    assert world.directory.walls == world.walls.followed == {}
    assert listed(watch(world, sue, 3), 3) == ["c1"], "and may come back"
    assert ask(world, sue, wire.CallsWatch(watch=False), 4) == left
    assert ask(world, sue, wire.CallsWatch(watch=False), 5) == left, "there is nothing to leave"
    assert world.dispatcher.dead_letters_total == 0


def test_who_leaves_before_the_list_has_come_is_answered_and_may_ask_again(world: World) -> None:
    world.walls.tell("default", row("c1"))
    world.walls.is_slow = True
    sue = world.connect("sue", "supervisor")
    sue.ref.tell(m.Ask(wire.CallsWatch(), 1))
    sue.ref.tell(m.Ask(wire.CallsWatch(watch=False), 2))
    world.run()
    assert listed(sue, 1) == listed(sue, 2) == []
    sue.ref.tell(m.Ask(wire.CallsWatch(), 3))
    sue.ref.tell(m.Ask(wire.CallsWatch(watch=False), 4))
    sue.ref.tell(m.Ask(wire.CallsWatch(), 5))
    world.run()
    while world.walls.slow:  # that of the wall which ended, and the new one's
        world.walls.answer()
    world.run()
    assert listed(sue, 5) == ["c1"]
    assert changes(sue) == []


def test_a_wall_that_fails_sends_its_watchers_back(world: World) -> None:
    sue = watch(world)
    world.directory.walls["default"].tell(m.WallRead(rows=5))  # type: ignore[arg-type]
    world.run()
    assert sue.screen.closed is True
    assert world.directory.walls == {}
    assert watch(world).screen.closed is None


def test_the_wall_and_its_beginning_and_end_are_noted(world: World) -> None:
    noted: list[Any] = []

    class Notes:
        def note(self, who: Any, kind: str, **about: Any) -> None:
            noted.append((who.agent_id, kind))

    world.context.audit = Notes()
    sue = watch(world)
    watch(world, sue, 2)
    sue.ref.tell(m.Gone())
    world.run()
    assert noted == [("sue", "wall.began"), ("sue", "wall.ended")]

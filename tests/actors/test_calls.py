"""A call and those who watch it, with every turn in the test's hands."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from engine import wire
from engine.errors import CallEnded, Final, StaleRevision
from engine.log import LogUnavailable
from tests.actors.acts import KEY, change, create, say, subscribe
from tests.actors.world import Box, World


def test_a_call_is_created_once_and_answered_as_it_is_the_second_time() -> None:
    world = World()
    first, second = create(world), create(world)
    assert (first.new, second.new) == (True, False)
    assert second.receipt.seq == 1
    assert second.receipt.call.agent_ids == ["ann"]


def test_a_subscriber_gets_what_was_said_before_and_then_every_event_once() -> None:
    world = World()
    create(world)
    say(world, "s1")
    ann = world.connect("ann")
    answer = subscribe(world, ann)
    assert answer["data"]["mode"] == "snapshot"
    assert answer["data"]["cursor"]["seq"] == 2
    assert [s["segment_id"] for s in answer["data"]["snapshot"]["segments"]] == ["s1"]
    say(world, "s2")
    say(world, "s3")
    assert ann.screen.seqs() == [3, 4]


def test_a_client_without_acknowledgements_is_greeted_with_ordinary_events() -> None:
    world = World()
    create(world)
    say(world, "s1")
    ann = world.connect("ann")
    subscribe(world, ann, ack_id=None)
    say(world, "s2")
    names = [event for event, _ in ann.screen.sent]
    assert names == [
        "call:status",
        "transcription:update",
        "call:health",
        "transcription:update",
    ]
    assert [fields["segment_id"] for fields in ann.screen.events("transcription:update")] == [
        "s1",
        "s2",
    ]


def test_somebody_elses_call_and_no_call_are_refused_in_the_same_words() -> None:
    world = World()
    create(world)
    bob = world.connect("bob")
    theirs = subscribe(world, bob, 1)
    bob.ref.tell(m.Ask(wire.CallSubscribe("call-2"), 2))
    world.run()
    assert theirs["error"]["code"] == "unknown_call"
    assert theirs == bob.screen.ack(2)


def test_a_subscription_without_acknowledgement_goes_live_when_the_call_is_assigned() -> None:
    world = World()
    ann = world.connect("ann")
    subscribe(world, ann, ack_id=None)
    assert ann.screen.events("error")[0]["code"] == "unknown_call"
    world.run(30)
    create(world)
    say(world, "s1")
    assert [event for event, _ in ann.screen.sent][1:] == [
        "call:assigned",
        "call:status",
        "call:health",
        "transcription:update",
    ]


def test_a_cursor_is_resumed_without_hole_or_repeat() -> None:
    world = World()
    create(world)
    for number in range(5):
        say(world, f"s{number}")
    ann = world.connect("ann")
    epoch = subscribe(world, ann)["data"]["cursor"]["epoch"]
    again = world.connect("ann")
    answer = subscribe(world, again, since=wire.Cursor(epoch, 3))
    assert answer["data"]["mode"] == "replay"
    assert answer["data"]["cursor"]["seq"] == 3
    assert answer["data"]["top"] == 6, "the last of what is replayed"
    assert "snapshot" not in answer["data"]
    say(world, "s9")
    assert again.screen.seqs() == [4, 5, 6, 7]


def test_a_cursor_beyond_the_top_or_of_another_epoch_is_answered_with_a_snapshot() -> None:
    world = World()
    create(world)
    ann = world.connect("ann")
    epoch = subscribe(world, ann)["data"]["cursor"]["epoch"]
    for ack_id, cursor in enumerate((wire.Cursor(epoch, 99), wire.Cursor("0", 1)), start=10):
        assert subscribe(world, ann, ack_id, since=cursor)["data"]["mode"] == "snapshot"


def test_a_full_socket_is_caught_up_from_the_log_when_it_has_room() -> None:
    world = World()
    create(world)
    ann = world.connect("ann")
    subscribe(world, ann)
    ann.screen.room = 1
    for number in range(400):
        say(world, f"s{number}")
    assert ann.screen.seqs() == [2]
    ann.screen.room = 100_000
    ann.ref.tell(m.Room())
    world.run()
    assert ann.screen.seqs() == list(range(2, 402))


def test_a_segment_sent_twice_is_answered_as_the_first_time() -> None:
    world = World()
    create(world)
    first, second = say(world, "s1"), say(world, "s1")
    assert (first.outcome, first.seq) == ("appended", 2)
    assert (second.outcome, second.seq) == ("repeated", 2)


def test_final_text_never_changes() -> None:
    world = World()
    create(world)
    say(world, "s1", "hello")
    with pytest.raises(Final) as refused:
        say(world, "s1", "goodbye")
    assert refused.value.field == "segments[0].segment_id"
    with pytest.raises(Final):
        say(world, "s1", "hel", final=False, revision=3)


def test_one_ill_segment_in_a_batch_means_that_none_of_it_lands() -> None:
    world = World()
    create(world)
    say(world, "s1")
    batch = [wire.Segment("s2", "agent", "fine"), wire.Segment("s1", "agent", "other")]
    with pytest.raises(Final) as refused:
        world.command("call-1", lambda to: m.AppendSegments(batch, to, 1))
    assert refused.value.field == "segments[1].segment_id"
    assert world.log.tops([KEY])[0].seq == 2


def test_interim_text_goes_to_who_asked_and_a_stale_revision_is_refused() -> None:
    world = World()
    create(world)
    ann, ben = world.connect("ann"), world.connect("ann")
    subscribe(world, ann, interim=True)
    subscribe(world, ben)
    assert say(world, "s1", "hel", final=False, revision=1).outcome == "published"
    assert say(world, "s1", "hel", final=False, revision=1).outcome == "repeated"
    with pytest.raises(StaleRevision):
        say(world, "s1", "he", final=False, revision=0)
    assert [e["text"] for e in ann.screen.events("transcription:update")] == ["hel"]
    assert ben.screen.events("transcription:update") == []
    say(world, "s1", "hello")
    assert [e["final"] for e in ben.screen.events("transcription:update")] == [True]


def test_who_joins_late_sees_the_interim_text_of_the_moment() -> None:
    world = World()
    create(world)
    say(world, "s1", "hel", final=False)
    ann = world.connect("ann")
    subscribe(world, ann, interim=True)
    assert [e["text"] for e in ann.screen.events("transcription:update")] == ["hel"]


def test_finals_are_taken_for_a_while_after_the_end_and_then_no_more() -> None:
    world = World()
    create(world)
    change(world, status="ended")
    world.run(20)
    assert say(world, "s1").outcome == "appended"
    world.run(20)
    with pytest.raises(CallEnded):
        say(world, "s2")


def test_who_loses_the_call_hears_no_more_of_it() -> None:
    world = World()
    create(world, "ann", "ben")
    ann, ben = world.connect("ann"), world.connect("ben")
    subscribe(world, ann)
    subscribe(world, ben)
    change(world, agent_ids=["ben"])
    say(world, "s1")
    assert ann.screen.events("call:unassigned") == [{"call_id": "call-1"}]
    assert ann.screen.events("transcription:update") == []
    assert len(ben.screen.events("transcription:update")) == 1


def test_nothing_is_acknowledged_before_it_is_in_the_log() -> None:
    world = World()
    create(world)
    world.auto = False
    answers: list[Any] = []
    segment = wire.Segment("s1", "customer", "hello")
    world.directory.call(KEY).tell(m.AppendSegments([segment], Box(answers), 1))
    world.run()
    assert answers == []
    world.answer()
    world.run()
    assert answers[0].value.results[0].seq == 2


def test_an_append_whose_answer_was_lost_takes_effect_once_and_is_answered_as_appended() -> None:
    world = World()
    create(world)
    ann = world.connect("ann")
    subscribe(world, ann)
    real = world.log.append
    lost = [True]

    def append(requests: Any) -> Any:
        answers = real(requests)
        if lost and lost.pop():
            raise LogUnavailable("the answer was lost", uncertain=True)
        return answers

    world.log.append = append  # type: ignore[method-assign]
    answers: list[Any] = []
    segment = wire.Segment("s1", "customer", "hello")
    world.directory.call(KEY).tell(m.AppendSegments([segment], Box(answers), 1))
    world.run(1)
    assert [(r.outcome, r.seq) for r in answers[0].value.results] == [("appended", 2)]
    assert world.log.tops([KEY])[0].seq == 2
    assert ann.screen.seqs() == [2]


def test_a_final_in_the_log_is_answered_as_repeated_however_late_it_is_sent_again() -> None:
    world = World()
    create(world)
    say(world, "s1")
    change(world, status="ended")
    world.run(60)
    assert say(world, "s1").outcome == "repeated"
    with pytest.raises(CallEnded):
        say(world, "s2")

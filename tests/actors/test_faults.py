"""What fails, and who hears of it: no caller waits for an actor that is gone."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from engine import wire
from engine.log import Append, CallKey, Entry, Hint
from tests.actors.acts import KEY, ask, create, foreign, joined, say, segment, subscribe
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    found = World()
    create(found)
    return found


def boom(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a fault of ours")


def fail(world: World, actor: Any) -> None:
    actor.tell(object())  # no such message
    world.run()


# --- the call's actor ---------------------------------------------------------------------


def test_who_waits_for_an_append_that_cannot_be_folded_may_ask_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the log: asked again with the same id, it is answered as the first time."""
    with monkeypatch.context() as broken:
        broken.setattr("engine.call.Call.apply", boom)
        box = world.post("call-1", lambda to: m.AppendSegments([segment("s1")], to, 1))
        world.dispatcher.run_until_idle()
    assert [answer.error.code for answer in box] == ["unavailable"]  # type: ignore[union-attr]
    assert say(world, "s1").outcome == "repeated"


def test_a_command_that_cannot_be_decided_is_answered_internal_and_others_may_ask_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.decide.change", boom)
    change = world.post("call-1", lambda to: m.Change(wire.CallPatch(), "r", to, 1))
    behind = world.post("call-1", lambda to: m.AppendSegments([segment("s1")], to, 2))
    world.run()
    assert [answer.error.code for answer in change] == ["internal"]  # type: ignore[union-attr]
    assert [answer.error.code for answer in behind] == ["unavailable"]  # type: ignore[union-attr]
    assert say(world, "s1").outcome == "appended"


@pytest.mark.parametrize(
    "build",
    [
        lambda to: m.Inspect(None, to, 1),
        lambda to: m.ReadHistory(None, wire.CallHistory("call-1", "e", 1), to, 1),  # type: ignore[arg-type]
    ],
)
def test_a_question_that_fails_is_answered_internal(
    world: World, build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.call.Call.snapshot", boom)
    monkeypatch.setattr(world, "history", boom)
    box = world.post("call-1", build)
    world.run()
    assert [answer.error.code for answer in box] == ["internal"]  # type: ignore[union-attr]


def test_a_join_that_fails_is_answered_internal_and_another_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = world.connect("ann")
    with monkeypatch.context() as broken:
        broken.setattr("engine.call.Call.snapshot", boom)
        assert subscribe(world, ann, 1)["error"]["code"] == "internal"
    assert subscribe(world, ann, 2)["ok"]
    say(world, "s1")
    assert ann.screen.seqs() == [2]


def test_an_append_in_flight_when_the_actor_fails_is_unavailable_and_takes_effect_once(
    world: World,
) -> None:
    world.auto = False
    box = world.post("call-1", lambda to: m.AppendSegments([segment("s1")], to, 1))
    waiting = world.post("call-1", lambda to: m.AppendSegments([segment("s2")], to, 1))
    world.run()
    fail(world, world.directory.call(KEY))
    assert [box[0].error.code, waiting[0].error.code] == ["unavailable"] * 2  # type: ignore[union-attr]
    world.auto = True
    world.answer()
    world.run()
    assert say(world, "s1").seq == 2
    assert say(world, "s2").seq == 3
    assert (len(box), len(waiting)) == (1, 1)


def test_a_join_in_the_mailbox_of_a_failed_actor_goes_to_the_next_one(world: World) -> None:
    ann = world.connect("ann")
    call = world.directory.call(KEY)
    call.tell(object())
    ann.ref.tell(m.Ask(wire.CallSubscribe("call-1"), 1))
    world.dispatcher.step(ann.ref)
    world.run()
    assert ann.screen.ack(1)["ok"]
    say(world, "s1")
    assert ann.screen.seqs() == [2]


def test_an_ill_event_in_the_log_is_passed_on_and_nothing_follows_from_it(world: World) -> None:
    ann = joined(world)
    say(world, "s1")
    world.run(1)
    ill = Entry("segment:x", "x", "transcription:update", b'{"seq":3,"from":"a newer node"}')
    world.log.append([Append(KEY, world.epoch(KEY), 2, (ill,))])
    world.run(1)
    assert ann.screen.seqs() == [2, 3]
    assert len(world.proposals) == 1
    assert world.dispatcher.failures == []


# --- keeping up ---------------------------------------------------------------------------


def test_a_read_that_hints_overtook_is_not_taken_for_a_log_that_came_back_shorter(
    world: World,
) -> None:
    ann = joined(world)
    world.hints_on = world.auto = False
    foreign(world, 2, "one")
    call = world.directory.call(KEY)
    call.tell(m.TopSeen(world.epoch(KEY), 2))
    world.run()
    read, world.asked = world.asked, []
    read[0]()  # the store has read up to 2, and its answer is on its way
    late = world.dispatcher.mail(call)
    world.hints_on = True
    _hints_first(world, call)
    assert late
    world.run()
    assert ann.screen.seqs() == [2, 3, 4]
    assert ann.screen.closed is None


def _hints_first(world: World, call: Any) -> None:
    """Hints of 2, 3 and 4 get into the mailbox before the answer that stands in it."""
    from engine.log import Hint

    answer = call.actor_inbox.get()
    for seq in (3, 4):
        world.hints_on = False
        foreign(world, seq, f"s{seq}")
    page = world.log.read(KEY, 1, 9)
    assert page is not None
    for stored in page.events:
        call.tell(m.HintArrived(Hint(KEY, page.epoch, stored.seq, "node-2", (stored,))))
    call.actor_inbox.put(answer)


def test_who_leaves_while_the_log_is_read_is_not_joined_afterwards() -> None:
    world = World()
    create(world)
    world.run(300)
    assert KEY not in world.directory.calls
    world.auto = False
    ann = world.connect("ann")
    ann.ref.tell(m.Ask(wire.CallSubscribe("call-1"), 1))
    world.run()
    ann.ref.tell(m.Gone())
    world.run()
    world.auto = True
    while world.asked:
        world.answer()
        world.run()
    say(world, "s1")
    assert "LogFrame" not in [letter.message for letter in world.dispatcher.dead_letters]
    world.run(300)
    assert KEY not in world.directory.calls, "nobody looks: it leaves memory"


def test_a_cursor_ahead_of_a_node_that_is_late_is_resumed_and_not_reset(world: World) -> None:
    """The client comes from a node that knew more; the log knows it too."""
    first = joined(world)
    world.hints_on = False
    for seq in (2, 3):
        foreign(world, seq, f"s{seq}")
    ann = world.connect("ann")
    answer = subscribe(world, ann, 1, since=wire.Cursor(world.epoch(KEY), 3))
    assert (answer["data"]["mode"], answer["data"]["cursor"]["seq"]) == ("live", 3)
    say(world, "s4")
    assert (ann.screen.seqs(), first.screen.seqs()) == ([4], [2, 3, 4])


def test_a_cursor_far_ahead_of_a_late_node_is_resumed_after_several_reads(world: World) -> None:
    joined(world)
    world.hints_on = False
    for seq in range(2, 600):
        foreign(world, seq, f"s{seq}")
    ann = world.connect("ann")
    ann.ref.tell(m.Ask(wire.CallSubscribe("call-1", wire.Cursor(world.epoch(KEY), 598)), 1))
    world.run(1)
    assert ann.screen.ack(1)["data"]["mode"] == "replay"
    assert ann.screen.seqs() == [599]


def test_a_cursor_ahead_of_the_log_while_the_store_is_away_is_told_so(world: World) -> None:
    ann = world.connect("ann")
    world.reads_away = True
    error = subscribe(world, ann, since=wire.Cursor(world.epoch(KEY), 9))["error"]
    assert (error["code"], error["retryable"]) == ("unavailable", True)


def test_who_leaves_while_the_log_is_looked_at_for_their_cursor_is_not_joined(
    world: World,
) -> None:
    ann = world.connect("ann")
    world.auto = False
    ann.ref.tell(m.Ask(wire.CallSubscribe("call-1", wire.Cursor(world.epoch(KEY), 9)), 1))
    world.run()
    assert ask(world, ann, wire.CallUnsubscribe("call-1"), 2)["ok"]
    world.answer()
    world.auto = True
    say(world, "s1")
    assert ann.screen.seqs() == []


def test_a_plain_subscription_goes_live_when_the_store_is_back(world: World) -> None:
    """Who asks for no answer asks once; the refusal is told as an event."""
    say(world, "s1")
    world.run(300)
    world.reads_away = True
    ann = world.connect("ann")
    subscribe(world, ann, None)
    assert [error["code"] for error in ann.screen.events("error")] == ["unavailable"]
    world.reads_away = False
    world.run(7)
    say(world, "s2")
    assert ann.screen.seqs() == [2, 2, 3], "the status, the segment before, the live one"


def test_a_subscription_answered_after_its_time_is_none(world: World) -> None:
    world.run(300)
    world.auto = False
    ann = world.connect("ann")
    ann.ref.tell(m.Ask(wire.CallSubscribe("call-1"), 1))
    world.run(8)
    assert ann.screen.ack(1)["error"]["code"] == "unavailable"
    world.auto = True
    while world.asked:
        world.answer()
        world.run()
    say(world, "s1")
    assert ann.screen.seqs() == []
    assert subscribe(world, ann, 2)["data"]["cursor"]["seq"] == 2


# --- segments -----------------------------------------------------------------------------


def test_a_segment_that_came_as_a_hint_is_repeated_and_not_another_text(world: World) -> None:
    """Another node took it in; the producer tries again here."""
    joined(world)
    source = World()
    create(source)
    say(source, "s1", "hello")
    stored = source.log.read(KEY, 1, 9).events[0]  # type: ignore[union-attr]
    entry = Entry(stored.key, stored.digest, stored.event, stored.body)
    world.log.append([Append(KEY, world.epoch(KEY), 1, (entry,))])
    world.run()
    again = say(world, "s1", "hello")
    assert (again.outcome, again.seq) == ("repeated", 2)


def test_interim_text_in_a_batch_with_its_final_is_not_told_after_it(world: World) -> None:
    ann = joined(world, interim=True)
    batch = [segment("s1", "hel", final=False), segment("s1", "hello")]
    results = world.command("call-1", lambda to: m.AppendSegments(batch, to, 1)).results
    assert [result.outcome for result in results] == ["published", "appended"]
    assert [e["final"] for e in ann.screen.events("transcription:update")] == [True]
    late = joined(world, interim=True)
    assert late.screen.events("transcription:update") == []


def test_a_batch_of_the_same_segment_twice_is_one_event(world: World) -> None:
    batch = [segment("s1"), segment("s1")]
    results = world.command("call-1", lambda to: m.AppendSegments(batch, to, 1)).results
    assert [(one.outcome, one.seq) for one in results] == [("appended", 2), ("repeated", 2)]


def test_a_connection_that_fails_is_closed_and_the_call_goes_on(world: World) -> None:
    ann, ben = joined(world), joined(world)
    fail(world, ann.ref)
    assert ann.screen.closed is True
    say(world, "s1")
    assert ben.screen.seqs() == [2]
    assert ask(world, ben, wire.CallUnsubscribe("call-1"), 9)["ok"]


def test_erasing_a_call_answers_what_was_waiting_for_it(world: World) -> None:
    ann = joined(world)
    world.auto = False
    waiting = world.post("call-1", lambda to: m.AppendSegments([segment("s1")], to, 1))
    world.run()
    erased = world.post("call-1", lambda to: m.Erase(to, 2))
    behind = world.post("call-1", lambda to: m.AppendSegments([segment("s2")], to, 3))
    world.run()
    assert (erased[0].error, waiting[0].error.code) == (None, "unavailable")  # type: ignore[union-attr]
    assert behind[0].error.code == "unavailable"  # type: ignore[union-attr]
    assert ann.screen.events("call:unassigned") == [{"call_id": "call-1"}]
    assert CallKey("default", "call-1") not in world.directory.calls


def waits_for_a_gap(world: World) -> list[Any]:
    """The answers to a command whose call misses an event that cannot be read."""
    actor, world.hints_on, world.reads_away = world.directory.call(KEY), False, True
    foreign(world, 2, "far")
    actor.tell(m.TopSeen(world.epoch(KEY), 2))
    world.run()
    hold = wire.CallPatch(status="on_hold")
    return world.post("call-1", lambda to: m.Change(hold, "r", to, 1))


def test_a_command_that_waits_for_a_gap_goes_on_when_a_hint_fills_it(world: World) -> None:
    """The read of the gap failed, and the hint that was late brings what was missing."""
    answers = waits_for_a_gap(world)
    world.run()
    assert answers == [], "the fold is known to be old: nothing is decided on it"
    page = world.log.read(KEY, 1, 10)
    assert page is not None
    late = Hint(KEY, page.epoch, 2, "node-2", page.events)
    world.directory.call(KEY).tell(m.HintArrived(late))
    world.run()
    assert [one.value.call.status for one in answers] == ["on_hold"]


def test_a_command_that_waits_for_a_gap_does_not_wait_for_ever(world: World) -> None:
    answers = waits_for_a_gap(world)
    world.run(world.context.settings.actors.command_timeout_s + 1)
    assert [one.error and one.error.code for one in answers] == ["unavailable"]

"""What agents think of a document: verdicts, dismissals, and that all screens agree."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from engine import wire
from engine.decoding import encode
from engine.log import Append, Entry
from tests.actors.acts import (
    KEY,
    ask,
    change,
    create,
    documents,
    joined,
    propose,
    say,
    subscribe,
    suggested,
)
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    return suggested("d1", "d2", agents=("ann", "ben"))


def give(
    world: World, who: Any, helpful: bool | None, ack_id: Any, doc_id: str = "d1", **more: Any
) -> Any:
    return ask(world, who, wire.DocFeedback(doc_id, helpful, "call-1", **more), ack_id)


def see(world: World, who: Any, ack_id: Any, *actions: str, doc_id: str = "d1") -> Any:
    items = [wire.SeenItem(doc_id, action) for action in actions]  # type: ignore[arg-type]
    return ask(world, who, wire.DocSeen("call-1", items), ack_id)


def test_a_verdict_is_a_fact_that_every_screen_on_the_call_shows(world: World) -> None:
    ann, ben = joined(world), joined(world, "ben")
    answer = give(world, ann, True, 1, feedback_id="f1")
    assert answer == {"ok": True, "data": {"feedback_id": "f1", "seq": 4}}
    for screen in (ann.screen, ben.screen):
        update = screen.events("feedback:update")[0]
        assert (update["doc_id"], update["agent_id"], update["helpful"]) == ("d1", "ann", True)
        assert (update["feedback_id"], update["seq"]) == ("f1", 4)
    assert len(world.verdicts) == 1


def test_a_verdict_is_taken_back_with_null(world: World) -> None:
    ann = joined(world)
    give(world, ann, False, 1)
    give(world, ann, None, 2)
    assert [u["helpful"] for u in ann.screen.events("feedback:update")] == [False, None]
    late = world.connect("ben")
    assert subscribe(world, late)["data"]["snapshot"]["verdicts"] == []


def test_a_verdict_sent_again_with_its_id_is_answered_as_the_first_time(world: World) -> None:
    ann = joined(world)
    first = give(world, ann, True, 1, feedback_id="f1")
    say(world, "s2")
    again = give(world, joined(world), True, 2, feedback_id="f1")
    assert first == again
    assert len(ann.screen.events("feedback:update")) == 1


@pytest.mark.parametrize("other", [("d1", False), ("d2", True), ("d1", None)])
def test_the_same_id_with_another_content_is_a_conflict(world: World, other: Any) -> None:
    doc_id, helpful = other
    ann = joined(world)
    give(world, ann, True, 1, feedback_id="f1")
    error = give(world, ann, helpful, 2, doc_id, feedback_id="f1")["error"]
    assert (error["code"], error["field"], error["retryable"]) == ("conflict", "feedback_id", False)


def test_two_agents_may_use_the_same_id(world: World) -> None:
    assert give(world, joined(world), True, 1, feedback_id="f1")["ok"]
    assert give(world, joined(world, "ben"), False, 1, feedback_id="f1")["ok"]


def test_verdicts_without_an_id_are_each_their_own(world: World) -> None:
    ann = joined(world)
    first, second = give(world, ann, True, 1), give(world, ann, True, 2)
    assert first["data"]["feedback_id"] != second["data"]["feedback_id"]


def test_a_document_that_was_not_suggested_is_not_found(world: World) -> None:
    ann = joined(world)
    assert give(world, ann, True, 1, "d9")["error"]["code"] == "not_found"
    ill = ask(
        world,
        ann,
        wire.DocSeen("call-1", [wire.SeenItem("d1", "shown"), wire.SeenItem("d9", "dismissed")]),
        2,
    )
    assert (ill["error"]["code"], ill["error"]["field"]) == ("not_found", "items[1].doc_id")


@pytest.mark.parametrize("role", ["supervisor", "producer", "admin"])
def test_only_agents_judge_documents(world: World, role: str) -> None:
    other = world.connect("sue", role)
    assert give(world, other, True, 1)["error"]["code"] == "forbidden"
    assert see(world, other, 2, "dismissed")["error"]["code"] == "forbidden"


def test_an_agent_of_another_call_hears_what_one_of_no_call_hears(world: World) -> None:
    eve = world.connect("eve")
    error = give(world, eve, True, 1)["error"]
    nowhere = ask(world, eve, wire.DocFeedback("d1", True, "call-9"), 2)["error"]
    assert (error["code"], nowhere["code"]) == ("unknown_call", "unknown_call")


def test_a_verdict_may_be_given_after_the_end(world: World) -> None:
    ann = joined(world)
    change(world, status="ended")
    world.run(600)
    assert give(world, ann, True, 1)["ok"]


def test_a_dismissal_is_told_to_every_screen_and_to_those_that_come_later(world: World) -> None:
    ann, ben = joined(world), joined(world, "ben")
    assert see(world, ann, 1, "dismissed")["ok"]
    for screen in (ann.screen, ben.screen):
        assert screen.events("feedback:update")[0]["dismissed"] is True
    late = subscribe(world, world.connect("ben"))["data"]["snapshot"]
    assert [(v["doc_id"], v["dismissed"]) for v in late["verdicts"]] == [("d1", True)]
    assert world.verdicts[0].count(b'"dismissed":true') == 1


def test_a_dismissed_document_is_hidden_from_ranking_and_from_later_suggestions(
    world: World,
) -> None:
    ann = joined(world)
    see(world, ann, 1, "dismissed")
    say(world, "s2")
    world.run(0.3)
    assert world.proposals[-1][1].dismissed == {"d1"}
    propose(world, "d1", "d3")
    assert [d["id"] for d in ann.screen.events("ai:suggestion")[-1]["documents"]] == ["d3"]


def test_a_document_dismissed_twice_is_dismissed_once(world: World) -> None:
    ann = joined(world)
    assert see(world, ann, 1, "dismissed", "dismissed")["ok"]
    assert see(world, ann, 2, "dismissed")["ok"]
    assert see(world, joined(world, "ben"), 3, "dismissed")["ok"]
    assert len(ann.screen.events("feedback:update")) == 1


def test_what_was_only_looked_at_is_answered_and_not_in_the_log(world: World) -> None:
    ann = joined(world)
    assert see(world, ann, 1, "shown", "opened", "copied")["ok"]
    assert world.log.tops([KEY])[0].seq == 3


def test_a_verdict_without_an_acknowledgement_takes_effect_and_a_refusal_is_an_event(
    world: World,
) -> None:
    ann = joined(world)
    give(world, ann, True, None)
    give(world, ann, True, None, "d9")
    assert len(ann.screen.events("feedback:update")) == 1
    assert [error["code"] for error in ann.screen.events("error")] == ["not_found"]


def test_a_verdict_whose_answer_was_lost_takes_effect_once(world: World) -> None:
    ann = joined(world)
    world.lose_answers(1)
    ann.ref.tell(m.Ask(wire.DocFeedback("d1", True, "call-1", "f1"), 1))
    world.run(1)
    assert ann.screen.ack(1)["data"]["seq"] == 4
    assert len(ann.screen.events("feedback:update")) == 1


def _suggested_elsewhere(world: World, seq: int, doc_id: str) -> None:
    """Another node appends a suggestion, and its hint does not reach us."""
    world.hints_on = False
    event = wire.AiSuggestion(
        "call-1", documents(doc_id), "", "none", "x", "s1", world.epoch(KEY), seq
    )
    entry = Entry("suggestion:s1", "", "ai:suggestion", encode(event))
    world.log.append([Append(KEY, event.epoch, seq - 1, (entry,))])


def test_a_verdict_on_what_only_the_log_knows_yet_is_taken() -> None:
    world = World()
    create(world)
    say(world, "s1")
    ann = joined(world)
    _suggested_elsewhere(world, 3, "d1")
    assert ask(world, ann, wire.DocFeedback("d1", True, "call-1", "f1"), 2)["data"]["seq"] == 4


def test_a_verdict_is_refused_when_the_log_does_not_know_the_document_either() -> None:
    world = World()
    create(world)
    ann = joined(world)
    world.auto = False
    ann.ref.tell(m.Ask(wire.DocFeedback("d1", True, "call-1", "f1"), 2))
    world.run()
    assert len(world.asked) == 1, "the log is read once, and nothing is refused before"
    world.answer()
    world.run()
    assert ann.screen.ack(2)["error"]["code"] == "not_found"
    assert world.asked == []

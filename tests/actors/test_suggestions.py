"""When suggestions are asked for, by whom, and that every trigger ends in one outcome."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from actors.leading import AGAIN_S
from engine import decide
from engine.assist.asked import Asked
from engine.log import Append
from tests.actors.acts import (
    KEY,
    change,
    create,
    documents,
    joined,
    propose,
    say,
    segment,
)
from tests.actors.suggested import outcomes, triggers
from tests.actors.world import World


@pytest.fixture
def world() -> World:
    found = World()
    create(found)
    return found


def test_ranking_is_asked_at_once_when_it_has_been_quiet(world: World) -> None:
    say(world, "s1", "my router blinks")
    because, excerpt, _ = world.proposals[0]
    assert (because, excerpt.tenant) == ("s1", "default")
    assert [(line.speaker, line.text, line.seq) for line in excerpt.lines] == [
        ("customer", "my router blinks", 2)
    ]


def test_what_follows_waits_for_the_rest_of_the_debounce(world: World) -> None:
    say(world, "s1")
    propose(world, "d1")
    say(world, "s2")
    world.run(0.2)
    assert triggers(world) == ["s1"]
    world.run(0.1)
    assert triggers(world) == ["s1", "s2"]


def test_a_batch_is_one_question_about_its_last_line(world: World) -> None:
    body = [segment(f"s{number}") for number in range(4)]
    world.command("call-1", lambda to: m.AppendSegments(body, to, 1))
    assert triggers(world) == ["s3"]


def test_what_the_agent_says_and_interim_text_ask_for_nothing(world: World) -> None:
    say(world, "a1", speaker="agent")
    say(world, "s1", final=False)
    world.run(1)
    assert world.proposals == []


def test_a_burst_is_its_first_and_its_last_line(world: World) -> None:
    for number in range(4):
        say(world, f"s{number}")
    propose(world, "d0")
    world.run(1)
    assert triggers(world) == ["s0", "s3"]
    propose(world, "d1")
    assert outcomes(world) == {"superseded": 2, "shown": 2}


def test_one_question_is_in_flight_and_the_newest_wins(world: World) -> None:
    say(world, "s1")
    world.run(0.3)
    for number in (2, 3):
        say(world, f"s{number}")
        world.run(1)
    assert triggers(world) == ["s1"]
    propose(world, "d1")
    world.run(0.3)
    assert triggers(world) == ["s1", "s3"]
    propose(world, "d2")
    assert outcomes(world) == {"shown": 2, "superseded": 1}


def test_a_suggestion_says_because_of_what_and_reaches_every_screen(world: World) -> None:
    ann = joined(world)
    say(world, "s1")
    world.run(0.3)
    propose(world, "d1", summary="about a router")
    shown = ann.screen.events("ai:suggestion")
    assert [(s["because"], s["suggestion_id"], s["summary"], s["seq"]) for s in shown] == [
        ("s1", "suggestion:s1", "about a router", 3)
    ]


def test_the_same_documents_are_not_shown_again(world: World) -> None:
    ann = joined(world)
    for number in range(3):
        say(world, f"s{number}")
        world.run(0.3)
        propose(world, "d1")
    assert outcomes(world) == {"shown": 1, "unchanged": 2}
    assert len(ann.screen.events("ai:suggestion")) == 1


def test_a_document_that_changed_under_its_card_is_shown_anew_at_the_next_line(
    world: World,
) -> None:
    ann = joined(world)
    say(world, "s1")
    propose(world, "d1", "d2")
    say(world, "s2", "thanks")
    world.run(0.3)
    _, excerpt, _ = world.proposals[-1]
    edited = documents("d2")[0]
    edited.excerpt = "50 euros"
    propose(world, changed=(edited,))

    assert [card.id for card in excerpt.shown] == ["d1", "d2"]
    shown = ann.screen.events("ai:suggestion")[-1]
    assert [(card["id"], card["excerpt"]) for card in shown["documents"]] == [
        ("d1", "…"),
        ("d2", "50 euros"),
    ]


def test_a_title_on_the_screen_is_told_to_ranking_and_a_sentence_is_not(world: World) -> None:
    for number, kind in enumerate(("sentence", "title", "title")):
        say(world, f"s{number}")
        world.run(0.3)
        propose(world, "d1", summary=f"line {number}", kind=kind)
    say(world, "s3")
    world.run(0.3)

    assert [excerpt.line for _, excerpt, _ in world.proposals] == ["", "", "line 1", "line 2"]


def test_a_turn_that_settles_the_line_alone_shows_no_document_anew(world: World) -> None:
    ann = joined(world)
    for number, ids in enumerate((("d1",), ())):
        say(world, f"s{number}")
        world.run(0.3)
        propose(world, *ids, summary=f"line {number}", kind="title", asked=Asked(words=("yes",)))

    shown = ann.screen.events("ai:suggestion")
    assert [(s["summary"], [d["id"] for d in s["documents"]]) for s in shown] == [
        ("line 0", ["d1"]),
        ("line 1", ["d1"]),
    ]
    assert [suggestion.because for suggestion, _ in world.shown_ones] == ["s0"]
    assert outcomes(world) == {"shown": 2}


def test_nothing_found_is_quiet_and_a_fault_of_ranking_is_failed(world: World) -> None:
    say(world, "s1")
    world.run(0.3)
    propose(world)
    say(world, "s2")
    world.run(0.3)
    propose(world, failed=True)
    say(world, "s3")
    world.run(0.3)
    propose(world, "d1")
    assert outcomes(world) == {"quiet": 1, "failed": 1, "shown": 1}
    assert triggers(world) == ["s1", "s2", "s3"], "a fault stops nothing"


def test_a_store_that_is_away_makes_it_failed_and_the_next_is_asked_for(world: World) -> None:
    say(world, "s1")
    world.run(0.3)
    world.faults = ["away"]
    propose(world, "d1")
    say(world, "s2")
    world.run(0.3)
    propose(world, "d1")
    assert outcomes(world) == {"failed": 1, "shown": 1}


def test_an_append_without_an_answer_is_one_suggestion(world: World) -> None:
    ann = joined(world)
    say(world, "s1")
    world.run(0.3)
    world.lose_answers(1)
    propose(world, "d1")
    world.run(1)
    assert len(ann.screen.events("ai:suggestion")) == 1
    assert sum(outcomes(world).values()) == 1


def test_every_trigger_has_exactly_one_outcome(world: World) -> None:
    said = answered = 0
    for number in range(40):
        say(world, f"s{number}")
        said += 1
        world.run((0.1, 0.3, 0.6)[number % 3])
        if len(world.proposals) > answered and number % 2:
            answered += 1
            shed = number % 5 == 0
            ids = ("d1", "d2", "d3")[: number % 4]
            propose(world, *ids, failed=number % 7 == 0, shed=shed)
    for _ in range(40):
        world.run(5)
        if len(world.proposals) == answered:
            break
        answered += 1
        propose(world, "d9")
    assert sum(outcomes(world).values()) == said


def test_at_most_one_suggestion_is_written_for_a_trigger(world: World) -> None:
    """A leader before us wrote it already: its key is known, and ours is not written."""
    say(world, "s1")
    world.run(0.3)
    draft = decide.suggestion(_fold(world), "s1", documents("d7"), "", "none")
    assert draft is not None
    entry = decide.entry(draft, world.epoch(KEY), 3)
    world.hints_on = False
    world.log.append([Append(KEY, world.epoch(KEY), 2, (entry,))])
    propose(world, "d1")
    page = world.log.read(KEY, 0, 99)
    assert page is not None
    assert [event.event for event in page.events].count("ai:suggestion") == 1
    assert outcomes(world) == {"unchanged": 1}


def test_after_the_end_nothing_is_asked_for(world: World) -> None:
    change(world, status="ended")
    say(world, "s1")
    world.run(1)
    assert world.proposals == []


# --- the lease ----------------------------------------------------------------------------


def test_a_shed_question_is_asked_again(world: World) -> None:
    say(world, "s1")
    propose(world, shed=True)
    assert outcomes(world) == {}
    world.run(1)
    assert triggers(world) == ["s1", "s1"]
    propose(world, "d1")
    assert outcomes(world) == {"shown": 1}


def test_the_newest_question_takes_the_place_of_one_that_was_shed(world: World) -> None:
    say(world, "s1")
    say(world, "s2")
    propose(world, shed=True)
    world.run(1)
    assert triggers(world) == ["s1", "s2"]
    propose(world, "d1")
    assert outcomes(world) == {"superseded": 1, "shown": 1}


def test_a_question_that_is_shed_for_ever_has_failed(world: World) -> None:
    say(world, "s1")
    for _ in range(len(AGAIN_S) + 1):
        propose(world, shed=True)
        world.run(5)
    assert outcomes(world) == {"failed": 1}


def test_what_was_shown_is_kept_with_what_it_was_found_with(world: World) -> None:
    asked = Asked(b"vector", "model", ("router",))
    say(world, "s1")
    propose(world, "d1", asked=asked)
    [(suggestion, kept)] = world.shown_ones
    assert (suggestion.because, suggestion.seq, kept) == ("s1", 3, asked)
    say(world, "s2")
    world.run(1)
    propose(world, asked=asked)
    assert world.unanswered_ones == [("s2", asked)]


def _fold(world: World) -> Any:
    from engine.call import Call

    page = world.log.read(KEY, 0, 99)
    assert page is not None
    call = Call.empty(KEY, page.epoch)
    for stored in page.events:
        call.apply(stored)
    return call

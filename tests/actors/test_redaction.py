"""What must not be stored: hidden before the append, so that no store, screen or hint has it."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from engine import wire
from engine.errors import Final, Forbidden
from engine.redaction.redactor import Redactor
from tests.actors.test_calls import KEY, create, say, subscribe
from tests.actors.world import World

CARD = "4242 4242 4242 4242"


def change(world: World, **fields: Any) -> None:
    patch = wire.CallPatch(**fields)
    world.command("call-1", lambda to: m.Change(patch, f"request-{fields}", to, 1))


@pytest.fixture
def world() -> World:
    world = World()
    world.context.redactor = Redactor()
    create(world)
    return world


def logged(world: World) -> bytes:
    page = world.log.read(KEY, 0, 1000)
    assert page is not None
    return b"\n".join(stored.body + stored.digest.encode() for stored in page.events)


def test_neither_the_log_nor_a_screen_gets_a_card_number(world: World) -> None:
    ann = world.connect("ann")
    subscribe(world, ann, interim=True)
    say(world, "s1", f"it is {CARD}", final=False)
    say(world, "s1", f"it is {CARD}")
    texts = [fields["text"] for fields in ann.screen.events("transcription:update")]
    assert texts == ["it is [card]", "it is [card]"]
    assert b"4242" not in logged(world)


def test_a_number_goes_on_over_segments_and_batches(world: World) -> None:
    say(world, "s1", "may I have your card number?", speaker="agent")
    batch = [wire.Segment(f"c{n}", "customer", "4242 4242") for n in (1, 2)]
    world.command("call-1", lambda to: m.AppendSegments(batch, to, 1))
    assert b"4242" not in logged(world)
    assert logged(world).count(b"[card]") == 2


def test_a_segment_sent_again_is_repeated_and_another_text_is_refused(world: World) -> None:
    assert say(world, "s1", f"it is {CARD}").outcome == "appended"
    say(world, "s2", "may I have your card number?", speaker="agent")
    assert say(world, "s1", f"it is {CARD}").outcome == "repeated"
    with pytest.raises(Final):
        say(world, "s1", f"that is {CARD}")


def test_counts_are_of_what_was_brought_and_not_of_what_was_repeated(world: World) -> None:
    for _ in range(3):
        say(world, "s1", f"it is {CARD}, write to ann@example.com")
    hidden: dict[str, Any] = {
        name: count for name, count in world.context.counts.items() if name.startswith("redacted")
    }
    assert hidden == {"redacted:card": 1, "redacted:email": 1}


def test_a_call_on_hold_for_privacy_takes_no_words(world: World) -> None:
    first = say(world, "s1")
    change(world, status="on_hold", reason="privacy")
    with pytest.raises(Forbidden):
        say(world, "s2", "what I say now is nobody's business")
    assert say(world, "s1").seq == first.seq
    change(world, status="active")
    assert say(world, "s3").outcome == "appended"


def test_a_call_on_hold_for_another_reason_does(world: World) -> None:
    change(world, status="on_hold")
    assert say(world, "s1").outcome == "appended"

"""The node that writes folds what it encoded, not the bytes: it must come to the same."""

from __future__ import annotations

import datetime
from typing import Any

from engine import wire
from engine.call import Call
from tests.actors.acts import KEY, ask, change, joined, propose, say, suggested
from tests.actors.world import World


def test_the_fold_of_the_node_that_wrote_equals_a_fold_of_the_log() -> None:
    world = suggested("d1", "d2", agents=("ann", "ben"))
    ann = joined(world)
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, 678_900, datetime.UTC)
    say(world, "s2", 'naïve \u2028 \U0001f600 "quoted" \\ \x7f', timestamp=when, participant="p")
    say(world, "s3", "agent's", speaker="agent")
    ask(world, ann, wire.DocFeedback("d1", True, "call-1"), 1)
    ask(world, ann, wire.DocFeedback("d2", None, "call-1"), 2)
    ask(world, ann, wire.DocSeen("call-1", [wire.SeenItem("d2", "dismissed")]), 3)
    change(world, "r1", status="on_hold", agent_ids=["ann"])
    say(world, "s4")
    world.run(0.3)
    propose(world, "d3", summary="A summary")
    change(world, "r2", status="ended", reason="privacy")
    assert _fold(world).state() == _writing(world).state()


def _fold(world: World) -> Call:
    page = world.log.read(KEY, 0, 1000)
    assert page is not None
    assert page.top == len(page.events) > 9
    call = Call.empty(KEY, page.epoch, page.first)
    for stored in page.events:
        call.apply(stored)
    return call


def _writing(world: World) -> Call:
    ref: Any = world.directory.call(KEY)
    call: Call = ref.actor.call
    return call

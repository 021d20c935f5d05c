"""What other nodes do to a call: write, erase, and hints that are lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from actors import messages as m
from engine import decide, wire
from engine.decoding import encode
from engine.errors import Final
from engine.log import Append, Entry
from tests.actors.acts import KEY, create, say, subscribe
from tests.actors.world import World


def test_a_write_of_another_node_is_folded_before_ours_is_decided() -> None:
    world, ann, _ = _unheard()
    receipt = say(world, "near")
    assert receipt.seq == 3
    assert ann.screen.seqs() == [2, 3]


def test_a_lost_last_hint_is_found_by_a_look_at_the_top() -> None:
    world, ann, epoch = _unheard()
    world.run()
    assert ann.screen.seqs() == []
    world.directory.call(KEY).tell(m.TopSeen(epoch, 2))
    world.run()
    assert ann.screen.seqs() == [2]


def test_a_segment_that_came_by_another_node_is_answered_as_repeated_or_final() -> None:
    world = World()
    create(world)
    ann = world.connect("ann")
    epoch = subscribe(world, ann)["data"]["cursor"]["epoch"]
    _foreign(world, epoch, seq=2, segment_id="s1", text="hello")
    world.run()
    assert (say(world, "s1", "hello").outcome, say(world, "s1", "hello").seq) == ("repeated", 2)
    with pytest.raises(Final):
        say(world, "s1", "goodbye")
    assert ann.screen.seqs() == [2]


def test_a_log_erased_by_another_node_is_no_longer_shown_here() -> None:
    world = World()
    create(world)
    say(world, "s1")
    ann = world.connect("ann")
    subscribe(world, ann)
    world.log.delete(KEY)
    world.directory.call(KEY).tell(m.Vanished())
    world.run()
    assert ann.screen.events("call:unassigned") == [{"call_id": "call-1"}]
    assert subscribe(world, ann, 2)["error"]["code"] == "unknown_call"


def test_a_look_older_than_the_calls_creation_does_not_end_it() -> None:
    world = World()
    create(world)
    ann = world.connect("ann")
    subscribe(world, ann)
    world.directory.call(KEY).tell(m.Vanished())  # looked for a moment too early
    world.run()
    assert say(world, "s1").seq == 2
    assert ann.screen.events("call:unassigned") == []
    assert ann.screen.seqs() == [2]


def _unheard() -> tuple[World, Any, str]:
    """Another node appended at seq 2, and its hint was lost; who is joined, and the epoch."""
    world = World()
    create(world)
    ann = world.connect("ann")
    epoch = subscribe(world, ann)["data"]["cursor"]["epoch"]
    world.hints_on = False
    _foreign(world, epoch, seq=2, segment_id="far")
    return world, ann, epoch


def _foreign(world: World, epoch: str, seq: int, segment_id: str, text: str = "far") -> None:
    """Another node appends a segment."""
    event = wire.TranscriptionUpdate(
        "call-1", "customer", text, "2024-01-01T00:00:00.000Z", segment_id, 0, True, epoch, seq
    )
    sent = decide.digest(wire.Segment(segment_id, "customer", text))
    entry = Entry(f"segment:{segment_id}", sent, "transcription:update", encode(event))
    world.log.append([Append(KEY, epoch, seq - 1, (entry,))])

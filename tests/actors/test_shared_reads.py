"""Many who are behind in one call: the log is read once for all who want the same."""

from __future__ import annotations

from typing import Any

import pytest

from actors import chunks, shared_reads
from actors import messages as m
from actors.audience import RING
from actors.shelf import CHUNKS_KEPT, Shelf
from engine.config import Settings
from engine.log import CallKey
from engine.wire import Cursor
from tests.actors.acts import KEY, create, say, segment, subscribe
from tests.actors.world import World

LENGTH = RING * 4
CHUNK = 64


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A call far longer than the ring, read in small chunks."""
    monkeypatch.setattr(chunks, "CHUNK_EVENTS", CHUNK)
    monkeypatch.setattr(shared_reads, "CHUNK_EVENTS", CHUNK)
    found = World(Settings())
    create(found)
    for first in range(0, LENGTH, 200):
        many = [segment(f"s{n}", speaker="agent") for n in range(first, min(first + 200, LENGTH))]
        found.command("call-1", lambda to, many=many: _append(many, to))
    return found


def _append(segments: list[Any], to: Any) -> Any:
    return m.AppendSegments(segments, to, 1)


def come_back(world: World, *seqs: int) -> list[Any]:
    """Browsers with a cursor each, at once; nothing the store is asked is answered yet."""
    epoch = world.epoch(KEY)
    agents = [world.connect("ann") for _ in seqs]
    world.auto = False
    for agent, seq in zip(agents, seqs, strict=True):
        assert subscribe(world, agent, since=Cursor(epoch, seq))["data"]["mode"] == "replay"
    return agents


def answer_all(world: World) -> int:
    """The store answers until nothing is asked any more; how often it was."""
    count = 0
    while world.asked:
        world.answer(1)
        world.run()
        count += 1
    return count


def test_all_who_want_the_same_share_one_read(world: World) -> None:
    agents = come_back(world, *([10] * 50))
    assert len(world.asked) == 1
    reads = answer_all(world)
    for agent in agents:
        assert agent.screen.seqs() == list(range(11, LENGTH + 2))
    assert reads == -(-(LENGTH - RING - 10) // CHUNK)
    assert world.context.counts["gaps_filled:log"] == reads
    assert world.context.counts["gaps_filled:shared_read"] == 49 * reads


def test_who_is_a_little_further_joins_the_read_and_gets_the_rest_of_it(world: World) -> None:
    agents = come_back(world, 10, 12, 40, 73)
    assert len(world.asked) == 1
    answer_all(world)
    for agent, seq in zip(agents, (10, 12, 40, 73), strict=True):
        assert agent.screen.seqs() == list(range(seq + 1, LENGTH + 2))


def test_who_comes_a_moment_later_gets_what_was_just_read(world: World) -> None:
    come_back(world, 10)
    first = answer_all(world)
    [late] = come_back(world, 25)
    assert answer_all(world) == 0
    assert first > 1
    assert late.screen.seqs() == list(range(26, LENGTH + 2))
    assert world.context.counts["gaps_filled:shelf"] == first


def test_whom_a_page_cut_by_its_bytes_does_not_reach_reads_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.log_memory.PAGE_BYTES", 3_000)
    agents = come_back(world, 10, 60)
    assert len(world.asked) == 1, "they may share a read"
    answer_all(world)
    assert agents[0].screen.seqs() == list(range(11, LENGTH + 2))
    assert agents[1].screen.seqs() == list(range(61, LENGTH + 2))


def test_a_store_that_is_away_is_asked_once_again_for_all(world: World) -> None:
    agents = come_back(world, *([10] * 20))
    world.reads_away = True
    world.answer()
    world.run()
    assert [agent.screen.seqs() for agent in agents] == [[]] * 20
    world.reads_away = False
    world.run(1.1)
    assert len(world.asked) == 1
    answer_all(world)
    assert all(agent.screen.seqs() == list(range(11, LENGTH + 2)) for agent in agents)


def test_nothing_of_a_call_that_leaves_memory_is_kept(world: World) -> None:
    come_back(world, 10)
    answer_all(world)
    assert len(world.context.shelf) > 0
    world.directory.call(KEY).stop(block=False)
    world.run()
    assert len(world.context.shelf) == 0


def test_the_shelf_is_bounded_and_the_oldest_use_goes_first(world: World) -> None:
    frame = _frames(world)
    kept = Shelf()
    for number in range(CHUNKS_KEPT):
        kept.put(CallKey("t", str(number)), frame)
    assert kept.find(CallKey("t", "0"), frame[0].epoch, frame[0].seq - 1) == frame
    kept.put(CallKey("t", "new"), frame)
    assert len(kept) == CHUNKS_KEPT
    assert kept.find(CallKey("t", "1"), frame[0].epoch, frame[0].seq - 1) == ()
    assert kept.find(CallKey("t", "0"), frame[0].epoch, frame[0].seq - 1) == frame


def test_a_chunk_of_another_epoch_is_not_found(world: World) -> None:
    frame = _frames(world)
    kept = Shelf()
    kept.put(KEY, frame)
    assert kept.find(KEY, "another", frame[0].seq - 1) == ()
    assert kept.find(KEY, frame[0].epoch, frame[-1].seq) == ()


def _frames(world: World) -> tuple[Any, ...]:
    actor: Any = world.directory.call(KEY).actor  # type: ignore[attr-defined]
    return tuple(actor.audience.ring)[:5]


def test_live_events_are_not_disturbed(world: World) -> None:
    [agent] = come_back(world, 10)
    answer_all(world)
    world.auto = True
    say(world, "now", speaker="agent")
    assert agent.screen.seqs()[-1] == LENGTH + 2

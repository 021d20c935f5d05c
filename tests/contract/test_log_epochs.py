"""A store that came back, maybe shorter, as engine/log.py promises it, on every implementation.

What a run of the store lost, and that another one answers, is done to the log by hand; that
real processes come back so is in tests/live/test_shorter.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.log import (
    FENCE_LEAP,
    TOMBSTONE_S,
    Appended,
    CallKey,
    Fenced,
    Known,
    Lease,
    Missing,
    Moved,
    Page,
    Refilling,
    Reopened,
    StoredEvent,
    Top,
)
from tests.contract.entries import EPOCH, entries, entry

HELD_S = 60  # a real store's clock goes on: what must not end meanwhile is put off by this


def shorter(log: Any, call: CallKey, count: int, *keys: str) -> str:
    """A log of these keys that lost the last `count`, and its new epoch."""
    log.create(call, *keys)
    if count:
        log.lose(call, count)
    log.restart(call)
    return epoch_of(log, call)


def epoch_of(log: Any, call: CallKey) -> str:
    [top] = log.tops([call])
    assert top is not None
    return str(top.epoch)


# --- a new epoch --------------------------------------------------------------------------


def asking(call: CallKey) -> list[Callable[[Any], object]]:
    return [
        lambda log: log.write(call, 3, entries("new")),
        lambda log: log.write(call, 3, entries("new"), refill=True),
        lambda log: log.write(call, 0, entries("a"), create=True),
        lambda log: log.read(call, 0, 10),
        lambda log: log.last(call, 10),
        lambda log: log.tops([call]),
        lambda log: log.lead(call, "node-1", 60_000),
        lambda log: log.resign(call, "node-1"),
    ]


@pytest.mark.parametrize("which", range(8))
def test_whoever_looks_at_a_log_of_another_run_begins_a_new_epoch(
    log: Any, call: CallKey, which: int
) -> None:
    log.create(call, *"abc")
    log.restart(call)
    asking(call)[which](log)
    page = log.read(call, 2, 10)
    assert page.epoch > EPOCH
    assert (page.first, page.top) == (4, 3)
    assert [event.key for event in page.events] == ["c"], "what survived is read on"
    assert epoch_of(log, call) == page.epoch, "one new epoch, however often it is looked at"


def test_an_append_of_the_old_epoch_is_answered_by_the_new_one_and_the_top_that_is_left(
    log: Any, call: CallKey
) -> None:
    log.create(call, *"abc")
    log.lose(call, 2)
    log.restart(call)
    answer = log.write(call, 3, entries("d"))
    assert isinstance(answer, Reopened)
    assert answer.epoch > EPOCH
    assert answer.top == 1
    assert log.tops([call]) == [Top(answer.epoch, 1)]


def test_epochs_sort_by_age_however_often_and_fast_they_change(log: Any, call: CallKey) -> None:
    log.create(call)
    epochs = [EPOCH]
    for _ in range(5):
        log.restart(call)
        epochs.append(epoch_of(log, call))
    assert epochs == sorted(set(epochs))


def test_a_clock_that_went_back_gives_a_later_epoch_all_the_same(log: Any, call: CallKey) -> None:
    ahead = "f" * 24
    assert log.write(call, 0, entries("a"), create=True, epoch=ahead) == Appended(1)
    log.restart(call)
    assert epoch_of(log, call) == ahead + "0"


def test_the_lease_is_void_and_the_fence_leaps(log: Any, call: CallKey) -> None:
    log.create(call)
    assert log.lead(call, "node-1", 60_000) == Lease(True, 1, 60_000)
    log.restart(call)
    assert log.lead(call, "node-2", 60_000) == Lease(True, 2 + FENCE_LEAP, 60_000)
    log.age(call, 2)
    stale = log.write(call, 1, entries("a"), epoch=epoch_of(log, call), fence=1)
    assert stale == Fenced(2 + FENCE_LEAP)


def test_keys_that_survived_are_known_and_those_that_were_lost_are_not(
    log: Any, call: CallKey
) -> None:
    epoch = shorter(log, call, 1, *"abc")
    assert log.write(call, 2, entries("b"), epoch=epoch) == Known({"b": (2, True)})
    assert log.write(call, 2, entries("c"), epoch=epoch, refill=True) == Appended(3)


def test_what_ends_ends_in_a_new_epoch_too(log: Any, call: CallKey) -> None:
    log.write(call, 0, entries("a"), create=True, expire_s=1000)
    log.restart(call)
    log.age(call, 940)
    assert log.tops([call])[0].epoch > EPOCH
    log.age(call, 61)
    assert log.tops([call]) == [None]


# --- the refill window --------------------------------------------------------------------


def test_in_the_refill_window_only_what_was_acknowledged_before_is_taken(
    log: Any, call: CallKey
) -> None:
    epoch = shorter(log, call, 2, *"abcd")
    log.age(call, -HELD_S)
    refused = log.write(call, 2, entries("new"), epoch=epoch)
    assert isinstance(refused, Refilling)
    assert 0 < refused.ms <= 1000 * HELD_S + 1000
    assert log.write(call, 2, entries("c", "d"), epoch=epoch, refill=True) == Appended(4)
    assert isinstance(log.write(call, 4, entries("new"), epoch=epoch), Refilling)
    log.age(call, HELD_S + 2)
    assert log.write(call, 4, entries("new"), epoch=epoch) == Appended(5)
    assert [event.key for event in log.contents(call)] == ["a", "b", "c", "d", "new"]


def test_a_node_that_comes_later_appends_by_key_what_is_not_there(log: Any, call: CallKey) -> None:
    epoch = shorter(log, call, 2, *"abcd")
    log.age(call, 2)
    assert log.write(call, 2, entries("new"), epoch=epoch) == Appended(3)
    assert log.write(call, 2, entries("c"), epoch=epoch, refill=True) == Moved(
        3, (StoredEvent(3, "transcription:update", b"{}", "new", "d"),)
    )
    assert log.write(call, 3, entries("c", "d"), epoch=epoch, refill=True) == Appended(5)


def test_two_nodes_that_bring_back_the_same_bring_it_back_once(log: Any, call: CallKey) -> None:
    epoch = shorter(log, call, 2, *"abc")
    assert log.write(call, 1, entries("b"), epoch=epoch, refill=True) == Appended(2)
    assert log.write(call, 1, entries("b", "c"), epoch=epoch, refill=True) == Known(
        {"b": (2, True)}
    )
    assert log.write(call, 2, entries("c"), epoch=epoch, refill=True) == Appended(3)


def test_what_is_brought_back_is_hinted_with_the_new_epoch(log: Any, call: CallKey) -> None:
    epoch = shorter(log, call, 1, *"ab")
    log.listen(call)
    log.write(call, 1, entries("b"), epoch=epoch, refill=True)
    hint = log.hints(call, 1)[-1]
    assert (hint.epoch, hint.seq, hint.events[0].key) == (epoch, 2, "b")


# --- a log that is gone -------------------------------------------------------------------


def test_a_log_that_is_gone_is_made_anew_behind_the_seq_it_is_held_from(
    log: Any, call: CallKey
) -> None:
    log.create(call, *"abcd")
    log.lose(call, 4)
    assert log.write(call, 4, entries("e")) == Missing()
    made = {"create": True, "refill": True, "base": b"state at 2", "epoch": "0002"}
    known_fence = 8 * 10**15  # in times to come
    assert log.write(call, 2, entries("c", "d"), fence=known_fence, **made) == Appended(4)
    page = log.read(call, 0, 10)
    events = [StoredEvent(seq, *entry(key)[2:], key, "d") for seq, key in ((3, "c"), (4, "d"))]
    assert page == Page("0002", 3, 4, tuple(events), known_fence + FENCE_LEAP, b"state at 2")
    assert log.read(call, 3, 10).base is None
    assert log.last(call, 9) == page._replace(base=None)
    assert log.lead(call, "node-1", 60_000) == Lease(True, known_fence + FENCE_LEAP + 1, 60_000)


def test_the_fence_of_a_log_made_anew_is_past_any_that_nobody_saw(log: Any, call: CallKey) -> None:
    made = {"create": True, "refill": True, "base": b"state"}
    fences = [0]
    for number in range(3):
        assert log.write(call, 2, entries("c"), epoch=f"000{number}", fence=1, **made) == Appended(
            3
        )
        fences.append(log.lead(call, "node-1", 60_000).fence)
        log.lose(call, 1)
        log.age(call, 1)
    assert fences == sorted(set(fences))


def test_a_log_made_anew_takes_nothing_new_until_its_refill_window_is_over(
    log: Any, call: CallKey
) -> None:
    made = {"create": True, "refill": True, "base": b"state"}
    assert log.write(call, 2, entries("c"), **made) == Appended(3)
    log.age(call, -HELD_S)
    assert isinstance(log.write(call, 3, entries("new")), Refilling)
    assert log.write(call, 3, entries("d"), refill=True) == Appended(4)
    log.age(call, HELD_S + 2)
    assert log.write(call, 4, entries("new")) == Appended(5)


def test_of_two_nodes_that_make_a_log_anew_the_second_hears_of_the_first(
    log: Any, call: CallKey
) -> None:
    made = {"create": True, "refill": True, "base": b"state"}
    assert log.write(call, 2, entries("c"), epoch="0002", **made) == Appended(3)
    assert log.write(call, 3, entries("d"), epoch="0003", **made) == Reopened("0002", 3)
    assert log.write(call, 2, entries("c"), epoch="0002", **made) == Known({"c": (3, True)})


def test_a_log_made_anew_keeps_what_it_begins_from_through_its_epochs(
    log: Any, call: CallKey
) -> None:
    made = {"create": True, "refill": True, "base": b"state"}
    log.write(call, 2, entries("c"), **made)
    log.restart(call)
    page = log.read(call, 0, 10)
    assert (page.first, page.top, page.base) == (4, 3, b"state")


def test_a_log_held_from_its_beginning_needs_nothing_to_begin_from(log: Any, call: CallKey) -> None:
    assert log.write(call, 0, entries("a"), create=True, refill=True) == Appended(1)
    page = log.read(call, 0, 10)
    assert (page.first, page.top) == (1, 1)
    assert page.base is None


def test_what_was_erased_is_not_made_anew_and_may_be_created(log: Any, call: CallKey) -> None:
    log.create(call, *"abc")
    assert log.delete(call) is True
    made = {"create": True, "refill": True, "base": b"state"}
    assert log.write(call, 2, entries("c"), **made) == Missing()
    log.restart(call)
    assert log.write(call, 2, entries("c"), **made) == Missing()
    assert log.write(call, 0, entries("a"), create=True) == Appended(1)
    assert log.lead(call, "node-1", 1000) == Lease(True, 1, 1000)
    log.age(call, TOMBSTONE_S + 1)
    assert log.tops([call]) == [Top(EPOCH, 1)], "nothing is left of the erasure"


def test_that_a_call_was_erased_is_forgotten_after_a_day(log: Any, call: CallKey) -> None:
    log.create(call)
    log.delete(call)
    log.age(call, TOMBSTONE_S + 1)
    assert log.write(call, 0, entries("a"), create=True, refill=True) == Appended(1)


@pytest.mark.parametrize(
    "broken",
    [
        {"create": True, "refill": True},
        {"refill": True, "base": b"state"},
        {"create": True, "base": b"state"},
    ],
)
def test_a_log_made_anew_must_say_what_it_begins_from(
    log: Any, call: CallKey, broken: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="base"):
        log.write(call, 2, entries("c"), **broken)

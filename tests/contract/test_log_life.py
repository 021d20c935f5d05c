"""Reading, leading, ending and hinting, as engine/log.py promises it, on every implementation."""

from __future__ import annotations

from typing import Any

import pytest

from engine.log import (
    PAGE_BYTES,
    Append,
    Appended,
    CallKey,
    Entry,
    Fenced,
    Hint,
    Lease,
    Missing,
    Page,
    Top,
)
from tests.contract.entries import EPOCH, MAX_EVENTS, NEWER, OLDER, entries, entry, numbered, stored

# --- reading ------------------------------------------------------------------------------


def test_a_read_gives_what_follows_up_to_the_limit(log: Any, call: CallKey) -> None:
    log.create(call, *"abcde")
    page = log.read(call, 1, 3)
    assert page is not None
    assert (page.first, page.top) == (1, 5)
    assert [(event.seq, event.key) for event in page.events] == [(2, "b"), (3, "c"), (4, "d")]


@pytest.mark.parametrize("after", [5, 6, 1000])
def test_a_read_at_the_top_or_beyond_is_empty(log: Any, call: CallKey, after: int) -> None:
    log.create(call, *"abcde")
    assert log.read(call, after, 10) == Page(EPOCH, 1, 5, ())


def test_a_read_across_many_events_misses_none(log: Any, call: CallKey) -> None:
    log.create(call)
    log.write(call, 1, numbered(2, 199))
    page = log.read(call, 3, 190)
    assert page is not None
    assert [event.seq for event in page.events] == list(range(4, 194))


def test_the_last_events_come_oldest_first(log: Any, call: CallKey) -> None:
    log.create(call, *"abcde")
    page = log.last(call, 2)
    assert page == Page(EPOCH, 1, 5, (stored(4, entry("d")), stored(5, entry("e"))))
    whole = log.last(call, 150)
    assert whole is not None
    assert [event.key for event in whole.events] == list("abcde")


def test_a_page_holds_no_more_bytes_than_its_bound(log: Any, call: CallKey) -> None:
    quarter = b"x" * (PAGE_BYTES // 4)
    made = [entry(f"key-{number}", body=quarter) for number in range(6)]
    log.write(call, 0, made, create=True)
    first, last = log.read(call, 0, 100), log.last(call, 100)
    assert first is not None
    assert last is not None
    assert [event.seq for event in first.events] == [1, 2, 3, 4]
    assert [event.seq for event in last.events] == [3, 4, 5, 6]


def test_an_event_larger_than_a_page_is_a_page(log: Any, call: CallKey) -> None:
    large = b"x" * (PAGE_BYTES + 1)
    made = [entry("a"), entry("b", body=large), entry("c")]
    log.write(call, 0, made, create=True)
    pages = [log.read(call, after, 10) for after in (0, 1, 2)]
    assert [[event.seq for event in page.events] for page in pages if page] == [[1], [2], [3]]


def test_of_a_log_that_is_not_there_nothing_is_read(log: Any, call: CallKey) -> None:
    assert log.read(call, 0, 10) is None
    assert log.last(call, 10) is None
    assert log.tops([call]) == [None]


def test_a_limit_below_1_is_refused(log: Any, call: CallKey) -> None:
    with pytest.raises(ValueError, match="limit"):
        log.read(call, 0, 0)
    with pytest.raises(ValueError, match="limit"):
        log.last(call, 0)


# --- leading ------------------------------------------------------------------------------


def test_the_first_to_ask_leads_and_renews_under_the_same_fence(log: Any, call: CallKey) -> None:
    log.create(call)
    assert log.lead(call, "node-1", 60_000) == Lease(True, 1, 60_000)
    assert log.lead(call, "node-1", 90_000) == Lease(True, 1, 90_000)


def test_another_node_is_told_how_long_the_lease_lasts(log: Any, call: CallKey) -> None:
    log.create(call)
    log.lead(call, "node-1", 60_000)
    lease = log.lead(call, "node-2", 90_000)
    assert lease is not None
    assert (lease.mine, lease.fence) == (False, 1)
    assert 50_000 < lease.ttl_ms <= 60_000


def test_a_lapsed_lease_goes_to_whoever_asks_under_a_new_fence(log: Any, call: CallKey) -> None:
    log.create(call)
    log.lead(call, "node-1", 60_000)
    log.age(call, 61)
    assert log.lead(call, "node-2", 60_000) == Lease(True, 2, 60_000)
    assert log.lead(call, "node-1", 60_000)[:2] == (False, 2)  # type: ignore[index]


def test_a_leader_that_let_its_lease_lapse_gets_a_new_fence(log: Any, call: CallKey) -> None:
    log.create(call)
    log.lead(call, "node-1", 60_000)
    log.age(call, 61)
    assert log.lead(call, "node-1", 60_000) == Lease(True, 2, 60_000)
    assert log.write(call, 1, entries("a"), fence=1) == Fenced(2)


def test_a_leader_that_resigns_is_replaced_at_once(log: Any, call: CallKey) -> None:
    log.create(call)
    log.lead(call, "node-1", 60_000)
    log.resign(call, "node-1")
    assert log.write(call, 1, entries("a"), fence=1) == Appended(2), "the fence stays"
    assert log.lead(call, "node-2", 60_000) == Lease(True, 2, 60_000)


def test_only_the_leader_can_resign(log: Any, call: CallKey) -> None:
    log.create(call)
    log.lead(call, "node-1", 60_000)
    log.resign(call, "node-2")
    assert log.lead(call, "node-1", 60_000) == Lease(True, 1, 60_000)


def test_nobody_leads_a_call_without_a_log(log: Any, call: CallKey) -> None:
    assert log.lead(call, "node-1", 60_000) is None
    log.resign(call, "node-1")
    assert log.tops([call]) == [None]


def test_a_lease_without_duration_is_refused(log: Any, call: CallKey) -> None:
    with pytest.raises(ValueError, match="ttl_ms"):
        log.lead(call, "node-1", 0)


# --- the end ------------------------------------------------------------------------------


def test_everything_of_a_call_ends_together(log: Any, call: CallKey) -> None:
    log.create(call, "a")
    log.lead(call, "node-1", 6_000_000)
    assert log.write(call, 1, entries("b"), expire_s=1000) == Appended(2)
    log.age(call, 940)
    assert log.tops([call]) == [Top(EPOCH, 2)]
    log.age(call, 61)
    assert log.read(call, 0, 10) is None
    assert log.lead(call, "node-2", 1000) is None
    assert log.write(call, 2, entries("c")) == Missing()
    assert log.write(call, 0, entries("a"), create=True, epoch=NEWER) == Appended(1)
    assert log.lead(call, "node-2", 1000) == Lease(True, 1, 1000), "a new life, a new fence"


def test_an_append_leaves_the_end_as_it_was_unless_it_says_another(log: Any, call: CallKey) -> None:
    log.write(call, 0, entries("a"), create=True, expire_s=100)
    log.write(call, 1, entries("b"))
    log.write(call, 2, entries("c"), expire_s=200)
    log.age(call, 150)
    assert log.write(call, 3, entries("d")) == Appended(4)
    log.age(call, 51)
    assert log.tops([call]) == [None]


def test_a_refused_append_sets_no_end(log: Any, call: CallKey) -> None:
    log.create(call, "a")
    log.write(call, 0, entries("b"), expire_s=10)
    log.age(call, 11)
    assert log.tops([call]) == [Top(EPOCH, 1)]


def test_erasing_leaves_nothing(log: Any, call: CallKey) -> None:
    log.create(call, "a")
    assert log.delete(call) is True
    assert log.delete(call) is False
    assert log.last(call, 10) is None
    assert log.write(call, 0, entries("a"), create=True) == Appended(1)


# --- hints --------------------------------------------------------------------------------


def test_every_append_is_hinted_once_with_its_events(log: Any, call: CallKey) -> None:
    log.listen(call)
    log.create(call, "created")
    body = "line\nfeed 3\n ü".encode()
    first, second = entry("a 1", "ü d", body), Entry("b", "", "call:status", b"")
    log.write(call, 1, [first, second])
    assert log.hints(call, 2) == [
        Hint(call, EPOCH, 1, "node-1", (stored(1, entry("created")),)),
        Hint(call, EPOCH, 2, "node-1", (stored(2, first), stored(3, second))),
    ]


def test_what_was_not_appended_is_not_hinted(log: Any, call: CallKey) -> None:
    log.listen(call)
    log.write(call, 0, entries("a"))
    log.create(call, "created")
    log.lead(call, "node-1", 60_000)
    log.write(call, 1, entries("created"))
    log.write(call, 1, entries("a"), epoch=OLDER)
    log.write(call, 1, entries("a"), fence=0)
    log.write(call, 0, entries("a"))
    log.write(call, 1, numbered(2, MAX_EVENTS))
    log.write(call, 1, entries("after all"))
    assert [hint.seq for hint in log.hints(call, 2)] == [1, 2]


def test_hints_of_a_call_come_in_its_order(log: Any, call: CallKey) -> None:
    log.listen(call)
    log.create(call)
    log.append([Append(call, EPOCH, seq, numbered(seq + 1, 1)) for seq in range(1, 60)])
    assert [hint.seq for hint in log.hints(call, 60)] == list(range(1, 61))

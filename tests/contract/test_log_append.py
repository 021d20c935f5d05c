"""Compare and append, as engine/log.py promises it, on every implementation."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engine.log import (
    MOVED_LIMIT,
    Answer,
    Append,
    Appended,
    CallKey,
    Entry,
    Fenced,
    Full,
    Known,
    Lease,
    Missing,
    Moved,
    Page,
    Reopened,
    Top,
)
from tests.contract.entries import EPOCH, MAX_EVENTS, NEWER, OLDER, entries, entry, numbered, stored

# --- one order ----------------------------------------------------------------------------


def test_a_log_begins_with_seq_1_and_counts_on(log: Any, call: CallKey) -> None:
    assert log.write(call, 0, entries("a", "b"), create=True) == Appended(2)
    assert log.write(call, 2, entries("c")) == Appended(3)
    page = log.read(call, 0, 10)
    expected = [stored(seq, entry(key)) for seq, key in enumerate("abc", start=1)]
    assert page == Page(EPOCH, 1, 3, tuple(expected))


def test_an_event_comes_back_byte_for_byte(log: Any, call: CallKey) -> None:
    body = bytes(range(256)) + "\n ü € 𝄞".encode()
    made = Entry("segment:s 1:ü", "digest with spaces", "call:status", body)
    log.write(call, 0, [made], create=True)
    assert log.contents(call) == [stored(1, made)]
    assert log.write(call, 1, [made]) == Known({made.key: (1, True)})


def test_twenty_threads_on_one_call_leave_no_hole_and_no_repeat(log: Any, call: CallKey) -> None:
    """Each key is wanted by two threads; each thread retries until it is in the log."""
    log.create(call)
    keys = [f"key-{number}" for number in range(100)]
    shared = _OneAtATime(log)
    failures: list[BaseException] = []

    def write(thread: int) -> None:
        mine = [key for place, key in enumerate(keys) if place % 10 == thread % 10]
        random.Random(thread).shuffle(mine)
        try:
            top = 1
            for key in mine:
                answer: Answer = Moved(top, ())
                while isinstance(answer, Moved):
                    top = answer.top
                    [answer] = shared.append([Append(call, EPOCH, top, (_stamped(key, top + 1),))])
                assert isinstance(answer, Appended | Known)
        except BaseException as problem:  # noqa: BLE001
            failures.append(problem)

    threads = [threading.Thread(target=write, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    events = log.contents(call)
    assert [event.seq for event in events] == list(range(1, 102))
    assert sorted(event.key for event in events) == sorted(["created", *keys])
    assert all(event.body == b"%d" % event.seq for event in events[1:])


def _stamped(key: str, seq: int) -> Entry:
    return entry(key, body=b"%d" % seq)


class _OneAtATime:
    """MemoryLog has no lock; a real store takes one script at a time by itself."""

    def __init__(self, log: Any) -> None:
        self._log = log
        in_memory = type(log.log).__name__ == "MemoryLog"
        self._lock: Any = threading.Lock() if in_memory else threading.Semaphore(20)

    def append(self, requests: Sequence[Append]) -> list[Answer]:
        with self._lock:
            return self._log.append(requests)


# --- compare and append -------------------------------------------------------------------


def test_nothing_is_appended_to_a_log_that_was_not_created(log: Any, call: CallKey) -> None:
    assert log.write(call, 0, entries("a")) == Missing()
    assert log.read(call, 0, 10) is None


def test_a_create_asked_again_is_known(log: Any, call: CallKey) -> None:
    log.create(call, "a", "b")
    again = log.write(call, 0, entries("a", "b"), create=True)
    assert again == Known({"a": (1, True), "b": (2, True)})
    assert len(log.contents(call)) == 2


@pytest.mark.parametrize("epoch", [OLDER, EPOCH, NEWER])
def test_a_create_of_a_log_that_exists_is_answered_by_its_epoch_and_top(
    log: Any, call: CallKey, epoch: str
) -> None:
    log.create(call, "a")
    assert log.write(call, 0, entries("b"), create=True, epoch=epoch) == Reopened(EPOCH, 1)
    assert len(log.contents(call)) == 1


def test_of_two_creates_under_different_epochs_one_makes_the_log(log: Any, call: CallKey) -> None:
    log.create(call, "created")
    late = log.write(call, 0, entries("created"), create=True, epoch=NEWER)
    assert late == Reopened(EPOCH, 1)


def test_a_create_that_is_refused_makes_no_log(log: Any, call: CallKey) -> None:
    assert log.write(call, 3, entries("a"), create=True) == Moved(0, ())
    too_many = numbered(1, MAX_EVENTS + 1)
    assert log.write(call, 0, too_many, create=True) == Full(0)
    assert log.tops([call]) == [None]


@pytest.mark.parametrize("epoch", [OLDER, NEWER])
def test_another_epoch_is_answered_by_the_logs_own(log: Any, call: CallKey, epoch: str) -> None:
    log.create(call)
    assert log.write(call, 1, entries("a"), epoch=epoch) == Reopened(EPOCH, 1)


def test_a_known_key_tells_its_seq_and_whether_the_content_is_the_same(
    log: Any, call: CallKey
) -> None:
    log.create(call, "a", "b")
    batch = [entry("a"), entry("b", digest="other"), entry("c")]
    assert log.write(call, 2, batch) == Known({"a": (1, True), "b": (2, False)})
    assert len(log.contents(call)) == 2, "all or none"


def test_a_writer_behind_is_told_what_follows(log: Any, call: CallKey) -> None:
    log.create(call, "a", "b", "c")
    answer = log.write(call, 1, entries("d"))
    assert answer == Moved(3, (stored(2, entry("b")), stored(3, entry("c"))))


def test_a_writer_far_behind_is_told_as_much_as_the_limit_allows(log: Any, call: CallKey) -> None:
    log.create(call)
    assert log.write(call, 1, numbered(2, 99)) == Appended(100)
    answer = log.write(call, 0, entries("new"))
    assert isinstance(answer, Moved)
    assert answer.top == 100
    assert [event.seq for event in answer.events] == list(range(1, MOVED_LIMIT + 1))


def test_a_writer_ahead_of_the_log_is_told_its_top_alone(log: Any, call: CallKey) -> None:
    log.create(call, "a")
    assert log.write(call, 2, entries("b")) == Moved(1, ())


def test_a_log_takes_as_many_events_as_its_bound_and_no_more(log: Any, call: CallKey) -> None:
    log.create(call)
    assert log.write(call, 1, numbered(2, MAX_EVENTS)) == Full(1)
    assert log.write(call, 1, numbered(2, MAX_EVENTS - 1)) == Appended(MAX_EVENTS)
    assert log.write(call, MAX_EVENTS, entries("one more")) == Full(MAX_EVENTS)
    assert log.write(call, MAX_EVENTS, entries("key-2")) == Known({"key-2": (2, True)})


def test_only_an_older_fence_is_refused(log: Any, call: CallKey) -> None:
    log.create(call)
    assert log.write(call, 1, entries("a"), fence=0) == Appended(2)
    lease = log.lead(call, "node-1", 60_000)
    assert lease == Lease(True, 1, 60_000)
    assert log.write(call, 2, entries("b"), fence=0) == Fenced(1)
    assert log.write(call, 2, entries("b"), fence=1) == Appended(3)
    assert log.write(call, 3, entries("c")) == Appended(4), "not everything is a leader's"


def test_an_append_is_judged_in_the_promised_order(log: Any, call: CallKey) -> None:
    """Wrong in every way at once; each answer is followed by putting that one right."""
    bad: dict[str, Any] = {"epoch": OLDER, "fence": 0}
    made = (*entries("created"), *numbered(1, MAX_EVENTS))
    assert log.write(call, 7, made, **bad) == Missing()
    log.create(call)
    log.lead(call, "node-1", 60_000)
    assert log.write(call, 7, made, **bad) == Reopened(EPOCH, 1)
    bad["epoch"] = EPOCH
    assert log.write(call, 7, made, **bad) == Known({"created": (1, True)})
    made = made[1:]
    assert log.write(call, 7, made, **bad) == Fenced(1)
    bad["fence"] = 1
    assert log.write(call, 7, made, **bad) == Moved(1, ())
    assert log.write(call, 1, made, **bad) == Full(1)
    assert log.write(call, 1, made[1:], **bad) == Appended(MAX_EVENTS)


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        ({"entries": ()}, "entry"),
        ({"entries": entries("a", "a")}, "twice"),
        ({"expected_seq": -1}, "expected_seq"),
        ({"expire_s": 0}, "expire_s"),
    ],
)
def test_what_no_writer_may_ask_is_refused_before_anything_is_written(
    log: Any, call: CallKey, broken: dict[str, Any], word: str
) -> None:
    fine = Append(call, EPOCH, 0, entries("created"), create=True)
    with pytest.raises(ValueError, match=word):
        log.append([fine, fine._replace(**broken)])
    assert log.tops([call]) == [None]


def test_requests_together_are_answered_each_on_its_own_and_in_order(
    log: Any, call: CallKey, new_call: Callable[[], CallKey]
) -> None:
    other, missing = new_call(), new_call()
    answers = log.append(
        [
            Append(call, EPOCH, 0, entries("a"), create=True),
            Append(missing, EPOCH, 0, entries("a")),
            Append(other, NEWER, 0, entries("a", "b"), create=True),
            Append(call, EPOCH, 1, entries("b")),
            Append(call, EPOCH, 1, entries("c")),
        ]
    )
    moved = Moved(2, (stored(2, entry("b")),))
    assert answers == [Appended(1), Missing(), Appended(2), Appended(2), moved]
    assert log.tops([other, missing, call]) == [Top(NEWER, 2), None, Top(EPOCH, 2)]


def test_nothing_asked_is_nothing_answered(log: Any) -> None:
    assert log.append([]) == []
    assert log.tops([]) == []


def test_calls_of_the_same_name_in_two_tenants_are_two_calls(log: Any, call: CallKey) -> None:
    log.create(call, "a")
    assert log.tops([CallKey("other", call.call_id)]) == [None]

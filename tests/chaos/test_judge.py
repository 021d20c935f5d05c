"""The judge has teeth: it sees one lost, one repeated and one reordered event, and more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.chaos.journal import Cursor, Fact, Journal, Told, Visit
from tests.chaos.judge import Verdict, judge

FINAL = "transcription:update"
LOG = [
    Fact("e1", 1, "call:status", "", 1),
    *(Fact("e1", n, FINAL, f"s{n}", n) for n in range(2, 11)),
]
ANSWERED = {f"s{n}": n for n in range(2, 11)}


def told(*seqs: int, epoch: str = "e1") -> list[Told]:
    return [Told(epoch, n, LOG[n - 1].event, LOG[n - 1].segment_id, n, 0.0) for n in seqs]


def joined(seq: int, told: list[Told], mode: str = "snapshot", epoch: str = "e1") -> Visit:
    cursor = Cursor(epoch, seq)
    shown = tuple(f"s{n}" for n in range(2, seq + 1))
    return Visit(0.0, None if mode == "snapshot" else cursor, mode, cursor, shown, told)


def sentence(*visits: Visit, plain: bool = False, log: Sequence[Fact] = LOG) -> Verdict:
    journal = Journal("browser", "c", plain, list(visits))
    return judge({"c": log}, [journal], {"c": ANSWERED})


def faults(verdict: Verdict) -> dict[str, int]:
    names = ("lost", "repeated", "out_of_order", "wrong", "unkept", "doubled")
    return {name: getattr(verdict, name) for name in names if getattr(verdict, name)}


def test_all_once_and_in_order_is_no_fault() -> None:
    verdict = sentence(joined(3, told(4, 5, 6, 7)), joined(7, told(8, 9, 10), "replay"))
    assert faults(verdict) == {}
    assert (verdict.appended, verdict.delivered, verdict.notes) == (10, 7, [])


@pytest.mark.parametrize(
    ("visits", "found"),
    [
        ([joined(3, told(4, 5, 7, 8, 9, 10))], {"lost": 1}),
        ([joined(3, told(4, 5, 6, 7, 8))], {"lost": 2}),
        ([joined(3, told(4, 5, 5, 6, 7, 8, 9, 10))], {"repeated": 1}),
        ([joined(3, told(3, 4, 5, 6, 7, 8, 9, 10))], {"repeated": 1}),
        ([joined(3, told(4, 6, 5, 7, 8, 9, 10))], {"out_of_order": 1}),
        ([joined(3, told(4, 5, 6)), joined(6, told(8, 9, 10), "replay")], {"lost": 1}),
        ([joined(3, told(4, 5, 6)), joined(6, told(6, 7, 8, 9, 10), "replay")], {"repeated": 1}),
        ([joined(3, told(4, 5, 6)), joined(8, told(9, 10))], {"lost": 2}),
        ([joined(3, told(4, 5, 6)), joined(10, [])], {"lost": 4}),
        ([joined(3, []), joined(10, [], "live")], {"wrong": 1}),
    ],
    ids=[
        *("a hole", "the end is missing", "twice", "what the snapshot held", "exchanged"),
        *("lost on the way back", "repeated on the way back", "a snapshot skips two"),
        *("a snapshot skips the rest", "live where a replay was due"),
    ],
)
def test_a_fault_of_what_a_browser_with_a_cursor_was_sent(
    visits: list[Visit], found: dict[str, int]
) -> None:
    if "wrong" in found:
        visits[1].since = Cursor("e1", 3)
    assert faults(sentence(*visits)) == found


@pytest.mark.parametrize(
    ("visits", "found"),
    [
        ([told(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)], {}),
        ([told(1, 2, 3, 4, 5), told(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)], {}),
        ([told(1, 2, 3, 5, 6, 7, 8, 9, 10)], {"lost": 1}),
        ([told(1, 3, 4, 5, 6, 7, 8, 9, 10)], {"lost": 1}),
        ([told(1, 2, 3, 4, 5, 6, 7, 8, 9)], {"lost": 1}),
        ([told(1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10)], {"repeated": 1}),
        ([told(1, 2, 3, 5, 4, 6, 7, 8, 9, 10)], {"out_of_order": 1}),
    ],
    ids=["all", "greeted again", "a hole", "at the begin", "at the end", "twice", "exchanged"],
)
def test_a_fault_of_what_a_plain_browser_was_sent(
    visits: list[list[Told]], found: dict[str, int]
) -> None:
    verdict = sentence(*(Visit(0.0, told=one) for one in visits), plain=True)
    assert faults(verdict) == found


def test_what_was_answered_and_is_not_in_the_log() -> None:
    assert faults(sentence(joined(9, []), log=LOG[:9])) == {"unkept": 1}


def test_what_is_in_the_log_twice() -> None:
    log = [*LOG, Fact("e1", 11, FINAL, "s2", 11)]
    assert faults(sentence(joined(11, []), log=log)) == {"doubled": 1}


def test_a_log_with_a_hole() -> None:
    assert faults(sentence(log=LOG[:4] + LOG[5:])) == {"out_of_order": 1, "unkept": 1}


def test_a_snapshot_that_lacks_a_final() -> None:
    visit = joined(8, told(9, 10))
    visit.shown = visit.shown[:-1]
    assert faults(sentence(visit)) == {"lost": 1}


def test_an_event_that_is_not_the_one_in_the_log() -> None:
    [other] = told(10)
    verdict = sentence(joined(9, [other._replace(content=77)]))
    assert faults(verdict) == {"wrong": 1}


def test_an_event_of_another_epoch_under_the_same_cursor() -> None:
    verdict = sentence(joined(8, told(9) + told(10, epoch="e2")))
    assert faults(verdict)["wrong"] == 1


def test_a_new_epoch_begins_with_a_snapshot() -> None:
    verdict = sentence(
        joined(3, told(4, 5, epoch="e1")),
        joined(7, told(8, 9, 10, epoch="e2"), epoch="e2"),
    )
    assert faults(verdict) == {}

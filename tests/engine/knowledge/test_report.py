"""What the owner of a knowledge base is told."""

from __future__ import annotations

from engine.knowledge.report import (
    MOST_GROUPS,
    MOST_NEVER_SHOWN,
    bounds,
    groups,
    report,
)
from engine.knowledge.report_shapes import Missing
from engine.showings import Unanswered

TITLES = {"a": "A", "b": "B", "c": "C", "d": "D"}


def asked(text: str, call_id: str = "c", at: float = 0.0) -> Unanswered:
    return Unanswered(call_id, "s1", tuple(text.split()), at)


def missing(unanswered: list[Unanswered]) -> list[Missing]:
    return report({}, {}, {}, unanswered).missing


def test_many_good_verdicts_are_better_than_one() -> None:
    found = report(TITLES, {"a": (1, 0), "b": (20, 2), "c": (0, 3), "d": (1, 1)}, {"a": 3}, [])
    assert [row.id for row in found.best] == ["b", "a"]
    assert [(row.id, row.unhelpful) for row in found.worst] == [("c", 3)]
    assert (found.documents, found.verdicts, found.shown) == (4, 28, 3)


def test_a_document_that_was_deleted_is_neither_good_nor_bad() -> None:
    found = report({"a": "A"}, {"gone": (5, 0)}, {"gone": 9}, [])
    assert (found.best, found.worst, found.verdicts) == ([], [], 5)


def test_what_was_never_shown_is_named_up_to_a_bound_and_counted() -> None:
    titles = {f"d{n:04}": "T" for n in range(MOST_NEVER_SHOWN + 5)}
    found = report(titles, {}, {"d0000": 1}, [])
    assert [one.id for one in found.never_shown][:2] == ["d0001", "d0002"]
    assert len(found.never_shown) == MOST_NEVER_SHOWN
    assert found.never_shown_count == MOST_NEVER_SHOWN + 4


def test_nothing_at_all_is_an_empty_report() -> None:
    found = report({}, {}, {}, [])
    assert (found.documents, found.best, found.missing) == (0, [], [])


def test_questions_that_are_alike_are_one_group_and_most_calls_come_first() -> None:
    found = missing(
        [
            asked("charge electric car", "c1", 5),
            asked("gluten free menu", "c3", 4),
            asked("electric car charge station", "c2", 3),
            asked("charge car night", "c2", 2),
            asked("gluten menu", "c1", 1),
        ]
    )
    assert [(group.questions, group.calls) for group in found] == [(3, 2), (2, 2)]
    assert set(found[0].words[:2]) == {"car", "charge"}
    assert found[0].last_at == "1970-01-01T00:00:05.000Z"


def test_small_talk_asks_for_nothing() -> None:
    assert groups([asked("sure"), asked("")]) == []


def test_one_shared_word_does_not_make_questions_alike() -> None:
    assert len(groups([asked("car park price"), asked("car wash nearby")])) == 2


def test_the_bounds_of_a_share_hold_it() -> None:
    for total in range(1, 30):
        for successes in range(total + 1):
            least, most = bounds(successes, total)
            assert 0 <= least <= successes / total + 1e-9
            assert successes / total - 1e-9 <= most <= 1
    assert bounds(0, 0) == (0.0, 1.0)


def test_a_word_is_the_same_in_each_of_its_forms_and_named_as_it_was_first_said() -> None:
    [group] = missing([asked("charging electric cars", "c1"), asked("charge car", "c2")])

    assert (group.calls, group.words[:2]) == (2, ["charging", "cars"])


def test_a_word_that_one_question_of_many_holds_names_no_group() -> None:
    questions = [asked("charge car", f"c{n}") for n in range(3)]

    [group] = missing([*questions, asked("charge car banana", "c4")])

    assert group.words == ["charge", "car"]


def test_what_one_call_alone_asked_for_is_counted_and_not_named() -> None:
    once = [asked(f"thing{n} wanted{n}", f"c{n}", n) for n in range(3)]
    again = [asked("gluten free menu", "c1"), asked("gluten menu", "c1")]
    often = [asked("charge car", "c1"), asked("charge car", "c2")]

    found = report({}, {}, {}, [*once, *again, *often])

    assert [group.words for group in found.missing] == [["charge", "car"]]
    assert (found.missing_count, found.missing_once) == (1, 5)


def test_what_one_caller_alone_said_names_no_group() -> None:
    [group] = missing([asked("charge car tomasz wilk", "c1"), asked("charge car", "c2")])

    assert group.words == ["charge", "car"]


def test_of_what_was_asked_often_so_many_are_named_and_all_are_counted() -> None:
    often = [asked(f"thing{n} wanted{n}", c) for n in range(MOST_GROUPS + 2) for c in "ab"]

    found = report({}, {}, {}, often)

    assert (len(found.missing), found.missing_count) == (MOST_GROUPS, MOST_GROUPS + 2)
    assert found.missing_once == 0

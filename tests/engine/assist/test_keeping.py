"""When the list on the screen stays as it is."""

from __future__ import annotations

from engine.assist.keeping import BETTER, listed
from engine.assist.ranking import Ranked
from engine.knowledge.index import Hit
from engine.knowledge.passages import Passage

LITTLE, MUCH = BETTER * 0.9, BETTER * 1.1


def ranked(**scores: float) -> list[Ranked]:
    made = [
        Ranked(Hit(i, Passage(i, (), i), score, frozenset()), score, score, score)
        for i, score in scores.items()
    ]
    return sorted(made, key=lambda one: -one.score)


def ids(found: list[Ranked]) -> str:
    return "".join(one.hit.doc_id for one in found)


def test_an_empty_screen_gets_the_best() -> None:
    assert ids(listed(ranked(a=1.0, b=0.9, c=0.8), (), 2)) == "ab"


def test_documents_that_are_alike_do_not_change_places() -> None:
    assert ids(listed(ranked(a=1.0, b=1.0 + LITTLE, c=1.0), ("a", "c"), 2)) == "ac"


def test_a_better_first_document_renews_the_list() -> None:
    assert ids(listed(ranked(a=1.0, b=1.0 + MUCH, c=0.9), ("a", "b"), 2)) == "ba"


def test_a_missing_document_that_is_better_than_the_weakest_renews_it() -> None:
    assert ids(listed(ranked(a=1.0, b=0.5, c=0.5 + MUCH), ("a", "b"), 2)) == "ac"


def test_a_document_that_is_no_candidate_any_more_renews_it() -> None:
    assert ids(listed(ranked(b=1.0, c=0.98), ("a", "b"), 2)) == "bc"


def test_room_on_the_screen_is_filled_behind_what_is_there() -> None:
    assert ids(listed(ranked(a=1.0, b=0.99), ("a",), 2)) == "ab"


def test_a_list_that_would_only_become_shorter_stays() -> None:
    assert ids(listed(ranked(a=1.0), ("a", "b"), 2, fading=ranked(b=0.9))) == "ab"
    assert ids(listed(ranked(a=1.0), ("a", "b"), 2)) == "a", "but not with what is no use at all"


def test_what_fades_is_not_kept_behind_another_first_document() -> None:
    assert ids(listed(ranked(c=1.0), ("a", "b"), 2, fading=ranked(a=0.9, b=0.8))) == "c"
    assert ids(listed(ranked(a=1.0, c=0.9), ("a", "b"), 2, fading=ranked(b=0.8))) == "ac"

"""Which title says what a call is about."""

from __future__ import annotations

from engine.assist.ranking import Ranked
from engine.assist.subject import (
    CLEAR,
    CLEAR_UNASKED,
    FOUND_UNASKED,
    STAYS,
    STAYS_ASKED,
    lead,
    subject,
)
from engine.knowledge.index import Hit
from engine.knowledge.passages import Passage

BIT = 0.001
HIGH = FOUND_UNASKED + 0.2


def ranked(**scores: float) -> list[Ranked]:
    """Documents by the words of their titles: `refund_status` has two."""
    made = [
        Ranked(Hit(name, Passage(name, (), name), score, frozenset(), name.split("_")), score, 0, 0)
        for name, score in scores.items()
    ]
    return sorted(made, key=lambda one: -one.score)


def named(found: list[Ranked], first: str | None, held: str | None = None) -> str | None:
    about = subject(found, first, held)
    return about.hit.doc_id if about else None


def test_the_first_document_names_the_call_when_it_leads_clearly() -> None:
    assert named(ranked(refund=HIGH, parking=HIGH - CLEAR - BIT), "refund") == "refund"
    assert named(ranked(refund=HIGH, parking=HIGH - CLEAR + BIT), "refund") is None
    assert named([], None) is None


def test_documents_whose_titles_are_alike_do_not_stand_in_each_others_way() -> None:
    found = ranked(refund_status=HIGH, refund_update=HIGH, parking=HIGH - 0.1)

    assert lead(found, found[0]) == HIGH - (HIGH - 0.1)
    assert named(found, "refund_status") == "refund_status"


def test_a_document_that_is_shown_but_not_the_best_names_nothing() -> None:
    assert named(ranked(refund=HIGH, parking=HIGH + BIT), "refund") is None


def test_a_turn_that_asks_for_nothing_needs_more_of_a_lead_and_something_found() -> None:
    clear = ranked(refund=HIGH, parking=HIGH - CLEAR_UNASKED - BIT)
    close = ranked(refund=HIGH, parking=HIGH - CLEAR_UNASKED + BIT)
    little = ranked(refund=FOUND_UNASKED - BIT, parking=0.0)

    assert named(clear, None) == "refund"
    assert named(close, None) is None
    assert named(little, None) is None


def test_a_title_on_the_screen_stays_until_a_turn_asks_for_another_that_leads_it() -> None:
    near = ranked(refund=HIGH, parking=HIGH - STAYS_ASKED + BIT)
    far = ranked(refund=HIGH, parking=HIGH - STAYS_ASKED - BIT)

    assert named(near, "refund", "parking") == "parking"
    assert named(far, "refund", "parking") == "refund"


def test_where_a_turn_asks_for_nothing_it_stays_until_another_leads_it_by_far() -> None:
    near = ranked(refund=HIGH, parking=HIGH - STAYS + BIT)
    far = ranked(refund=HIGH, parking=HIGH - STAYS - BIT)

    assert named(near, None, "parking") == "parking"
    assert named(far, None, "parking") == "refund"


def test_a_title_that_was_overtaken_goes_when_a_turn_asks_for_something_else() -> None:
    found = ranked(refund=HIGH, voucher=HIGH, parking=HIGH - STAYS - BIT)

    assert named(found, "refund", "parking") is None
    assert named(found, None, "parking") == "parking"


def test_a_title_whose_document_is_no_candidate_any_more_goes() -> None:
    assert named(ranked(refund=HIGH, parking=0.1), "refund", "gone") == "refund"

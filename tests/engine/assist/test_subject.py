"""Which title says what a call is about."""

from __future__ import annotations

import msgspec

from engine.assist.ranking import Ranked
from engine.assist.subject import (
    CLEAR,
    CLEAR_UNASKED,
    FOUND_UNASKED,
    LIKELY,
    STAYS,
    TOLD,
    lead,
    likely,
    subject,
)
from engine.knowledge.index import Hit
from engine.knowledge.passages import Passage

BIT = 0.001
LOW = FOUND_UNASKED + 0.02  # found, and no more likely than not
HIGH = 0.9


def ranked(**scores: float) -> list[Ranked]:
    """Documents by the words of their titles: `refund_status` has two."""
    made = [
        Ranked(Hit(name, Passage(name, (), name), score, frozenset(), name.split("_")), score, 0, 0)
        for name, score in scores.items()
    ]
    return sorted(made, key=lambda one: -one.score)


def named(
    found: list[Ranked], asked: bool = True, held: str | None = None, needs: bool = True
) -> str | None:
    about = subject(found, asked, held, needs)
    return about.hit.doc_id if about else None


def test_the_first_document_names_the_call_when_it_leads_clearly() -> None:
    assert named(ranked(refund=LOW, parking=LOW - CLEAR - BIT)) == "refund"
    assert named(ranked(refund=LOW, parking=LOW - CLEAR + BIT)) is None
    assert named([]) is None


def test_it_names_the_call_without_a_lead_when_it_is_likely_the_one() -> None:
    found = ranked(refund=HIGH, parking=HIGH - CLEAR + BIT)
    both = ranked(refund=HIGH, parking=HIGH, voucher=HIGH)

    assert likely(found, found[0]) >= LIKELY
    assert named(found) == "refund"
    assert likely(both, both[0]) < LIKELY
    assert named(both) is None


def test_documents_whose_titles_are_alike_do_not_stand_in_each_others_way() -> None:
    found = ranked(refund_status=LOW, refund_update=LOW, parking=LOW - 0.1)

    assert lead(found, found[0]) == LOW - (LOW - 0.1)
    assert named(found) == "refund_status"


def test_documents_whose_titles_are_alike_are_likely_together() -> None:
    alone = ranked(return_size=0.6, parking=0.59, voucher=0.5)
    together = ranked(return_size=0.6, parking=0.59, return_color=0.59, return_stain=0.58)

    assert likely(together, together[0]) > LIKELY > likely(alone, alone[0])
    assert named(together) == "return_size"
    assert named(alone) is None


def test_a_turn_that_asks_for_nothing_needs_more_of_a_lead_and_something_found() -> None:
    clear = ranked(refund=LOW, parking=LOW - CLEAR_UNASKED - BIT)
    close = ranked(refund=LOW, parking=LOW - CLEAR_UNASKED + BIT)
    little = ranked(refund=FOUND_UNASKED - BIT, parking=0.0)

    assert named(clear, asked=False) == "refund"
    assert named(close, asked=False) is None
    assert named(little, asked=False) is None
    assert named(little) == "refund"


def test_a_title_on_the_screen_stays_until_another_leads_it() -> None:
    near = ranked(refund=HIGH, parking=HIGH - STAYS + BIT)
    far = ranked(refund=HIGH, parking=HIGH - STAYS - BIT)

    for asked in (True, False):
        assert named(near, asked, "parking") == "parking"
        assert named(far, asked, "parking") == "refund"


def test_a_title_that_was_overtaken_goes_when_a_turn_asks_for_something_else() -> None:
    found = ranked(refund=LOW, voucher=LOW, parking=LOW - STAYS - BIT)

    assert named(found, True, "parking") is None
    assert named(found, False, "parking") == "parking"


def test_what_the_agent_has_just_read_out_is_no_new_subject_for_a_customer_who_says_fine() -> None:
    first, *others = ranked(return_size=HIGH, policy=HIGH - STAYS - BIT)
    told = [msgspec.structs.replace(first, told=TOLD), *others]
    half = [msgspec.structs.replace(first, told=TOLD - BIT), *others]

    assert named(told, held="policy", needs=False) == "policy"
    assert named(told, held="policy", needs=True) == "return_size"
    assert named(half, held="policy", needs=False) == "return_size"
    assert named(told, needs=False) == "return_size"


def test_a_title_whose_document_is_no_candidate_any_more_goes() -> None:
    assert named(ranked(refund=HIGH, parking=0.1), True, "gone") == "refund"

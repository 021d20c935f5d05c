"""Which documents are proposed for a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import process_time

import pytest
from msgspec import UNSET
from msgspec.structs import replace as replace_in

from engine.assist.excerpt import MOST_CHARACTERS
from engine.assist.suggest import AssistSettings, CallSuggester, Proposal
from engine.assist.view import CallExcerpt
from engine.measure.corpus import Shelf
from engine.wire import SuggestedDocument

MakeCall = Callable[..., CallExcerpt]
Knowing = Callable[..., Shelf]
ALL = AssistSettings(limit=10, threshold=0.0)


def ids(proposal: Proposal) -> list[str]:
    return [document.id for document in proposal.documents]


def test_a_question_is_answered_by_its_document(hotel: Shelf, call: MakeCall) -> None:
    proposal = CallSuggester(hotel, AssistSettings()).suggest(
        call("agent: How can I help?", "customer: where can I leave my car overnight?")
    )

    (document,) = proposal.documents
    assert (document.id, document.title) == ("parking", "Parking a car")
    assert document.excerpt.startswith("Guests park their cars behind the house.")
    assert document.matches == ["cars"]
    assert 0.35 <= document.relevance <= 1
    assert (proposal.summary, proposal.summary_kind) == (
        "Customer asking about parking a car",
        "title",
    )


def test_the_subject_named_turns_ago_is_carried(hotel: Shelf, call: MakeCall) -> None:
    lines = (
        "customer: I come by car",
        "agent: Yes, we have parking.",
        "customer: what does it cost?",
    )

    proposal = CallSuggester(hotel, ALL).suggest(call(*lines))

    assert ids(proposal)[0] == "parking"
    assert set(ids(proposal)) >= {"parking", "late"}


def test_what_was_said_last_counts_more(hotel: Shelf, call: MakeCall) -> None:
    suggester = CallSuggester(hotel, ALL)
    between = ["agent: sure"] * 4

    assert (
        ids(suggester.suggest(call("customer: the eggs", *between, "customer: my dogs")))[0]
        == "pets"
    )
    assert (
        ids(suggester.suggest(call("customer: my dogs", *between, "customer: the eggs")))[0]
        == "breakfast"
    )


def test_lines_beyond_the_setting_are_not_read(hotel: Shelf, call: MakeCall) -> None:
    excerpt = call("customer: my dogs", "agent: sure", "customer: thanks")

    assert ids(CallSuggester(hotel, replace(ALL, lines=2)).suggest(excerpt)) == []
    assert ids(CallSuggester(hotel, replace(ALL, lines=3)).suggest(excerpt)) == ["pets"]


def test_a_dismissed_document_never_comes_again(hotel: Shelf, call: MakeCall) -> None:
    suggester = CallSuggester(hotel, ALL)
    lines = ("customer: what does a place for my car cost, and can my dogs come?",)
    before = ids(suggester.suggest(call(*lines)))

    after = ids(suggester.suggest(call(*lines, dismissed=before[:1])))

    assert len(before) > 1
    assert after == before[1:]


def test_what_lies_far_behind_a_dismissed_document_is_not_the_answer(
    hotel: Shelf, call: MakeCall
) -> None:
    suggester = CallSuggester(hotel, AssistSettings(threshold=0.2))
    lines = ("customer: where behind the house can guests park their cars, is there a cellar?",)
    assert ids(suggester.suggest(call(*lines))) == ["parking"]
    assert "late" in ids(CallSuggester(hotel, ALL).suggest(call(*lines))), "guests"

    assert ids(suggester.suggest(call(*lines, dismissed=["parking"]))) == []


def test_what_is_on_the_screen_and_exists_no_more_is_told(hotel: Shelf, call: MakeCall) -> None:
    cards = tuple(SuggestedDocument(one, one, "", 0.5) for one in ("parking", "sold"))
    excerpt = replace_in(call("customer: thank you"), shown=cards)

    assert CallSuggester(hotel, AssistSettings()).suggest(excerpt).gone == ("sold",)


def test_nothing_is_shown_under_the_threshold(hotel: Shelf, call: MakeCall) -> None:
    excerpt = call("customer: where can I park my car?")
    sure = CallSuggester(hotel, ALL).suggest(excerpt).documents[0].relevance

    at = CallSuggester(hotel, AssistSettings(threshold=sure)).suggest(excerpt)
    over = CallSuggester(hotel, AssistSettings(threshold=sure + 0.001)).suggest(excerpt)

    assert ids(at) == ["parking"]
    assert ids(over) == []
    assert over.summary == "Customer asking about parking a car"


def test_no_more_documents_than_the_limit_the_most_relevant_first(
    hotel: Shelf, call: MakeCall
) -> None:
    excerpt = call("customer: dogs, eggs, a car, a network and a late departure")

    documents = CallSuggester(hotel, replace(ALL, limit=2)).suggest(excerpt).documents

    every = CallSuggester(hotel, ALL).suggest(excerpt).documents
    assert len(every) == 5
    assert documents == every[:2]
    assert [d.relevance for d in every] == sorted((d.relevance for d in every), reverse=True)


def test_a_thank_you_is_less_sure_than_the_question_before_it(hotel: Shelf, call: MakeCall) -> None:
    suggester = CallSuggester(hotel, ALL)
    question = ["customer: where can I park my car?"]
    asked = suggester.suggest(call(*question))
    thanked = suggester.suggest(call(*question, "agent: Behind it.", "customer: lovely, thanks"))

    assert asked.documents[0].relevance > 1.5 * thanked.documents[0].relevance


def test_relevance_stays_on_one_scale_while_the_knowledge_base_grows(
    knowing: Knowing, call: MakeCall
) -> None:
    park = ("park", "Parking", "Guests park their cars behind the house.")
    others = [
        (f"d{n}", f"Topic {n}", f"Matter number {n} is explained here.") for n in range(2_000)
    ]
    excerpt = call("customer: where do guests park cars?")

    small = CallSuggester(knowing(park, *others[:5]), ALL).suggest(excerpt).documents[0]
    large = CallSuggester(knowing(park, *others), ALL).suggest(excerpt).documents[0]

    assert (small.id, large.id) == ("park", "park")
    assert abs(small.relevance - large.relevance) < 0.1


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("customer: 😀🎉",),
        ("customer: uh, hm, okay",),
        ("agent: hello",),
        ("customer: qwertz",),
    ],
)
def test_a_call_that_says_nothing_is_answered_with_nothing(
    hotel: Shelf, call: MakeCall, lines: tuple[str, ...]
) -> None:
    assert CallSuggester(hotel, ALL).suggest(call(*lines)) == Proposal((), "", "none")


def test_an_empty_knowledge_base_leaves_the_customers_own_sentence(
    knowing: Knowing, call: MakeCall
) -> None:
    suggester = CallSuggester(knowing(), ALL)

    assert suggester.suggest(call()) == Proposal((), "", "none")
    asked = call("customer: Hello. My invoice is wrong, says Mr. Baker.")
    assert suggester.suggest(asked) == Proposal((), "My invoice is wrong, says", "sentence")


def test_a_tenant_without_documents_gets_none_of_anothers(hotel: Shelf, call: MakeCall) -> None:
    proposal = CallSuggester(hotel, ALL).suggest(call("customer: park my car", tenant="other"))

    assert ids(proposal) == []


def test_ten_thousand_documents_with_one_text_are_shown_once(
    knowing: Knowing, call: MakeCall
) -> None:
    same = [(f"d{n:05}", "Refunds", "We pay the money back.") for n in range(10_000)]

    proposal = CallSuggester(knowing(*same), ALL).suggest(call("customer: I want a refund"))

    assert ids(proposal) == ["d00000"]


def test_a_line_of_twenty_thousand_characters_is_answered_at_once(
    hotel: Shelf, call: MakeCall
) -> None:
    line = ("my car stands here and I wonder " * 700)[:20_000]
    unlike = " ".join(f"word{n}" for n in range(2_500))[:20_000]
    suggester = CallSuggester(hotel, ALL)

    started = process_time()  # not the clock: it goes on while the machine stands still
    proposal = suggester.suggest(call(f"customer: {unlike}", f"customer: {line}"))

    assert ids(proposal)[0] == "parking"
    assert len(proposal.summary) <= 120
    assert process_time() - started < 1.0  # it takes 0.03 s


def test_the_address_of_a_document_comes_with_it(knowing: Knowing, call: MakeCall) -> None:
    library = knowing(
        ("a", "Refunds", "We pay back.", "https://x.example/refunds"), ("b", "Fees", "None.")
    )

    documents = CallSuggester(library, ALL).suggest(call("customer: refunds, fees")).documents

    assert {d.id: d.url for d in documents} == {"a": "https://x.example/refunds", "b": UNSET}


def test_markup_of_a_document_never_shows(knowing: Knowing, call: MakeCall) -> None:
    page = "<h1>Re<b>funds</b></h1><script>steal()</script><p>We pay <i>everything</i> back.</p>"
    library = knowing(("a", "Refunds", page))

    (document,) = CallSuggester(library, ALL).suggest(call("customer: a refund")).documents

    assert document.excerpt == "We pay everything back."


def test_a_person_who_types_gets_the_same_documents_without_a_threshold(hotel: Shelf) -> None:
    suggester = CallSuggester(hotel, AssistSettings(threshold=0.99))

    found = suggester.search("default", "dogs and cars", 5)

    assert {document.id for document in found} == {"pets", "parking"}
    assert suggester.search("default", "😀", 5) == []
    assert all(len(document.excerpt) <= MOST_CHARACTERS for document in found)

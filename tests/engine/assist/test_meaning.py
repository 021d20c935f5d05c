"""Ranking by words and meaning, the gate, votes: the shipped model on a small hotel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.assist.query import distinct
from engine.assist.ranking import SPOKEN, SPOKEN_FROM, rank
from engine.assist.suggest import AssistSettings, CallSuggester, Proposal
from engine.assist.view import CallExcerpt
from engine.errors import Unavailable
from engine.knowledge.documents import Document
from engine.knowledge.embedding import Matrix
from engine.knowledge.minilm import MiniLm
from engine.knowledge.votes import Vote, VoteMemory
from engine.measure.corpus import Shelf, index_of
from tests.engine.assist.conftest import HOTEL, make_document

MakeCall = Callable[..., CallExcerpt]
ALL = AssistSettings(limit=10, threshold=0.0)


@pytest.fixture(scope="module")
def model() -> MiniLm:
    found = MiniLm.installed()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def hotel(model: MiniLm) -> Shelf:
    return shelf([make_document(i, title, text) for i, (title, text) in HOTEL.items()], model)


def shelf(documents: Sequence[Document], model: MiniLm) -> Shelf:
    return Shelf(index_of(documents, model, lambda _what, _done, _of: None))


def ids(proposal: Proposal) -> list[str]:
    return [document.id for document in proposal.documents]


def sure(proposal: Proposal) -> float:
    return max((document.relevance for document in proposal.documents), default=0.0)


def test_a_document_is_found_that_shares_no_word(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    asked = call("customer: can my puppy come along")

    assert ids(CallSuggester(hotel, ALL, model).suggest(asked))[0] == "pets"


def test_a_question_opens_the_gate_and_manners_do_not(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    suggester = CallSuggester(hotel, AssistSettings(), model)
    question = ["customer: where can I leave my car?"]

    asked = suggester.suggest(call(*question))
    thanked = suggester.suggest(call(*question, "agent: Behind it.", "customer: lovely, thanks"))

    assert ids(asked)[0] == "parking"
    assert thanked.documents == ()
    assert thanked.query is not None


def test_a_customer_who_goes_on_to_something_else_gets_that_first(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    before = ["customer: Is there breakfast?", "agent: Yes.", "customer: Eggs?", "agent: Yes."]
    asked = call(*before, "customer: And what about my dog?")

    assert ids(CallSuggester(hotel, ALL, model).suggest(asked))[0] == "pets"


def test_what_is_shown_stays_while_it_is_as_good(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    suggester = CallSuggester(hotel, replace(ALL, limit=2), model)
    excerpt = call("customer: when is breakfast and where do I leave the car?")
    cards = suggester.suggest(excerpt).documents
    first = [card.id for card in cards]
    everything = CallSuggester(hotel, ALL, model).suggest(excerpt).documents
    other = tuple(card for card in everything if card.id not in first)

    again = suggester.suggest(CallExcerpt("default", excerpt.lines, shown=cards))
    moved = suggester.suggest(CallExcerpt("default", excerpt.lines, shown=other[:2]))

    assert ids(again) == first
    assert set(ids(moved)) == set(first)


def test_votes_on_what_is_alike_move_a_document_and_taking_back_undoes_it(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    votes = VoteMemory(model.model, model.dimension)
    suggester = CallSuggester(hotel, ALL, model, votes)
    asked = call("customer: what does it cost overnight?")
    before = suggester.suggest(asked)
    assert before.query is not None

    for number in range(6):
        given = ("late", f"agent-{number}", "c", before.query.model, before.query.vector)
        votes.add(Vote("default", *given, helpful=True, at=0.0))
        votes.add(Vote("default", "parking", *given[1:], helpful=False, at=0.0))
    after = suggester.suggest(asked)
    elsewhere = suggester.suggest(call("customer: is there wifi?"))
    for number in range(6):
        votes.remove("default", "late", f"agent-{number}", "c")
        votes.remove("default", "parking", f"agent-{number}", "c")

    assert (ids(before)[0], ids(after)[0]) == ("parking", "late")
    assert ids(elsewhere)[0] == "wifi"
    assert suggester.suggest(asked) == before


def test_what_helped_and_is_gone_takes_nothing_from_the_others(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    votes = VoteMemory(model.model, model.dimension)
    suggester = CallSuggester(hotel, ALL, model, votes)
    asked = call("customer: what does it cost overnight?")
    query = suggester.suggest(asked).query
    assert query is not None

    def helped(doc_id: str, times: int) -> None:
        for number in range(times):
            given = (doc_id, f"agent-{number}", "c", query.model, query.vector)
            votes.add(Vote("default", *given, helpful=True, at=0.0))

    helped("late", 3)
    learnt = suggester.suggest(asked)
    helped("deleted since", 12)
    assert suggester.suggest(asked) == learnt


def test_of_documents_that_read_the_same_the_one_that_helped_stands_for_all(
    model: MiniLm, call: MakeCall
) -> None:
    twins = [make_document(doc_id, *HOTEL["late"]) for doc_id in ("late", "twin")]
    hotel = shelf([*twins, make_document("parking", *HOTEL["parking"])], model)
    votes = VoteMemory(model.model, model.dimension)
    suggester = CallSuggester(hotel, ALL, model, votes)
    asked = call("customer: what does it cost overnight?")
    query = suggester.suggest(asked).query
    assert query is not None

    for number in range(6):
        given = ("twin", f"agent-{number}", "c", query.model, query.vector)
        votes.add(Vote("default", *given, helpful=True, at=0.0))

    assert ids(suggester.suggest(asked)) == ["twin", "parking"]


def test_what_the_agent_has_read_out_sinks(hotel: Shelf, call: MakeCall) -> None:
    index, asked = hotel.index("default"), dict.fromkeys(distinct("late departure, car"), 1.0)
    text = HOTEL["late"][1]

    def score(*lines: str) -> float:
        ranked = rank(index, asked, call(*lines).lines, None, {})
        return next(one.score for one in ranked if one.hit.doc_id == "late")

    assert score(f"agent: {text}") == pytest.approx(score() - SPOKEN * (1 - SPOKEN_FROM))
    assert score("agent: until noon, a later departure costs") == pytest.approx(score())
    assert score(f"customer: {text}") == score()


def test_how_much_of_a_document_the_agent_has_read_out_is_told(
    hotel: Shelf, call: MakeCall
) -> None:
    index, asked = hotel.index("default"), dict.fromkeys(distinct("late departure, car"), 1.0)
    lines = call(f"agent: {HOTEL['late'][1]}").lines

    told = {one.hit.doc_id: one.told for one in rank(index, asked, lines, None, {})}

    assert told["late"] == pytest.approx(1.0)
    assert told["parking"] < 0.5


def test_language_and_tags_of_a_call_say_which_documents_are_candidates(
    model: MiniLm, call: MakeCall
) -> None:
    def made(doc_id: str, language: str | None, tags: tuple[str, ...]) -> Document:
        text = "Refunds are paid within days."
        return Document(doc_id, f"Refund {doc_id}", text, "default", "", None, tags, language)

    library = shelf(
        [made("a", "en-GB", ("shop",)), made("b", "de", ()), made("c", None, ("bank",))], model
    )
    suggester = CallSuggester(library, ALL, model)
    lines = call("customer: I want a refund").lines

    def found(language: str | None = None, tags: frozenset[str] = frozenset()) -> set[str]:
        return set(
            ids(suggester.suggest(CallExcerpt("default", lines, language=language, tags=tags)))
        )

    assert found() == {"a", "b", "c"}
    assert found("en") == {"a", "c"}
    assert found("de-AT") == {"b", "c"}
    assert found(tags=frozenset({"shop"})) == {"a", "b"}


def test_an_index_without_vectors_yet_is_ranked_by_words(model: MiniLm, call: MakeCall) -> None:
    index = index_of(
        [make_document(i, title, text) for i, (title, text) in HOTEL.items()],
        None,
        lambda _what, _done, _of: None,
    )

    proposal = CallSuggester(Shelf(index), ALL, model).suggest(call("customer: my car"))

    assert ids(proposal) == ["parking"]
    assert proposal.query is None


class Away(MiniLm):
    """The model's address, and nobody there."""

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.asked += 1
        raise Unavailable("The embedding endpoint does not answer")


def test_while_the_model_is_away_words_rank_alone(hotel: Shelf, call: MakeCall) -> None:
    away = Away()

    proposal = CallSuggester(hotel, ALL, away).suggest(call("customer: where do I leave my car"))

    assert away.asked == 1
    assert ids(proposal) == ["parking"]
    assert proposal.query is None


def test_the_query_is_a_vector_of_length_one(hotel: Shelf, model: MiniLm, call: MakeCall) -> None:
    proposal = CallSuggester(hotel, ALL, model).suggest(call("customer: my car", "agent: yes?"))

    assert proposal.query is not None
    vector = np.frombuffer(proposal.query.vector, dtype="<f2").astype(np.float32)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-2)
    assert proposal.query.model == model.model


def test_a_person_who_types_finds_by_meaning_too(hotel: Shelf, model: MiniLm) -> None:
    found = CallSuggester(hotel, AssistSettings(threshold=0.99), model).search(
        "default", "internet access", 2
    )

    assert found[0].id == "wifi"
    assert 0 < found[0].relevance <= 1


def test_what_a_list_would_lose_stays_while_it_fades(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    asked = call("customer: where do I leave my car?")
    proposal = CallSuggester(hotel, replace(ALL, limit=2), model).suggest(asked)
    shown = proposal.documents
    # The first threshold that the second, which lies behind, does not reach.
    strict = (AssistSettings(2, proposal.sure * share / 50) for share in range(50))
    suggester = next(
        one
        for one in (CallSuggester(hotel, settings, model) for settings in strict)
        if len(ids(one.suggest(asked))) == 1
    )

    afresh = suggester.suggest(asked)
    again = suggester.suggest(CallExcerpt("default", asked.lines, shown=afresh.documents[:1]))
    both = suggester.suggest(CallExcerpt("default", asked.lines, shown=shown))

    assert len(ids(afresh)) == len(ids(again)) == 1
    assert ids(both) == [one.id for one in shown]
    assert both.documents[1].relevance == shown[1].relevance, "and says how relevant it is"


def test_a_title_on_the_screen_stays_though_another_is_a_little_better(
    hotel: Shelf, model: MiniLm, call: MakeCall
) -> None:
    suggester = CallSuggester(hotel, AssistSettings(), model)
    lines = call("customer: where do I leave my car?").lines

    asked = suggester.suggest(CallExcerpt("default", lines))
    line = asked.summary
    more = (*lines, *call("agent: Behind the house.", "customer: yes please").lines)
    stays = suggester.suggest(CallExcerpt("default", more, shown=asked.documents[:1], line=line))

    assert line == "Customer asking about parking a car"
    assert (stays.documents, stays.summary, stays.summary_kind) == ((), line, "title")

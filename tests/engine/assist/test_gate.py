"""Whether a turn asks for a document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.assist.gate import NEED_LINES, ROUTINE_LINES, Gate, asking
from engine.assist.ranking import Ranked
from engine.knowledge.index import Hit
from engine.knowledge.minilm import MiniLm
from engine.knowledge.passages import Passage

Sure = Callable[..., float]


@pytest.fixture(scope="module")
def sure() -> Sure:
    """How sure the gate is of a turn, where the best document has this score, and the turn
    alone this cosine with it."""
    model = MiniLm.installed()
    assert model is not None
    gate = Gate(model)

    def of(text: str, score: float, own: float) -> float:
        found = [Ranked(Hit("d", Passage("d", (), "d"), score, frozenset()), score, 0.0, own)]
        return gate.sure(text, model.embed([text])[0], found, None)

    return of


def test_a_mark_asks_more_than_a_word_and_a_word_more_where_there_are_no_marks() -> None:
    marked, unmarked, among_marks = "When?", "when does it come", "When it comes, it comes."

    assert asking(marked, None) > asking(unmarked, None) > asking(among_marks, None) > 0
    assert asking("My light is red, thanks", "de") == 0.5
    assert asking("Wann?", "de") == 1.0
    assert asking("thank you", None) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "You people drive me mad, I have had it with this company",
        "What a shame, I am sorry to hear that",
        "Mind the noise, somebody is at the door",
        "All done, and it is working, how lovely",
        "Hm, no idea",
    ],
)
def test_feelings_and_small_talk_open_nothing(sure: Sure, text: str) -> None:
    assert sure(text, 0.45, 0.25) < 0.35


@pytest.mark.parametrize(
    "text",
    [
        "The parcel never came and I have paid for it",
        "it stopped working this morning",
        "I need a new password",
        "How much would that cost me?",
        "Can I still change my order?",
    ],
)
def test_a_need_opens_it_whether_or_not_it_is_put_as_a_question(sure: Sure, text: str) -> None:
    assert sure(text, 0.8, 0.5) > 0.35


def test_what_there_is_to_say_counts(sure: Sure) -> None:
    text = "and what about the other one"

    assert sure(text, 0.2, 0.3) < sure(text, 0.6, 0.3) < sure(text, 0.6, 0.5)


def test_the_known_lines_are_different_lines() -> None:
    assert len({*ROUTINE_LINES, *NEED_LINES}) == len(ROUTINE_LINES) + len(NEED_LINES)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("Do you also repair bicycles?", True),
        ("where can i charge my car overnight", True),
        ("my parcel has not arrived and I was charged twice", True),
        ("Maria Lopez, and it is the house with the green door", False),
        ("that was my neighbour, he is always shouting", False),
        ("thank you so much, bye bye", False),
        ("yes please", False),
    ],
)
def test_a_need_is_told_whether_or_not_there_is_a_document(text: str, needed: bool) -> None:
    model = MiniLm.installed()
    assert model is not None
    assert Gate(model).needs(text, model.embed([text])[0], None) is needed

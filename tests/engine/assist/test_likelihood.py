"""How likely one document of several is the one that answers."""

from __future__ import annotations

from engine.assist.likelihood import LEVEL, Likelihood


def test_a_document_that_stands_alone_and_high_is_likely() -> None:
    alone = Likelihood([LEVEL + 0.4, LEVEL - 0.2])

    assert alone.of(LEVEL + 0.4) > 0.9
    assert alone.of(LEVEL - 0.2) < 0.05


def test_documents_that_are_as_good_share_what_is_likely() -> None:
    three = Likelihood([LEVEL + 0.4] * 3)

    assert 0.3 < three.of(LEVEL + 0.4) < 0.6 < Likelihood([LEVEL + 0.4]).of(LEVEL + 0.4)


def test_the_best_of_nothing_much_is_not_likely() -> None:
    assert Likelihood([LEVEL - 0.3]).of(LEVEL - 0.3) < 0.2


def test_the_better_document_is_the_likelier() -> None:
    scores = [1.2, 1.1, 0.9, 0.7, 0.5, 0.4]
    likely = Likelihood(scores)

    found = [likely.of(score) for score in scores]

    assert found == sorted(found, reverse=True)
    assert all(0 < one < 1 for one in found)


def test_any_score_and_none_at_all_have_an_answer() -> None:
    assert 0 <= Likelihood([]).of(0.8) <= 1
    assert 0.99 < Likelihood([1e6]).of(1e6) <= 1
    assert 0 <= Likelihood([-1e6]).of(-1e6) < 0.01


def test_several_that_are_one_answer_are_likelier_together_than_each() -> None:
    scores = [LEVEL + 0.1, LEVEL + 0.1, LEVEL]
    likely = Likelihood(scores)

    assert likely.of(*scores[:2]) > likely.of(scores[0])
    assert likely.of(*scores) > likely.of(*scores[:2])

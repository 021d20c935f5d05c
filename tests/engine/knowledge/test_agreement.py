"""How much an agent's word counts, by how far others agree with it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.knowledge.agreement import LITTLE, Agreement, Pair


def told(pairs: list[tuple[str, str, bool]], agreement: Agreement | None = None) -> Agreement:
    agreement = agreement or Agreement()
    for one, other, agreed in pairs:
        agreement.told(one, [Pair(other, agreed, 1.0)])
    return agreement


def team(honest: int, contrary: int, times: int = 10) -> list[tuple[str, str, bool]]:
    names = [f"good-{n}" for n in range(honest)] + [f"bad-{n}" for n in range(contrary)]
    return [
        (one, other, one[:3] == other[:3])
        for place, one in enumerate(names)
        for other in names[:place]
        for _ in range(times)
    ]


def test_who_was_never_compared_counts_in_full() -> None:
    assert Agreement().words() == {}
    assert "new" not in told(team(5, 1)).words()


def test_who_contradicts_the_others_counts_little_and_they_in_full() -> None:
    assert told(team(honest=14, contrary=6)).words() == {f"bad-{n}": LITTLE for n in range(6)}


def test_a_few_contradictions_change_little() -> None:
    after = told([("rare", "good-0", False)], told(team(5, 0)))

    assert after.words().get("rare", 1.0) > 0.5


def test_who_agrees_a_little_less_than_others_still_counts_in_full() -> None:
    pairs = [("careful", f"good-{n % 5}", n % 10 < 8) for n in range(100)]

    assert told([*team(5, 0), *pairs]).words() == {}


def test_where_nobody_agrees_all_count_in_full() -> None:
    pairs = [(f"a{n % 4}", f"a{(n + 1) % 4}", n % 2 == 0) for n in range(80)]

    assert told(pairs).words() == {}


def test_what_is_taken_back_leaves_nothing() -> None:
    agreement = told(team(14, 6))
    for one, other, agreed in team(14, 6):
        agreement.told(one, [Pair(other, agreed, 1.0)], times=-1)

    assert agreement.words() == {}
    assert agreement.words() == Agreement().words()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_pairs_are_told_does_not_matter(seed: int) -> None:
    pairs = team(honest=5, contrary=2, times=3)
    order = np.random.default_rng(seed).permutation(len(pairs))

    assert told([pairs[at] for at in order]).words() == told(pairs).words()

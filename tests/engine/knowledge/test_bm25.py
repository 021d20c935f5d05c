"""The matrix of scores, against the library's own."""

from __future__ import annotations

import bm25s
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.knowledge.bm25 import Bm25

TERMS = 6
ROWS = st.lists(st.lists(st.integers(0, TERMS - 1), max_size=12), min_size=1, max_size=8)


@given(ROWS.filter(any))
def test_every_score_is_the_one_bm25s_gives(rows: list[list[int]]) -> None:
    vocabulary = {f"t{n}": n for n in range(TERMS)}
    ours, theirs = Bm25(), bm25s.BM25()
    ours.index((rows, dict(vocabulary)), show_progress=False)
    theirs.index((rows, dict(vocabulary)), show_progress=False)

    for term in range(TERMS):
        np.testing.assert_allclose(
            ours.get_scores_from_ids([term]), theirs.get_scores_from_ids([term]), rtol=1e-5
        )
    query = list(range(TERMS))
    np.testing.assert_allclose(
        ours.get_scores_from_ids(query), theirs.get_scores_from_ids(query), rtol=1e-5
    )


def test_a_term_in_fewer_rows_is_rarer() -> None:
    bm25 = Bm25()
    bm25.index(([[0, 1], [0], [0, 0]], {"common": 0, "rare": 1}), show_progress=False)

    assert bm25.rarity[1] > bm25.rarity[0] > 0

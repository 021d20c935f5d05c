"""Figures over what was asked, each with a 95 % bootstrap interval.

Owns the arithmetic. It asks nothing and reads no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES, SEED = 1_000, 20_250_101

Interval = tuple[float, float]
Numbers = NDArray[np.float64]


def auc(needed: Numbers, unneeded: Numbers) -> float:
    """The share of pairs in which the turn that needs a document has the higher relevance;
    equal ones count half."""
    higher = needed[:, None] > unneeded[None, :]
    equal = needed[:, None] == unneeded[None, :]
    return float(higher.mean() + 0.5 * equal.mean())


def mean_interval(values: Numbers) -> Interval:
    draws = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    return interval(values[draws].mean(axis=1))


def auc_interval(needed: Numbers, unneeded: Numbers) -> Interval:
    draw = np.random.default_rng(SEED)
    resampled = [
        auc(draw.choice(needed, len(needed)), draw.choice(unneeded, len(unneeded)))
        for _ in range(RESAMPLES)
    ]
    return interval(np.array(resampled))


def interval(values: Numbers) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return rounded(low), rounded(high)


def rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)


def reciprocal(ranks: Sequence[int]) -> Numbers:
    """1 / rank; 0 for rank 0, which was not found."""
    found = np.array(ranks)
    return np.where(found > 0, 1 / np.maximum(found, 1), 0.0)

"""How likely a document is the one that answers, beside the others that were found.

Owns the way from scores to that share. How sure one is that an answer is due says nothing about
which document it is (on five corpora it told right first documents from wrong ones with an AUC
of .5); how far a document stands above a level that anything reaches, and above the others,
does (.65 to .88 with each corpus left out). The scores are those of ranking with the shipped
model; another model's may need other constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

LEVEL = 0.6  # a score that as many wrong documents reach as right ones
SCALE = 0.1  # of a score: so far above is e times as likely
BESIDE = 5  # documents that share what is likely
MORE = 2.4  # times the odds: with that, of documents said to be right at .6, six of ten are


class Likelihood:
    """`scores`: of the documents that were found, each once, the best first."""

    def __init__(self, scores: Sequence[float]) -> None:
        self._beside = scores[:BESIDE]
        self._total = sum(map(_weight, self._beside))

    def of(self, *scores: float) -> float:
        """0..1, for one of them, for several that are one answer, or for one that stood
        behind."""
        weight = sum(map(_weight, scores))
        others = self._total - sum(_weight(score) for score in scores if score in self._beside)
        odds = MORE * weight / (1 + max(others, 0.0))
        return odds / (1 + odds)


def _weight(score: float) -> float:
    return exp(min((score - LEVEL) / SCALE, 50.0))

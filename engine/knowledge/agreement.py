"""How far an agent's votes agree with those of others, and how much they count for it.

Owns a tally of agreement for each agent of a tenant, from pairs of votes of two agents on one
document when something alike was asked. It knows no vote by itself: whoever keeps the votes
tells it each pair as it comes and goes. Tallies are whole numbers, so that what was told in
another order, or told and taken back, leaves the same.

An agent who agrees with others as people here do counts in full, also at half of that beyond
a coin's chance; below, less and less, down to LITTLE. Nobody counts less than that, or against
what they say: who is alone may be right. Where agents hardly agree with each other there is
nothing to go by, and all count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LITTLE = 0.1  # what is left of an agent who agrees with nobody
DOUBT = 20  # pairs' worth of doubt, in favour of who was hardly compared with anybody
ENOUGH = 0.5  # of the usual agreement beyond a coin's: chance alone makes it vary
COIN = 0.5  # the share of agreement between votes that say nothing
CLEAR = 0.02  # beyond a coin's: with less, people here do not agree
UNIT = 1_000  # of a pair's weight: 1 is counted as so many


class Pair(NamedTuple):
    """A vote beside another agent's. `weight`: 0..1, how alike the questions were."""

    other: str
    agreed: bool
    weight: float


class Agreement:
    """Of one tenant. Changed by one thread at a time; `words` may be called from any."""

    def __init__(self) -> None:
        self._agreed: dict[str, int] = {}
        self._judged: dict[str, int] = {}
        self._version = 0
        self._known: tuple[int, Mapping[str, float]] = (0, {})

    def told(self, agent_id: str, pairs: list[Pair], times: int = 1) -> None:
        """`times` -1: the vote is taken back, with the pairs it was told with."""
        for pair in pairs:
            weight = times * round(UNIT * pair.weight)
            for one in (agent_id, pair.other):
                _count(self._judged, one, weight)
                _count(self._agreed, one, weight if pair.agreed else 0)
        self._version += bool(pairs)

    def words(self) -> Mapping[str, float]:
        """Agent -> LITTLE..1, how much a vote counts; who is not in it counts 1."""
        version, (known_at, known) = self._version, self._known
        if known_at != version:
            known = self._weighed()
            self._known = (version, known)  # a change meanwhile has a version of its own
        return known

    def _weighed(self) -> Mapping[str, float]:
        agreed, judged = dict(self._agreed), dict(self._judged)
        pairs = sum(judged.values())
        usual = sum(agreed.values()) / pairs if pairs else COIN
        if usual <= COIN + CLEAR:
            return {}
        doubt = DOUBT * UNIT
        shares = {
            one: (agreed.get(one, 0) + doubt * usual) / (count + doubt)
            for one, count in judged.items()
        }
        full = ENOUGH * (usual - COIN)
        words = {one: (share - COIN) / full for one, share in shares.items()}
        return {one: max(word, LITTLE) for one, word in words.items() if word < 1}


def _count(tally: dict[str, int], agent_id: str, change: int) -> None:
    left = tally.get(agent_id, 0) + change
    if left:
        tally[agent_id] = left
    else:
        tally.pop(agent_id, None)

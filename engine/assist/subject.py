"""Which document's title says what the call is about.

Owns when a title may be named, and how long it stays. A line is about the call, the list
about the last turn: so a title stays while the call's subject does, and a turn that asks for
nothing ("yes please") may still settle it. It knows no words of a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.assist.likelihood import BESIDE, Likelihood
from engine.assist.ranking import Ranked

LIKELY = 0.55  # that it is the document, or one of those beside it whose titles are alike
CLEAR = 0.03  # or of a score, over the next document that is about something else
CLEAR_UNASKED = 0.06  # the same where the last turn asks for nothing
FOUND_UNASKED = 0.4  # such a turn's document needs this score too: "hello" has one of 0.2
STAYS = 0.1  # a title on the screen is replaced by what leads it by this
TOLD = 0.5  # of a passage read out by the agent: it was the answer, and is no new subject
ALIKE = 0.5  # of the words of the longer title: two with as much in common are one subject


def subject(
    ranked: Sequence[Ranked], asked: bool, held: str | None, needs: bool = True
) -> Ranked | None:
    """The document to be named, if any is. `ranked`: the best first; `asked`: documents are
    shown because of this turn; `needs`: it asks in words or in meaning, not only by what it
    is close to; `held`: id of the document whose title is on the screen."""
    if not ranked:
        return None
    best = ranked[0]
    kept = next((one for one in ranked if one.hit.doc_id == held), None)
    if kept is not None:
        answered = best.told >= TOLD and not needs
        if answered or best.score < kept.score + STAYS:
            return kept
    clear = CLEAR if asked else CLEAR_UNASKED
    stands_out = likely(ranked, best) >= LIKELY or lead(ranked, best) >= clear
    if stands_out and (asked or best.score >= FOUND_UNASKED):
        return best
    return None if asked else kept


def lead(ranked: Sequence[Ranked], one: Ranked) -> float:
    """How far a document is ahead of every other that is about something else; below 0 when
    it is not."""
    others = (other.score for other in ranked if other is not one and not alike(one, other))
    return one.score - max(others, default=0.0)


def likely(ranked: Sequence[Ranked], one: Ranked) -> float:
    """0..1: that a document or one beside it that is about the same answers the call. Three
    documents on returns that no point divides say that it is about a return."""
    beside = ranked[:BESIDE]
    together = [other.score for other in beside if other is one or alike(one, other)]
    return Likelihood([other.score for other in beside]).of(*together)


def alike(one: Ranked, other: Ranked) -> bool:
    """Titles that share most of their words: whichever is named, the agent knows the subject."""
    mine, theirs = set(one.hit.title), set(other.hit.title)
    longer = max(len(mine), len(theirs))
    return longer > 0 and len(mine & theirs) >= ALIKE * longer

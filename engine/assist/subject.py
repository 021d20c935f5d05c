"""Which document's title says what the call is about.

Owns when a title may be named, and how long it stays. A line is about the call, the list
about the last turn: so a title stays while the call's subject does, and a turn that asks for
nothing ("yes please") may still settle it. It knows no words of a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.assist.ranking import Ranked

CLEAR = 0.03  # of a score, over the next document that is about something else
CLEAR_UNASKED = 0.06  # the same where the last turn asks for nothing
FOUND_UNASKED = 0.4  # such a turn's document needs this score too: "hello" has one of 0.2
STAYS = 0.15  # a title on the screen is replaced by what leads it by this
STAYS_ASKED = 0.1  # the same where the last turn asks for something, and its document is shown
ALIKE = 0.5  # of the words of the longer title: two with as much in common are one subject


def subject(ranked: Sequence[Ranked], first: str | None, held: str | None) -> Ranked | None:
    """The document to be named, if any is. `ranked`: the best first; `first`: id of the first
    that is shown because of this turn, None where it asks for nothing; `held`: id of the one
    whose title is on the screen."""
    if not ranked:
        return None
    by_id = {one.hit.doc_id: one for one in ranked}
    kept = by_id.get(held) if held is not None else None
    stays = STAYS if first is None else STAYS_ASKED
    if kept is not None and ranked[0].score < kept.score + stays:
        return kept
    if first is not None:
        shown = by_id.get(first)
        return shown if shown is not None and lead(ranked, shown) >= CLEAR else None
    best = ranked[0]
    if best.score >= FOUND_UNASKED and lead(ranked, best) >= CLEAR_UNASKED:
        return best
    return kept


def lead(ranked: Sequence[Ranked], one: Ranked) -> float:
    """How far a document is ahead of every other that is about something else; below 0 when
    it is not."""
    others = (other.score for other in ranked if other is not one and not alike(one, other))
    return one.score - max(others, default=0.0)


def alike(one: Ranked, other: Ranked) -> bool:
    """Titles that share most of their words: whichever is named, the agent knows the subject."""
    mine, theirs = set(one.hit.title), set(other.hit.title)
    longer = max(len(mine), len(theirs))
    return longer > 0 and len(mine & theirs) >= ALIKE * longer

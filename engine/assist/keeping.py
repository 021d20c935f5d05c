"""When the list on the screen is left alone: it changes only for the better.

Owns the comparison of what is shown with what would be. An agent who reads the second
document loses it when two that are alike change places.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.assist.ranking import Ranked

BETTER = 0.06  # of a score; what leads by less is as good as what is there


def listed(
    ranked: Sequence[Ranked],
    shown: Sequence[str],
    limit: int,
    fading: Sequence[Ranked] = (),
) -> list[Ranked]:
    """The documents for the screen, `limit` at most: those that are shown, in their order,
    unless a better one is missing or the first is no longer nearly the best. `fading`: not
    worth showing afresh, but no reason to change a list that would only become shorter."""
    fresh = list(ranked[:limit])
    fresh_ids = {one.hit.doc_id for one in fresh}
    if shown and fresh and fresh[0].hit.doc_id == shown[0] and fresh_ids <= set(shown):
        held = {one.hit.doc_id: one for one in [*ranked, *fading]}
        return [held[doc_id] for doc_id in shown if doc_id in held][:limit]
    places = {one.hit.doc_id: one for one in ranked}
    kept = [places[doc_id] for doc_id in shown if doc_id in places][:limit]
    if not kept or len(kept) < min(len(shown), limit):
        return fresh
    missing = [one for one in fresh if one not in kept]
    weakest = min(one.score for one in kept)
    first_holds = kept[0].score >= fresh[0].score - BETTER
    none_better = all(one.score < weakest + BETTER for one in missing)
    if not (first_holds and none_better):
        return fresh
    return kept + missing[: limit - len(kept)]

"""The summary line by rule: the leading document's title, or the customer's own sentence.

Owns the two rules and their bounds. It never asks a model and never sees a name apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.assist.query import distinct
from engine.assist.view import CallLine
from engine.knowledge.sentences import sentences, shortened
from engine.wire import SummaryKind

MOST_CHARACTERS = 120
CLEAR_LEAD = 1.25  # the first score over the second
FEWEST_TERMS = 2  # a sentence with fewer content words says nothing about the call

Summary = tuple[str, SummaryKind]


def summary(
    lines: Sequence[CallLine],
    leading: Sequence[tuple[str, float]],
    rarity: Callable[[str], float],
) -> Summary:
    """One sentence and its kind. `leading`: (title, score) of the documents shown, the best
    first; `rarity`: a term's weight, 0.0 for one that no document holds."""
    if leading and (len(leading) == 1 or leading[0][1] >= CLEAR_LEAD * leading[1][1]):
        title = leading[0][0].rstrip(" .?!:")
        return shortened(f"Customer asking about {title}", MOST_CHARACTERS), "title"
    sentence = _most_content(lines, rarity)
    return (sentence, "sentence") if sentence else ("", "none")


def _most_content(lines: Sequence[CallLine], rarity: Callable[[str], float]) -> str:
    """The customer's sentence with the most content, the latest of equals."""
    best, best_weight = "", (0.0, 0)
    for line in lines:
        if line.speaker != "customer":
            continue
        for sentence in sentences(line.text):
            text = shortened(sentence, MOST_CHARACTERS)
            words = distinct(text)
            # Without documents no word is rarer than another; then their number decides.
            weight = (sum(rarity(word) for word in words), len(words))
            if len(words) >= FEWEST_TERMS and weight >= best_weight:
                best, best_weight = text, weight
    return best

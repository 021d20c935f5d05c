"""The summary line by rule: the leading document's title, or the customer's own sentence.

Owns the rules and their bounds. No line holds a name or a number: of a sentence only what
engine/assist/anonymous.py leaves of it is used. It asks no model.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.assist.anonymous import Rarity, spans, without_numbers
from engine.assist.keeping import BETTER
from engine.assist.query import distinct
from engine.assist.view import CallLine
from engine.knowledge.sentences import sentences, shortened
from engine.wire import SummaryKind

MOST_CHARACTERS = 120
CLEAR_LEAD = 0.03  # of a score, over the next document; with more the line named fewer titles
STABLE_LEAD = -BETTER  # where it was first at the turn before: as long as the list holds
FEWEST_TERMS = 2  # a sentence with fewer content words says nothing about the call

Summary = tuple[str, SummaryKind]


class Leading(Struct, frozen=True):
    """The first of the documents that are shown. `lead`: its score minus the next one's;
    `stable`: it was the first at the turn before, too."""

    title: str
    lead: float
    stable: bool

    @property
    def clear(self) -> bool:
        return self.lead >= (STABLE_LEAD if self.stable else CLEAR_LEAD)


def summary(
    lines: Sequence[CallLine],
    leading: Leading | None,
    rarity: Rarity,
    language: str | None = None,
) -> Summary:
    """One sentence and its kind. `rarity`: a term's weight, 0.0 for one that no document
    holds; None where there is no document."""
    title = without_numbers(leading.title.rstrip(" .?!:")) if leading and leading.clear else ""
    if title:
        return shortened(f"Customer asking about {title}", MOST_CHARACTERS), "title"
    sentence = _most_content(lines, rarity, language)
    return (sentence, "sentence") if sentence else ("", "none")


def _most_content(lines: Sequence[CallLine], rarity: Rarity, language: str | None) -> str:
    """The part of a sentence of the customer with the most content, the latest of equals."""
    best, best_weight = "", (0.0, 0)
    for line in lines:
        if line.speaker != "customer":
            continue
        for sentence in sentences(line.text):
            for text in spans(sentence, rarity, language):
                words = distinct(shortened(text, MOST_CHARACTERS), language=language)
                # Without documents no word is rarer than another; then their number decides.
                weight = (sum(map(rarity, words)) if rarity else 0.0, len(words))
                if len(words) >= FEWEST_TERMS and weight >= best_weight:
                    best, best_weight = shortened(text, MOST_CHARACTERS), weight
    return best

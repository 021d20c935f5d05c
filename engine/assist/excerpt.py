"""What is shown of a passage: its most telling sentences, and which words matched.

Owns the choice and the shortening. It never invents a character, apart from '…' where a
sentence had to be cut and '; ' between the items of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.knowledge.passages import Passage
from engine.knowledge.sentences import sentences, shortened
from engine.knowledge.terms import spoken_terms, terms

MOST_CHARACTERS = 300
MOST_MATCHES = 20
TELLING = 0.6  # of the rarest matching word's idf: what a word needs to be marked


def excerpt(
    passage: Passage,
    weights: Mapping[str, float],
    rarity: Callable[[str], float],
    language: str | None = None,
) -> str:
    """The run of whole sentences within MOST_CHARACTERS whose words weigh most; the earliest
    of equals. A first sentence longer than that is cut between words."""
    pieces = [s for line in passage.text.split("\n") for s in _separated(sentences(line))]
    held = [set(terms(piece, language)) for piece in pieces]
    best, best_weight = "", -1.0
    for first in range(len(pieces)):
        run, found, size = [pieces[first]], set(held[first]), len(pieces[first])
        for piece, words in zip(pieces[first + 1 :], held[first + 1 :], strict=True):
            if size + 1 + len(piece) > MOST_CHARACTERS:
                break
            run.append(piece)
            found |= words
            size += 1 + len(piece)
        weight = sum(weights.get(word, 0.0) * rarity(word) for word in found)
        if weight > best_weight + 1e-9:
            best, best_weight = " ".join(run), weight
    return shortened(best.rstrip("; "), MOST_CHARACTERS)


def matches(
    text: str,
    weights: Mapping[str, float],
    rarity: Callable[[str], float] = lambda term: 1.0,
    language: str | None = None,
) -> list[str]:
    """The asked words that stand in a text, as they stand there, each once. Only the telling
    ones: marks on `see` and `one` would draw the eye from those that made the match."""
    words = list(spoken_terms(text, language))
    telling = max((rarity(term) for _, term in words if term in weights), default=0.0)
    found: dict[str, str] = {}
    for word, term in words:
        if term in weights and rarity(term) >= telling * TELLING:
            found.setdefault(word.casefold(), word)
    return list(found.values())[:MOST_MATCHES]


def _separated(line: list[str]) -> list[str]:
    """A line that no punctuation ends is an item of a list or a row."""
    if line and line[-1][-1].isalnum():
        return [*line[:-1], line[-1] + ";"]
    return line

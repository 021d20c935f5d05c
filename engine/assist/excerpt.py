"""What is shown of a passage: its most telling sentences, and which words matched.

Owns the choice, the shortening, and whether what was shown once still stands there. It never
invents a character, apart from '…' where a sentence had to be cut and '; ' between the items
of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from engine.assist.everyday import SAID_OF_ANYTHING
from engine.knowledge.languages import DEFAULT, primary
from engine.knowledge.passages import Passage
from engine.knowledge.sentences import sentences, shortened
from engine.knowledge.terms import placed_terms, terms

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
    pieces = _pieces(passage)
    held = [frozenset(terms(piece, language)) for piece in pieces]
    best, best_weight = "", -1.0
    for first, end in _runs(pieces):
        found = frozenset().union(*held[first:end])
        weight = sum(weights.get(word, 0.0) * rarity(word) for word in found)
        if weight > best_weight + 1e-9:
            best, best_weight = _shown(pieces[first:end]), weight
    return best


def stands_in(shown: str, passage: Passage) -> bool:
    """Whether an excerpt is one of this passage as it is now, for some question."""
    words = shown.removesuffix("…").split()
    if not all(word.rstrip(";") in passage.text for word in words):
        return False  # so it is for most passages, at a hundredth of the price
    pieces = _pieces(passage)
    if not pieces:
        return not shown
    return any(_shown(pieces[first:end]) == shown for first, end in _runs(pieces))


def matches(
    text: str,
    weights: Mapping[str, float],
    rarity: Callable[[str], float] = lambda term: 1.0,
    language: str | None = None,
) -> list[str]:
    """The asked words that stand in a text, as they stand there, each once. Only the telling
    ones: marks on `see` and `one` would draw the eye from those that made the match."""
    asked = [word for word in placed_terms(text, language) if word[2] in weights]
    if primary(language) == DEFAULT:
        asked = [word for word in asked if _tells(text[word[0] : word[1]])]
    telling = max((rarity(term) for _, _, term in asked), default=0.0)
    found: dict[str, str] = {}
    for word in _joined(text, (w for w in asked if rarity(w[2]) >= telling * TELLING)):
        found.setdefault(word.casefold(), word)
    return list(found.values())[:MOST_MATCHES]


def _tells(word: str) -> bool:
    return word.casefold() not in SAID_OF_ANYTHING


def _pieces(passage: Passage) -> list[str]:
    return [s for line in passage.text.split("\n") for s in _separated(sentences(line))]


def _runs(pieces: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The run that begins at each piece, as long as it may be: its first place and its end."""
    for first in range(len(pieces)):
        end, size = first + 1, len(pieces[first])
        while end < len(pieces) and size + 1 + len(pieces[end]) <= MOST_CHARACTERS:
            size += 1 + len(pieces[end])
            end += 1
        yield first, end


def _shown(run: Sequence[str]) -> str:
    return shortened(" ".join(run).rstrip("; "), MOST_CHARACTERS)


def _joined(text: str, places: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """The words at some places; pairs of letters that overlap are one word."""
    begin = end = 0
    for first, last, _ in places:
        if first < end:
            end = max(end, last)
            continue
        if end:
            yield text[begin:end]
        begin, end = first, last
    if end:
        yield text[begin:end]


def _separated(line: list[str]) -> list[str]:
    """A line that no punctuation ends is an item of a list or a row."""
    if line and line[-1][-1].isalnum():
        return [*line[:-1], line[-1] + ";"]
    return line

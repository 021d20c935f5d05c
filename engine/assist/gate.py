"""Whether to speak at all: judged by the customer's last turn alone.

Owns how sure one is that a turn asks for a document, 0..1. Ranking needs the context of the
call; speaking up does not: the context matches as well when the customer says thank you.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import exp

from engine.assist.ranking import Ranked
from engine.knowledge.embedding import Embedder, Matrix
from engine.knowledge.index import Index
from engine.knowledge.languages import DEFAULT, primary

LOOKED_AT = 5  # documents, of which the one closest to the turn counts

# A logistic of: cosine of the turn with that document, with the closest routine line, and
# whether it asks. Fitted with the two outcomes at equal weight; the turns of a corpus that was
# left out were told apart with an AUC of .85, .94 and .86 (docs/quality.md).
OWN, ROUTINE, ASKS, BASE = 5.8, -10.0, 1.7, -0.2

# What customers of any company say and no document answers: manners, assent, particulars, and
# what an agent looks up in another system.
ROUTINE_LINES = (
    "thank you very much",
    "thanks, that is all I need",
    "no, that's everything, goodbye",
    "great, have a nice day",
    "hello, good morning",
    "how are you today",
    "yes please",
    "yes, that is correct",
    "okay, sounds good",
    "no, that's fine",
    "sure, go ahead",
    "let me check, one moment",
    "my name is John Smith",
    "my account number is four oh two one seven",
    "my phone number is five five five one two three four",
    "my email address is john at example dot com",
    "the postcode is n w one six x e",
    "it is the third of march nineteen eighty",
    "let me spell that for you",
    "could you repeat that please",
    "I want to book it for two people on Friday",
    "please make a reservation for three nights",
    "what is the phone number and address",
    "I am looking for something cheap nearby",
    "is there another one available",
)

_ASKS = re.compile(
    r"\?|\b(?:do|does|did|is|are|can|could|will|would|should|have|has|any"
    r"|what|which|how|when|where|who|why)\b",
    re.IGNORECASE,
)


class Gate:
    """With an embedding model; the routine lines are embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._routine: Matrix | None = None

    def sure(
        self, text: str, turn: Matrix, ranked: Sequence[Ranked], language: str | None
    ) -> float:
        """0..1. `text`: the last turn; `turn`: [dimension], its vector. Raises what `embed`
        raises."""
        if not ranked or not turn.any():
            return 0.0
        if self._routine is None:
            self._routine = self._embedder.embed(ROUTINE_LINES)
        own = max(one.own for one in ranked[:LOOKED_AT])
        routine = float((self._routine @ turn).max())
        asks = ASKS * asking(text, language)
        return 1 / (1 + exp(-(BASE + OWN * own + ROUTINE * routine + asks)))


def asking(text: str, language: str | None) -> float:
    """1 for a turn that asks, 0 for one that does not; in a language whose question words
    are not known here, half, unless a mark says so."""
    if primary(language) != DEFAULT:
        return 1.0 if "?" in text else 0.5
    return 1.0 if _ASKS.search(text) else 0.0


def sure_by_words(index: Index, words: Sequence[str], ranked: Sequence[Ranked]) -> float:
    """0..1 without a model: how much there is to find at all, times how much of the last
    turn (`words`: its terms, each once) some candidate holds. AUC .76 and .85 (spoken-faq,
    chat-faq), where the first alone has .59 and .80."""
    if index.ceiling <= 0 or not ranked:
        return 0.0
    score = max(one.words for one in ranked[:LOOKED_AT])
    said = sum(index.rarity(word) for word in words)
    held = max(
        sum(index.rarity(word) for word in words if word in one.hit.terms)
        for one in ranked[:LOOKED_AT]
    )
    return (1 - exp(-score / index.ceiling)) * (0.5 + 0.5 * held / said if said > 0 else 0.5)

"""Whether to speak at all: judged by the customer's last turn, and by what there is to say.

Owns how sure one is that a turn asks for a document, 0..1. Ranking needs the context of the
call; speaking up hardly does: the context matches as well when the customer says thank you.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import exp

import numpy as np

from engine.assist.ranking import Ranked
from engine.knowledge.embedding import Embedder, Matrix
from engine.knowledge.index import Index
from engine.knowledge.languages import DEFAULT, primary

LOOKED_AT = 5  # documents, of which the one closest to the turn counts

# A logistic of: cosine of the turn with that document, with the closest routine line, with
# the closest lines of need, whether it asks, and how good the best document is for the call.
# Round numbers near a fit with the two outcomes at equal weight; the turns of a corpus that was
# left out were told apart with an AUC of .87, .98 and .88 (docs/quality.md).
OWN, ROUTINE, NEED, ASKS, FOUND, BASE = 4.0, -12.0, 6.0, 2.5, 3.6, -2.6
NEEDS = 3  # lines of need, of which the closest are averaged

# A document that answers a turn is about so close to it, and so good for the call.
GOOD_OWN, GOOD_FOUND = 0.6, 0.9
EVEN = 0.5  # then it is more likely than not that something is asked for
NEEDED = 0.3  # a turn without a word of asking must be so close to lines of need

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
    "this is ridiculous, I have had enough of you",
    "I am so angry, nobody ever listens to me",
    "oh no, that is terrible",
    "sorry about the noise in the background",
    "it is lovely weather here today",
    "let me find a pen",
    "okay, I have done that now",
    "it works now, wonderful",
    "oh, I see, that makes sense",
    "all right, I will wait",
    "I don't know, I'm not sure",
)
# What customers of any company want to know or need done, whatever the company sells.
NEED_LINES = (
    "how do I do that",
    "how much does it cost",
    "why has it gone up",
    "what happens if I don't",
    "it does not work any more",
    "it has stopped working",
    "I can't get in",
    "I have lost it and need a new one",
    "nobody came and nothing was done",
    "I was charged too much",
    "when will it arrive",
    "where can I find it",
    "can I change it",
    "I want to cancel it",
    "am I allowed to do that",
    "do I have to pay for it",
    "I would like to have one",
    "it says there is an error",
    "I have not received it yet",
    "who do I have to ask",
)

UNASKED = 0.7  # by words alone, what a turn that does not ask keeps
# How much a word of asking says beside a mark of it: less where the text has other marks, and so
# would have had this one.
WORD_UNMARKED, WORD_MARKED = 0.6, 0.3

_ASKS = re.compile(
    r"\b(?:do|does|did|is|are|can|could|will|would|should|have|has|any"
    r"|what|which|how|when|where|who|why)\b",
    re.IGNORECASE,
)
_QUESTION_MARK = re.compile("[?\uff1f\u061f]")  # of Chinese and Japanese, of Arabic
_MARKS = re.compile(r"[.,;:!]")


class Gate:
    """With an embedding model; routine and need are embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: tuple[Matrix, Matrix] | None = None  # routine, need

    def sure(
        self, text: str, turn: Matrix, ranked: Sequence[Ranked], language: str | None
    ) -> float:
        """0..1. `text`: the last turn; `turn`: [dimension], its vector. Raises what `embed`
        raises."""
        if not ranked or not turn.any():
            return 0.0
        own = max(one.own for one in ranked[:LOOKED_AT])
        routine, need = self._closeness(turn)
        return _logistic(own, routine, need, asking(text, language), ranked[0].score)

    def needs(self, text: str, turn: Matrix, language: str | None) -> bool:
        """Whether the turn would have opened the gate if there had been a document for it, and
        asks for something in words or in meaning: what is missing, when nothing is shown."""
        if not turn.any():
            return False
        routine, need = self._closeness(turn)
        asks = asking(text, language)
        if asks < WORD_UNMARKED and need < NEEDED:
            return False
        return _logistic(GOOD_OWN, routine, need, asks, GOOD_FOUND) >= EVEN

    def _closeness(self, turn: Matrix) -> tuple[float, float]:
        """With the closest routine line, and with the closest lines of need."""
        if self._known is None:
            lines = self._embedder.embed((*ROUTINE_LINES, *NEED_LINES))
            self._known = lines[: len(ROUTINE_LINES)], lines[len(ROUTINE_LINES) :]
        routine, need = (known @ turn for known in self._known)
        return float(routine.max()), float(np.sort(need)[-NEEDS:].mean())


def _logistic(own: float, routine: float, need: float, asks: float, found: float) -> float:
    odds = BASE + OWN * own + ROUTINE * routine + NEED * need + ASKS * asks + FOUND * found
    return 1 / (1 + exp(-odds))


def needs_by_words(text: str, language: str | None) -> bool:
    return asking(text, language) >= WORD_UNMARKED


def asking(text: str, language: str | None) -> float:
    """0..1: 1 for a turn with a question mark, less where only its words ask; in a language
    whose question words are not known here, half without a mark."""
    if _QUESTION_MARK.search(text):
        return 1.0
    if primary(language) != DEFAULT:
        return 0.5
    if not _ASKS.search(text):
        return 0.0
    return WORD_MARKED if _MARKS.search(text) else WORD_UNMARKED


def sure_by_words(
    index: Index, words: Sequence[str], ranked: Sequence[Ranked], asks: float
) -> float:
    """0..1 without a model: how much there is to find at all, times how much of the last
    turn (`words`: its terms, each once) some candidate holds, less for a turn that does not
    ask. AUC .70, .90 and .77 (spoken-faq, chat-faq, demo), without the last .70, .78, .63."""
    if index.ceiling <= 0 or not ranked:
        return 0.0
    score = max(one.words for one in ranked[:LOOKED_AT])
    said = sum(index.rarity(word) for word in words)
    held = max(
        sum(index.rarity(word) for word in words if word in one.hit.terms)
        for one in ranked[:LOOKED_AT]
    )
    there = (1 - exp(-score / index.ceiling)) * (0.5 + 0.5 * held / said if said > 0 else 0.5)
    return there * (UNASKED + (1 - UNASKED) * asks)

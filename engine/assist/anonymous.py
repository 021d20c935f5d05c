"""What of a sentence may be shown anywhere: without names, numbers and spelled-out codes.

Owns the rules. They err on the side of leaving out: a word that neither the knowledge base
nor everyday English knows may be a name (a recogniser writes names in lower case), so the
sentence is cut there. While there is no knowledge base, only what is written large counts
as a name, or every sentence would be cut to pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from engine.assist.everyday import BEGINS, EVERYDAY, LOOSE, MONTHS, NUMBERS, SOMETIMES
from engine.knowledge.languages import DEFAULT, language, primary
from engine.knowledge.terms import terms

_TOKEN = re.compile(r"[^\s]+")
_EDGES = " .,;:!?…\"'“”‘’()[]-"  # noqa: RUF001
# What comes after these is a name, until a word that cannot be one.
_CUES = re.compile(
    r"\b(?:name(?:'s| is| was)?|named|called|this is|speaking (?:to|with)|surname(?:'s| is)?"
    r"|mr|mrs|ms|miss|dr|madam|sir|dear|(?:i'm|i am) (?=[A-Z]))\.?\s*$",
    re.IGNORECASE,
)
_NAMED = 3  # words after a cue

Rarity = Callable[[str], float] | None  # None: no document is known


def spans(sentence: str, rarity: Rarity, tag: str | None = None) -> Iterator[str]:
    """The parts of a sentence between what must not be shown; the sentence itself, as it is
    written, when there is nothing."""
    words = _TOKEN.findall(sentence)
    barred = _barred(words, rarity, tag)
    if not any(barred):
        yield sentence
        return
    part: list[str] = []
    for word, stop in [*zip(words, barred, strict=True), ("", True)]:
        if not stop:
            part.append(word)
        elif part:
            if text := _trimmed(part):
                yield text
            part = []


def without_numbers(title: str) -> str:
    """A title without the words that hold a digit."""
    kept = [word for word in title.split() if not any(c.isdigit() for c in word)]
    return " ".join(kept).strip(" -,:;")


def _barred(words: list[str], rarity: Rarity, tag: str | None) -> list[bool]:
    plain = [word.strip(_EDGES).lower().replace("\u2019", "'") for word in words]
    barred = [
        _number(at, plain) or _letter(at, plain) or _unknown(words[at], plain[at], at, rarity, tag)
        for at in range(len(words))
    ]
    for at in _after_cues(words, plain, tag):
        barred[at] = True
    return barred


def _number(at: int, plain: list[str]) -> bool:
    word = plain[at]
    if any(c.isdigit() for c in word) or "@" in word or word in MONTHS:
        return True
    if any(piece in NUMBERS for piece in word.split("-")) and word not in SOMETIMES:
        return True
    beside = (*plain[max(at - 1, 0) : at], *plain[at + 1 : at + 2])
    dated = plain[max(at - 2, 0) : at + 3]  # "the third of june"
    return word in SOMETIMES and not (NUMBERS.isdisjoint(beside) and MONTHS.isdisjoint(dated))


def _letter(at: int, plain: list[str]) -> bool:
    """A letter by itself beside another is spelling."""
    alone = [len(word) == 1 and word.isalpha() for word in plain]
    return alone[at] and (
        plain[at] not in ("a", "i") or any(alone[max(at - 1, 0) : at] + alone[at + 1 : at + 2])
    )


def _unknown(written: str, plain: str, at: int, rarity: Rarity, tag: str | None) -> bool:
    """Neither everyday nor in the knowledge base."""
    if not plain or plain in EVERYDAY or plain in LOOSE or plain in SOMETIMES:
        return False
    if plain in language(tag).stop_words:
        return False
    if rarity is None:
        return at > 0 and written.strip(_EDGES)[:1].isupper() and not plain.startswith("i'")
    found = terms(plain, tag)
    if primary(tag) == DEFAULT and not found:
        return False  # a contraction of stop words
    return not all(rarity(term) > 0 for term in found) or not found


def _after_cues(words: list[str], plain: list[str], tag: str | None) -> Iterator[int]:
    said = ""
    for at, (word, following) in enumerate(pairwise([*words, ""])):
        said = f"{said} {word}"[-40:]
        if following and _CUES.search(f"{said} ".replace("\u2019", "'")):
            for named in range(at + 1, min(at + 1 + _NAMED, len(words))):
                if plain[named] in language(tag).stop_words or plain[named] in EVERYDAY:
                    break
                yield named


def _trimmed(part: list[str]) -> str:
    words = list(part)
    while words and words[0].strip(_EDGES).lower() in BEGINS:
        words.pop(0)
    while words and words[-1].strip(_EDGES).lower() in LOOSE:
        words.pop()
    return " ".join(words).strip(" ,;:-")

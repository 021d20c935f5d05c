"""How a title reads in a line: "Customer asking about lost phones".

Owns the wording. A title is a heading, a question or a sentence, and each reads differently
behind "asking". It decides no title.
"""

from __future__ import annotations

import re

from engine.assist.anonymous import without_numbers
from engine.assist.everyday import EVERYDAY, LOOSE
from engine.knowledge.languages import DEFAULT, language, primary
from engine.knowledge.sentences import shortened

MOST_CHARACTERS = 120
MOST_TITLE = 300  # characters of a title that are looked at
MOST_READ = 20_000  # characters of a document in which its first word is looked for, written small
MOST_QUOTED = 90  # characters of a title between marks, which must both be there
LONG = 6  # letters of a word in -ing that may be a verb's
TITLE_CASE = 0.5  # of a title's longer words written large: then every word is

_AUXILIARY = (
    r"(?:do|does|did|is|are|was|were|can|could|will|would|shall|should|may|must|am|have|has)"
)
_ASKING = r"(?:how|what|why|when|where|who|which)"
_ASKS = re.compile(rf"(?:{_ASKING}|{_AUXILIARY})\b", re.IGNORECASE)
_QUESTION = re.compile(  # also without its mark: "Why is my bill higher"
    rf"(?:{_ASKING}(?: \w+){{0,3}} )?{_AUXILIARY} "
    r"(?:i|you|we|they|it|he|she|my|your|our|their|the|there|this|that|these|a|an|any)\b",
    re.IGNORECASE,
)
# A sentence has a verb behind its first word; in "what the light means" the verb is not its own.
_VERB = re.compile(
    r"\s(?:is|are|was|were|has|have|had|does|do|did|will|would|can|could|cannot|\w+n['\u2019]t)\s",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"^about\s+(?=\w)", re.IGNORECASE)  # "asking about" says it already
_LONGER = re.compile(r"\b[^\W\d_][a-z]{3,}")  # words that are no acronyms
_CLAUSE = re.compile(
    r"\b(?:how|what|why|when|where|who|which|that|if|whether|after|before|because|until|while|once)\b",
    re.IGNORECASE,
)


def asking(title: str, text: str = "", tag: str | None = None) -> str:
    """A line that names a title; '' for one that is nothing but numbers. `text`: of the
    document, which tells names from words; `tag`: its language."""
    plain = _ABOUT.sub("", without_numbers(title.strip(" .?!:")[:MOST_TITLE]))
    if not plain:
        return ""
    whole, colon, rest = plain.rpartition(": ")
    if title.rstrip().endswith("?") and colon:  # "Harbour Hotel: Is there parking?"
        line = f" about {whole}: {_lower(rest) if _ASKS.match(rest) else rest}?"
    elif title.rstrip().endswith("?") or _QUESTION.match(plain):
        line = f": {_lower(plain) if _ASKS.match(plain) else plain}?"
    elif _is_sentence(plain):
        line = f" about “{shortened(plain, MOST_QUOTED)}”"
    else:
        line = f" about {_written_small(plain, text, tag)}"
    return shortened(f"Customer asking{line}", MOST_CHARACTERS)


def names(line: str, title: str) -> bool:
    """Whether a line is the one that names a title."""
    said = line.casefold()
    # Most titles are told apart by their first words, at a hundredth of the price.
    return _beginning(title) in said and bool(line) and said == asking(title).casefold()


def _beginning(title: str) -> str:
    words = title[:MOST_CHARACTERS].casefold().split(maxsplit=2)[:2]
    plain = (word.strip(" .?!:") for word in words if not any(c.isdigit() for c in word))
    return next((word for word in plain if word), "")


def _is_sentence(title: str) -> bool:
    verb, clause = _VERB.search(title), _CLAUSE.search(title)
    return verb is not None and (clause is None or verb.start() < clause.start())


def _written_small(title: str, text: str, tag: str | None) -> str:
    """Its first letter small, where that is certain: a name stays, and so does a title in
    which every word is large."""
    word = title.split()[0].strip(",;:()\"'")
    if not (word[:1].isupper() and word[1:].islower()) or primary(tag) != DEFAULT:
        return title
    others = _LONGER.findall(title[len(word) :])
    large = [other for other in others if other[0].isupper()]
    following = title.split()[1:2]
    if (following and following[0][:1].isupper() and following[0][1:2].islower()) or (
        large and len(large) >= TITLE_CASE * len(others)
    ):
        return title
    small = word.lower()
    known = small in EVERYDAY or small in LOOSE or small in language(DEFAULT).stop_words
    verb = small.removesuffix("ing") if len(small) >= LONG else small  # "send" is enough
    found = re.search(rf"\b{re.escape(verb)}", text[:MOST_READ])
    return _lower(title) if known or found else title


def _lower(text: str) -> str:
    word = re.split(r"['\u2019\s]", text, maxsplit=1)[0]
    if word == "I" or not (word[1:].islower() or len(word) == 1):
        return text
    return text[:1].lower() + text[1:]

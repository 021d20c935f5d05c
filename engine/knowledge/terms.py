"""Words as the index knows them: lower case, without accents, stemmed, stop words left out.

Owns the one way from text to terms, used for documents and queries alike, each in its own
language. It never counts and never weighs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

from engine.knowledge.languages import language, primary

LONGEST_WORD = 40  # characters; what is longer is a key or a blob, never a word asked for

# A run of Chinese or Japanese has no spaces: it is known by its pairs of characters.
_PACKED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]+|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['\u2019][^\W_]+)?"
)
_CONTRACTED = frozenset(("s", "t", "m", "d", "re", "ve", "ll"))


def terms(text: str, tag: str | None = None) -> list[str]:
    """The terms of a text in order, repeated as they stand. `tag`: its language."""
    return [term for _, term in spoken_terms(text, tag)]


def spoken_terms(text: str, tag: str | None = None) -> Iterator[tuple[str, str]]:
    """(word as it stands, its term), for each word that has one."""
    name = primary(tag)
    for word in _words(text):
        term = _term(word.lower(), name)
        if term:
            yield word, term


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if _PACKED.match(word) and len(word) > 2:
            yield from (word[at : at + 2] for at in range(len(word) - 1))
        else:
            yield word


@lru_cache(maxsize=65_536)
def _term(word: str, name: str) -> str:
    """The term of a word in lower case; '' for one that is not searched for.

    A stemmer of its own for each miss (1.6 us): PyStemmer's objects must not be shared
    between threads, and most words come out of the cache.
    """
    known = language(name)
    word = word.replace("\u2019", "'")
    if len(word) > LONGEST_WORD or word in known.stop_words:
        return ""
    head, _, tail = word.partition("'")
    if tail in _CONTRACTED:
        word = head
    elif tail and name in ("fr", "it"):
        word = tail  # l'addition, dell'arte: what stands before is an article
    else:
        word = head + tail
    if not word or word in known.stop_words:
        return ""
    stem = str(Stemmer.Stemmer(known.stemmer, 0).stemWord(word)) if known.stemmer else word
    return stem if stem.isascii() else _plain(stem)


def _plain(word: str) -> str:
    """Without accents. After stemming, which knows them."""
    letters = unicodedata.normalize("NFKD", word)
    return "".join(c for c in letters if not unicodedata.combining(c))

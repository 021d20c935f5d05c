"""Words as the index knows them: lower case, without accents, stemmed, stop words left out.

Owns the one way from text to terms, used for documents and queries alike, each in its own
language. It never counts and never weighs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import Stemmer

from engine.knowledge.languages import language, primary

LONGEST_WORD = 40  # characters; what is longer is a key or a blob, never a word asked for

# What a letter carries: accents and vowel signs that Unicode writes as characters of their own
# (every Hindi vowel, a German umlaut in a file from a Mac), hyphens and joiners nobody sees.
_INVISIBLE = "\u00ad\u200c\u200d"
_MARK = _INVISIBLE + "".join(
    chr(code)
    for code in (*range(0x300, 0x20F1), *range(0x3099, 0x309B), *range(0xA66F, 0xABEE))
    if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
# Scripts that write a sentence without spaces, and Korean, whose words end in particles: a run
# of them is known by its pairs of letters. Thai and Lao, Burmese, Khmer, Hangul, kana, Chinese.
_PACKED_LETTER = (
    "\u0e01-\u0e33\u0e40-\u0e46\u0e81-\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf\u1000-\u102a\u103f"
    "\u1050-\u1055\u1780-\u17b3\uac00-\ud7a3\u3040-\u3096\u309d-\u30ff\u3400-\u9fff\uf900-\ufaff"
)
_PACKED = re.compile(rf"[{_PACKED_LETTER}][{_MARK}]*")
_LETTER = rf"[^\W_{_PACKED_LETTER}][{_MARK}]*"
_WORD = re.compile(
    rf"(?P<packed>(?:[{_PACKED_LETTER}][{_MARK}]*)+)|(?:{_LETTER})+(?:['\u2019](?:{_LETTER})+)?"
)
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z0-9]+)?")  # the same where nothing else is
_UNSEEN = dict.fromkeys(map(ord, _INVISIBLE))
_SOUNDED = "\u0900"
_CONTRACTED = frozenset(("s", "t", "m", "d", "re", "ve", "ll"))


def terms(text: str, tag: str | None = None) -> list[str]:
    """The terms of a text in order, repeated as they stand. `tag`: its language."""
    if text.isascii():  # lowered at once: of 12,000 documents read in half the time
        name = primary(tag)
        words = _ASCII_WORD.findall(text.lower())
        return [term for word in words if (term := _term(word, name))]
    return [term for _, term in spoken_terms(text, tag)]


def spoken_terms(text: str, tag: str | None = None) -> Iterator[tuple[str, str]]:
    """(word as it stands, its term), for each word that has one."""
    for start, end, term in placed_terms(text, tag):
        yield text[start:end], term


def placed_terms(text: str, tag: str | None = None) -> Iterator[tuple[int, int, str]]:
    """(where a word begins, where it ends, its term); pairs of letters overlap."""
    name = primary(tag)
    for start, end in _words(text):
        term = _term(text[start:end].lower(), name)
        if term:
            yield start, end, term


def _words(text: str) -> Iterator[tuple[int, int]]:
    if text.isascii():
        yield from (word.span() for word in _ASCII_WORD.finditer(text))
        return
    for word in _WORD.finditer(text):
        if word["packed"] is None:
            yield word.span()
            continue
        letters = [letter.span() for letter in _PACKED.finditer(text, *word.span())]
        if len(letters) <= 2:
            yield word.span()
        else:
            yield from ((first[0], second[1]) for first, second in pairwise(letters))


@lru_cache(maxsize=65_536)
def _term(word: str, name: str) -> str:
    """The term of a word in lower case; '' for one that is not searched for.

    A stemmer of its own for each miss (1.6 us): PyStemmer's objects must not be shared
    between threads, and most words come out of the cache.
    """
    known = language(name)
    if not word.isascii():
        word = unicodedata.normalize("NFC", word.translate(_UNSEEN).replace("\u2019", "'"))
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
    """Without accents, and the points of Hebrew and Arabic. After stemming, which knows them.
    In the scripts behind those a mark is a letter's sound, and stays."""
    letters = unicodedata.normalize("NFKD", word)
    bare = (c for c in letters if c >= _SOUNDED or not unicodedata.combining(c))
    return unicodedata.normalize("NFC", "".join(bare))

"""What is known of languages: their stemmer and the words that are not searched for.

Owns the table, the reduction of a language tag to an entry of it, and the guess at what a
text is written in that names no language. A language that is not in the table is neither
stemmed nor thinned; its words are then found as they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bm25s import stopwords
from msgspec import Struct

DEFAULT = "en"  # of documents and calls that name none

# What people say while they think. Without these, words like "okay" weigh like content in a
# written knowledge base: recall at 1 rose by 1 to 4 points on spoken calls.
_FILLERS = (
    "uh um umm ummm uhh uhm erm hmm mm ah oh yeah yep ok okay yes hi hello hey thank thanks please"
)


# Between words. Not what stands inside of one too: "e-mail" holds no small word of Italian.
_EDGES = str.maketrans(
    dict.fromkeys('.,;:!?"()[]#*\u00bf\u00a1\u00ab\u00bb\u201c\u201d\u201e', " ")
)


class Language(Struct, frozen=True):
    """`stemmer`: Snowball's name, '' for none."""

    stemmer: str
    stop_words: frozenset[str]


def _language(stemmer: str, words: Iterable[str] = ()) -> Language:
    return Language(stemmer, frozenset(words))


_UNKNOWN = _language("")
_KNOWN = {
    "en": _language("english", (*stopwords.STOPWORDS_EN_PLUS, *_FILLERS.split())),
    "ar": _language("arabic"),
    "ca": _language("catalan"),
    "cs": _language("czech"),
    "da": _language("danish", stopwords.STOPWORDS_DANISH),
    "de": _language("german", stopwords.STOPWORDS_GERMAN),
    "el": _language("greek"),
    "es": _language("spanish", stopwords.STOPWORDS_SPANISH),
    "fi": _language("finnish"),
    "fr": _language("french", stopwords.STOPWORDS_FRENCH),
    "hu": _language("hungarian"),
    "it": _language("italian", stopwords.STOPWORDS_ITALIAN),
    "nb": _language("norwegian", stopwords.STOPWORDS_NORWEGIAN),
    "nl": _language("dutch", stopwords.STOPWORDS_DUTCH),
    "no": _language("norwegian", stopwords.STOPWORDS_NORWEGIAN),
    "pl": _language("polish"),
    "pt": _language("portuguese", stopwords.STOPWORDS_PORTUGUESE),
    "ro": _language("romanian"),
    "ru": _language("russian", stopwords.STOPWORDS_RUSSIAN),
    "sv": _language("swedish", stopwords.STOPWORDS_SWEDISH),
    "tr": _language("turkish", stopwords.STOPWORDS_TURKISH),
    "zh": _language("", stopwords.STOPWORDS_CHINESE),
}
# A text is read as one of these where its small words say so clearly; else as the default.
_GUESSED = {
    "da": frozenset(stopwords.STOPWORDS_DANISH),
    "de": frozenset(stopwords.STOPWORDS_GERMAN),
    "en": frozenset(stopwords.STOPWORDS_EN_PLUS),
    "es": frozenset(stopwords.STOPWORDS_SPANISH),
    "fr": frozenset(stopwords.STOPWORDS_FRENCH),
    "it": frozenset(stopwords.STOPWORDS_ITALIAN),
    "nl": frozenset(stopwords.STOPWORDS_DUTCH),
    "no": frozenset(stopwords.STOPWORDS_NORWEGIAN),
    "pt": frozenset(stopwords.STOPWORDS_PORTUGUESE),
    "ru": frozenset(stopwords.STOPWORDS_RUSSIAN),
    "sv": frozenset(stopwords.STOPWORDS_SWEDISH),
    "tr": frozenset(stopwords.STOPWORDS_TURKISH),
}
_BY_WORD: dict[str, list[str]] = {}
for _name, _small in _GUESSED.items():
    for _word in _small:
        _BY_WORD.setdefault(_word, []).append(_name)
_SMALL = frozenset(_BY_WORD)
_GUESSED_CHARACTERS = 1_000  # of a text: its beginning tells
_FEWEST_HITS = 4  # different small words; fewer may stand in a name or a quotation
_SHARE = 0.2  # of the different words looked at
_LEAD = 1.5  # times the small words of English in it


def guessed(text: str) -> str | None:
    """What a text is clearly written in, by its small words; None: not clear, or the default."""
    words = set(text[:_GUESSED_CHARACTERS].lower().translate(_EDGES).split())
    small = words & _SMALL
    if len(small) < _FEWEST_HITS:
        return None
    hits = Counter(name for word in small for name in _BY_WORD[word])
    if not hits:
        return None
    best, most = hits.most_common(1)[0]
    clear = most >= max(_FEWEST_HITS, _SHARE * len(words), _LEAD * hits[DEFAULT])
    return best if clear and best != DEFAULT else None


def primary(tag: str | None) -> str:
    """`pt-BR` is `pt`; none is the default."""
    return tag.partition("-")[0].lower() if tag else DEFAULT


def language(tag: str | None) -> Language:
    return _KNOWN.get(primary(tag), _UNKNOWN)

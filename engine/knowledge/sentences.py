"""Where a sentence ends, and how a text is shortened without breaking one.

Owns cutting of plain text; knows nothing of markup, passages or queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_TOKEN = 200  # characters; an unbroken run beyond that (a key, base64) is cut

# After . ! ? and closing quotes comes space, then something that can begin a sentence (a
# recogniser writes lower case). Arabic, Urdu and Hindi have marks
# of their own; the full stops of Chinese and Japanese need no space.
_END = re.compile(r"""[.!?…؟۔।]["'”’)\]]*\s+(?=["'“‘(\[]*\w)|[。！？]\s*""")  # noqa: RUF001
_NO_END = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|approx|inc|ltd|dept|est)|\b[a-hj-z])\.$",
    re.IGNORECASE,
)
_NO_END_BEFORE_NUMBER = re.compile(r"\b(?:no|nr|ext|fig|art|sec)\.$", re.IGNORECASE)


def sentences(paragraph: str) -> list[str]:
    """The sentences of one paragraph, whitespace collapsed. Joined they are the paragraph."""
    text = " ".join(paragraph.split())
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        piece = text[start : end.end()].strip()
        # 12: no abbreviation is longer; a slice keeps this linear in a long paragraph
        tail = piece[-12:]
        number_follows = text[end.end() : end.end() + 1].isdigit()
        if not piece or _NO_END.search(tail):
            continue
        if number_follows and _NO_END_BEFORE_NUMBER.search(tail):
            continue
        found.append(piece)
        start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def word_pieces(sentence: str, most: int) -> Iterator[str]:
    """A sentence in pieces of at most `most` words."""
    words = [
        word[at : at + LONGEST_TOKEN]
        for word in sentence.split()
        for at in range(0, len(word), LONGEST_TOKEN)
    ]
    for at in range(0, len(words), most):
        yield " ".join(words[at : at + most])


def shortened(text: str, most: int) -> str:
    """At most `most` characters, cut between words; '…' says that something was cut."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    if not text[most - 1].isspace():
        # a cut inside a word goes back to the space before it, unless there is none near
        head = head.rsplit(None, 1)[0] if any(c.isspace() for c in head[most // 2 :]) else head
    return head.rstrip(" ,;:-") + "…"

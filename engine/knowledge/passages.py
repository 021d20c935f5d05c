"""Passages: what is found and shown of a document.

Owns cutting a document's blocks at headings and sentences into pieces an agent reads at a
glance. A passage never ends inside a sentence, unless the sentence alone is too long. It
knows no markup and no query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from engine.knowledge.blocks import Block
from engine.knowledge.sentences import sentences, word_pieces

FULL = 60  # words: from here on the end of a paragraph ends a passage
MOST = 120  # words: no sentence is added that would go beyond
REST = 30  # words: a rest of a section shorter than this joins the passage before it

# Scripts without spaces have one "word" per sentence; so many characters count as a word.
CHARACTERS_PER_WORD = 12


class Passage(Struct, frozen=True):
    """`headings`: from the outermost to the nearest. `text`: paragraphs, one a line."""

    doc_id: str
    headings: tuple[str, ...]
    text: str


def cut(doc_id: str, title: str, blocks: Sequence[Block]) -> list[Passage]:
    """The passages of a document, at least one. A heading that says what the title says is
    left out of the path. A document of headings only is one passage of its headings."""
    found: list[Passage] = []
    for headings, paragraphs in _sections(title, blocks):
        found.extend(Passage(doc_id, headings, text) for text in _filled(paragraphs))
    if not found:
        found.append(Passage(doc_id, (), "\n".join(block.text for block in blocks)))
    return found


def _sections(title: str, blocks: Sequence[Block]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    path: list[Block] = []
    paragraphs: list[str] = []
    for block in blocks:
        if not block.level:
            paragraphs.append(block.text)
            continue
        if paragraphs:
            yield _names(title, path), paragraphs
            paragraphs = []
        path = [above for above in path if above.level < block.level] + [block]
    if paragraphs:
        yield _names(title, path), paragraphs


def _names(title: str, path: Sequence[Block]) -> tuple[str, ...]:
    return tuple(block.text for block in path if block.text.casefold() != title.casefold())


def _filled(paragraphs: Sequence[str]) -> list[str]:
    """Paragraphs of one section, filled into passages sentence by sentence."""
    done: list[tuple[str, int]] = []
    lines: list[list[str]] = []
    words = 0
    for paragraph in paragraphs:
        lines.append([])
        for sentence, size in _sized(paragraph):
            if words and words + size > MOST:
                done.append((_joined(lines), words))
                lines, words = [[]], 0
            lines[-1].append(sentence)
            words += size
        if words >= FULL:
            done.append((_joined(lines), words))
            lines, words = [], 0
    if words:
        rest = _joined(lines)
        if done and words < REST and done[-1][1] + words <= MOST + REST:
            done[-1] = (f"{done[-1][0]}\n{rest}", 0)
        else:
            done.append((rest, words))
    return [text for text, _ in done]


def _sized(paragraph: str) -> Iterator[tuple[str, int]]:
    """Sentences with their size in words; one longer than a passage comes in pieces."""
    for sentence in sentences(paragraph):
        size = _size(sentence)
        if size <= MOST:
            yield sentence, size
            continue
        for piece in word_pieces(sentence, MOST):
            yield from ((part, _size(part)) for part in _by_characters(piece))


def _by_characters(piece: str) -> Iterator[str]:
    most = MOST * CHARACTERS_PER_WORD
    if len(piece) <= most:
        yield piece
        return
    line = ""
    for word in piece.split():
        if line and len(line) + len(word) >= most:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
    yield line


def _size(text: str) -> int:
    return max(len(text.split()), len(text) // CHARACTERS_PER_WORD)


def _joined(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(" ".join(line) for line in lines if line)

"""Links in a document: which of them an agent may follow, and the words that they stand under.

Owns what is an address (http, https, mailto, tel), and cutting a block's text into pieces with
and without one. It never changes a text: the pieces together are it, so that what is found
and what is shown stay one, and an address is no word to be found by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from msgspec import UNSET

from engine.answers import TextPiece
from engine.knowledge.blocks import Block, Said

MAX_ADDRESS = 2_000  # characters; browsers and servers take no longer ones either

_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\\]")
_MAIL = re.compile(r"mailto:[^@?&:/]+@[^@?&:/]+(?:\?.*)?", re.IGNORECASE)
_PHONE = re.compile(r"tel:\+?[0-9*#.()-]{2,40}(?:;.*)?", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# An address that stands in a text as it is, up to what ends a sentence or a bracket around it.
_OPEN = r"[^\s<>\"'`{}|\\^()]"
_BARE = re.compile(rf"\bhttps?://(?:\({_OPEN}*\)|{_OPEN})+(?<![.,:;!?\]*_])", re.IGNORECASE)


def address_of(href: str, base: str | None = None) -> str:
    """The address of a link that is safe to follow, or ''. `base`: of the document, to which
    one without a host is relative.

    Not followed: other schemes (javascript:, data:), another's name before the host, which
    looks like the host, characters that are not seen, and places in the page itself.
    """
    href = href.strip()
    if not href or len(href) > MAX_ADDRESS or _UNSEEN.search(href) or href.startswith("#"):
        return ""
    if _MAIL.fullmatch(href) or _PHONE.fullmatch(href):
        return href
    try:
        if not _SCHEME.match(href):
            if base is None or not _is_web(base):
                return ""
            href = urljoin(base, href)
        return href if _is_web(href) else ""
    except ValueError:
        return ""


def in_text(block: Block, text: str, base: str | None) -> list[TextPiece]:
    """The pieces of a block's `text`; none where nothing in it leads anywhere."""
    return _cut(block.said[0], base) if block.said else _told(_bare(text))


def in_cells(block: Block, base: str | None) -> list[list[TextPiece]]:
    """The pieces of each cell of a row; none where nothing in it leads anywhere."""
    if block.said:
        cells = [_cut(said, base) for said in block.said]
    else:
        cells = [_told(_bare(cell)) for cell in block.parts]
    if not any(cells):
        return []
    return [cell or [TextPiece(text)] for cell, text in zip(cells, block.parts, strict=True)]


def _cut(said: Said, base: str | None) -> list[TextPiece]:
    """On one line, and cut where a link begins or ends."""
    pieces: list[tuple[str, str]] = []
    for text, url in _on_one_line((text, address_of(href, base)) for text, href in said):
        if pieces and pieces[-1][1] == url:
            pieces[-1] = pieces[-1][0] + text, url
        else:
            pieces.append((text, url))
    return _told(cut for text, url in pieces for cut in ([(text, url)] if url else _bare(text)))


def _on_one_line(said: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """White space becomes one blank. It belongs to a link that it stands in."""
    begun = blank = False
    before = ""
    for text, url in said:
        words = " ".join(text.split())
        blank = blank or text[:1].isspace()
        if words:
            if begun and blank:
                yield " ", url if url == before else ""
            yield words, url
            begun, before, blank = True, url, text[-1].isspace()


def _bare(text: str) -> Iterator[tuple[str, str]]:
    end = 0
    for match in _BARE.finditer(text):
        if not address_of(match[0]):
            continue
        if match.start() > end:
            yield text[end : match.start()], ""
        yield match[0], match[0]
        end = match.end()
    if end < len(text):
        yield text[end:], ""


def _told(pieces: Iterable[tuple[str, str]]) -> list[TextPiece]:
    told = [TextPiece(text, url or UNSET) for text, url in pieces]
    return told if any(piece.url is not UNSET for piece in told) else []


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc

"""From a tree of HTML to plain blocks: headings, paragraphs, items, rows, code.

Owns what a page shows to who reads it: scripts and styles never do, and its furniture
(menus, the page's header and footer, asides, buttons) only where there is nothing else. It
knows no Markdown and no passages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

Kind = Literal["text", "item", "row", "code"]
Said = tuple[tuple[str, str], ...]


class Block(NamedTuple):
    """`level` 1 to 6 is a heading, 0 what `kind` says. `text` is one line. `parts`: the cells
    of a row, empty ones too; the lines of code or plain text where there are several.
    `number`: of an item of an ordered list. `said`: where it holds a link, its text (of each
    cell of a row) as it came, as (text, address or '')."""

    level: int
    text: str
    kind: Kind = "text"
    parts: tuple[str, ...] = ()
    number: int = 0
    said: tuple[Said, ...] = ()


_UNSHOWN = (
    "script|style|template|noscript|head|title|svg|math|iframe|object|embed|canvas|audio|video"
    "|textarea|select|datalist"
)
_BLOCK = re.compile(
    "address|article|aside|blockquote|body|caption|center|dd|details|dialog|div|dl|dt|fieldset"
    "|figcaption|figure|footer|form|h[1-6]|header|hr|html|legend|li|main|menu|nav|ol|p|pre"
    "|search|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
_FURNITURE = (
    "nav, search, [role=navigation], [role=search], [role=banner], [role=contentinfo]"
    ", [role=complementary]"
)
# A header or footer inside one of these is that part's, not the page's.
_PARTS = frozenset(("article", "main", "section", "blockquote", "figure", "dialog", "td"))
# A button inside one of these opens what stands below it: its words are the heading.
_HEADS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt"))
_NO_ROW = "table, ul, ol, dl, pre, h1, h2, h3, h4, h5, h6, p + p"


class _Place(NamedTuple):
    """Where a text stands. `block` and `item` name elements by their `mem_id`."""

    block: int = 0
    level: int = 0
    kind: Kind = "text"
    item: int = 0
    number: int = 0
    link: str = ""


def blocks_of(html: str, *, page: bool) -> list[Block]:
    """The blocks of some HTML. `page`: it is one, so that an aside stands beside its text;
    in Markdown an aside is a note."""
    tree = LexborHTMLParser(html)
    root = tree.root
    if root is None:
        return []
    tree.strip_tags(_UNSHOWN.split("|"), recursive=True)
    hidden = {node.mem_id for node in tree.css("[hidden]")}
    furniture = {node.mem_id for node in _furniture(tree, page)}
    found = list(_Walk(hidden | furniture).blocks(root))
    return found or list(_Walk(hidden).blocks(root))


def line_of(text: str) -> str:
    return " ".join(text.split())


def says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _furniture(tree: LexborHTMLParser, page: bool) -> Iterator[LexborNode]:
    yield from tree.css(_FURNITURE + (", aside" if page else ""))
    for node in tree.css("header, footer"):
        # A header with the page's own heading is part of what it says.
        if not _is_inside(node, _PARTS) and node.css_first("h1") is None:
            yield node
    for node in tree.css("button"):
        if not _is_inside(node, _HEADS):
            yield node


def _is_inside(node: LexborNode, tags: frozenset[str]) -> bool:
    above = node.parent
    while above is not None and above.tag not in tags:
        above = above.parent
    return above is not None


class _Walk:
    """One walk through a tree. `gone`: the elements that are left out with all in them."""

    def __init__(self, gone: Iterable[int]) -> None:
        self._gone = set(gone)
        self._home: dict[int, _Place] = {}
        self._place = _Place()
        self._cells: list[list[tuple[str, str]]] = []
        self._begun: set[int] = set()  # items of which a block was given
        self._numbers: dict[int, int] = {}  # of ordered lists: the next item's

    def blocks(self, root: LexborNode) -> Iterator[Block]:
        for node in root.traverse(include_text=True):
            parent = node.parent
            above = parent.mem_id if parent is not None else 0
            if node.mem_id in self._gone or above in self._gone:
                self._gone.add(node.mem_id)
                continue
            here = self._home.get(above, _Place())
            if node.tag == "-text":
                if here.block != self._place.block:
                    yield from self._flushed(here)
                self._said(node.text_content or "", here.link)
            elif node.tag == "br" and here.kind in ("row", "code"):
                self._said("\n")
            elif node.tag == "br":
                yield from self._flushed(self._place)
            else:
                self._home[node.mem_id] = place = self._place_of(node, above, here)
                if place.kind == "row" and here.kind != "row":
                    yield from self._flushed(place)
        yield from self._flushed(_Place())

    def _place_of(self, node: LexborNode, above: int, here: _Place) -> _Place:
        tag = node.tag or ""
        if tag == "a":
            return here._replace(link=node.attributes.get("href") or "")
        if here.kind in ("row", "code") or not _BLOCK.fullmatch(tag):
            if here.kind == "row" and tag in ("td", "th"):
                self._cells.append([])
            elif here.kind == "row" and _BLOCK.fullmatch(tag):
                self._said(" ")
            return here
        if tag == "li":
            number = self._number(above)
            return _Place(node.mem_id, here.level, "item", node.mem_id, number, here.link)
        if tag == "ol":
            start = node.attributes.get("start") or ""
            self._numbers[node.mem_id] = int(start) if re.fullmatch(r"\d{1,6}", start) else 1
        kind: Kind = "code" if tag == "pre" else here.kind
        if tag == "tr" and len(node.css("td, th")) > 1 and node.css_first(_NO_ROW) is None:
            kind = "row"
        return here._replace(block=node.mem_id, level=_level(tag) or here.level, kind=kind)

    def _number(self, ordered: int) -> int:
        number = self._numbers.get(ordered, 0)
        if number:
            self._numbers[ordered] = number + 1
        return number

    def _said(self, text: str, link: str = "") -> None:
        if not self._cells:
            if self._place.kind == "row" and not text.strip():
                return  # before the first cell
            self._cells.append([])
        self._cells[-1].append((text, link))

    def _flushed(self, then: _Place) -> Iterator[Block]:
        """The block that ends here; `then` is where the next text stands."""
        _, level, kind, item, number, _ = self._place
        cells = ["".join(text for text, _ in cell) for cell in self._cells]
        links = any(link for cell in self._cells for _, link in cell)
        said = tuple(map(tuple, self._cells)) if links and kind != "code" else ()
        self._place, self._cells = then, []
        parts = tuple(line_of(cell) for cell in cells) if kind == "row" else ()
        text = ", ".join(filter(None, parts)) if parts else line_of("".join(cells))
        if kind == "code":
            parts = lines_of("".join(cells))
        if kind != "item" or level or item in self._begun:
            kind, number = "text" if level or kind == "item" else kind, 0
        if says_something(text):
            self._begun.add(item)
            yield Block(level, text, kind, parts, number, said)


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text as they stand, where there are several."""
    lines = tuple(line.rstrip() for line in text.strip("\n").split("\n"))
    return lines if len(lines) > 1 else ()


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 0

"""From Markdown, HTML or plain text to plain blocks.

Owns telling the three apart by their look. Markdown is rendered to HTML and both are read
out of one tree (engine/knowledge/blocks.py). It never judges whether what is left is a
document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from selectolax.lexbor import LexborHTMLParser

from engine.errors import BadRequest
from engine.knowledge import front_matter
from engine.knowledge.blocks import Block, blocks_of, line_of, lines_of, says_something

# Markdown is read in pieces of this many characters: markdown-it's worst cases (200,000
# open brackets) are quadratic, so that one piece takes 0.2 s and not the whole text minutes.
PIECE = 20_000
# Bound on the sum of open elements over all tags. An HTML parser copies open formatting
# elements into every paragraph: 500 kB of it would become gigabytes. A real page of 500 kB
# stays under 500,000.
MAX_NESTING = 1_000_000


_TAGS = (
    "a|abbr|address|article|aside|b|bdi|bdo|big|blockquote|body|br|button|caption|center|cite|code"
    "|col|colgroup|data|dd|del|details|dfn|div|dl|dt|em|embed|fieldset|figcaption|figure|font"
    "|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main"
    "|map|mark|menu|meta|nav|noscript|object|ol|option|p|picture|pre|q|s|samp|script|section"
    "|select|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template"
    "|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
_KNOWN = re.compile(rf"<(?:/?(?:{_TAGS})(?=[\s/>])|!--|!doctype|\?)", re.IGNORECASE)
_BEGINS_AS_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body)\b", re.I | re.S)
_LANGUAGE = re.compile(
    r"""[^<]*(?:<(?!html)[^<]*){0,20}<html\b[^>]*?\slang\s*=\s*["']?([a-z]{2,3}(?:[-_]\w{1,8})*)[\s"'>]""",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(
    r"""^\ {0,3}(?:\#{1,6}\s | [-*+]\s+\S | \d{1,9}[.)]\s | ```|~~~ | >\s | \|.*\|\s*$)
      | ^[^\n]+\n\ {0,3}(?:={3,}|-{3,})\s*$
      | \[[^\]\n]{1,200}\]\([^)\s]{1,500}\)
      | \*\*\S | (?<!\w)__\S | `[^`\n]{1,200}`
      | &(?:[a-z]{2,8}|\#\d{1,7});""",
    re.MULTILINE | re.VERBOSE | re.IGNORECASE,
)
_HEADING_LINE = re.compile(r"^ {0,3}#{1,6}\s", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_NEVER_OPEN = re.compile(
    "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr"
    "|p|li|dt|dd|tr|td|th|option|thead|tbody|tfoot"
)


def read(text: str) -> list[Block]:
    """The blocks of a text, in order, whitespace collapsed, empty ones left out.

    Raises BadRequest naming `text` for markup that no page has (nested thousands deep).
    """
    text = front_matter.split(text.replace("\r\n", "\n").replace("\r", "\n"))[1]
    text = _CONTROL.sub(" ", text)
    look = look_of(text)
    if look == "plain":
        parts = re.split(r"\n\s*\n", text)
        return [_paragraph(part) for part in parts if says_something(part)]
    html = text if look == "html" else _rendered(text)
    _refuse_deep(html)
    return blocks_of(html, page=look == "html")


def look_of(text: str) -> str:
    """'html', 'markdown' or 'plain'. Markdown may hold HTML; plain text holds no markup."""
    if _BEGINS_AS_PAGE.match(text):
        return "html"
    holds_tags = _KNOWN.search(text) is not None
    if holds_tags and _KNOWN.match(text.lstrip()) and not _HEADING_LINE.search(text):
        return "html"
    return "markdown" if holds_tags or _MARKDOWN.search(text) else "plain"


def language_of(text: str) -> str:
    """The language that a page says it is in, as it says it; '' where it does not."""
    found = _LANGUAGE.match(text) if look_of(text) == "html" else None
    return found[1].replace("_", "-") if found else ""


def title_of(text: str) -> str:
    """The first heading, or a page's `<title>`; '' when there is neither."""
    if look_of(text) == "html":
        _refuse_deep(text)
        node = LexborHTMLParser(text).css_first("title")
        title = line_of(node.text()) if node is not None else ""
        if title:
            return title
    return next((block.text for block in read(text) if block.level), "")


def _paragraph(text: str) -> Block:
    return Block(0, line_of(text), "text", lines_of(text))


def _refuse_deep(html: str) -> None:
    """Estimates what the parser would have to do, without parsing."""
    open_tags: Counter[str] = Counter()
    depth = cost = 0
    for closing, name in _TAG.findall(html):
        name = name.lower()
        cost += depth
        if cost > MAX_NESTING:
            raise BadRequest("The markup is nested too deeply: `text`", field="text")
        if _NEVER_OPEN.fullmatch(name):
            continue
        if not closing:
            open_tags[name] += 1
            depth += 1
        elif open_tags[name]:
            open_tags[name] -= 1
            depth -= 1


def _rendered(text: str) -> str:
    return "".join(_MARKDOWN_IT.render(piece) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Cut before a heading, at a blank line, at a line, at last anywhere."""
    start = 0
    while len(text) - start > PIECE:
        end = start + PIECE
        for mark in ("\n#", "\n\n", "\n"):
            cut = text.rfind(mark, start + PIECE // 2, end)
            if cut > 0:
                end = cut + 1
                break
        yield text[start:end] + "\n\n"
        start = end
    yield text[start:]


def _only_known_tags(
    _self: RendererHTML, tokens: Sequence[Token], place: int, _options: object, _env: object
) -> str:
    """`<username>` in a text is something to read, not a tag."""
    content = tokens[place].content
    return content if _KNOWN.match(content.lstrip()) else escapeHtml(content)


def _markdown() -> MarkdownIt:
    reader = MarkdownIt("commonmark").enable("table")
    reader.add_render_rule("html_inline", _only_known_tags)
    reader.add_render_rule("html_block", _only_known_tags)
    return reader


# Holds rules only; every render has a state of its own, so threads may share it.
_MARKDOWN_IT = _markdown()

"""Documents: what may be one, and what the product keeps of it.

Owns the rules a document must keep beyond its shape (engine/answers.py), and the receipt
for a batch of them. It never reads a file and never writes to the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine import decoding
from engine.answers import DocumentBlock, DocumentBody, DocumentsReceipt, DocumentView, Refusal
from engine.errors import BadRequest, Conflict, EngineError
from engine.knowledge import links, markup
from engine.knowledge.blocks import Block

UNREACHABLE = (".", "..", "search")  # /v1/documents/… of these leads elsewhere

# Each begins a passage, and a passage takes a kilobyte of every node: 500,000 characters of
# headings alone would be 30,000. A manual of that length has some thousand.
MOST_HEADINGS = 5_000

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


class Document(Struct, frozen=True, omit_defaults=True):
    """A document as it is kept. `text` is as it was sent; `updated_at` is RFC 3339, Z."""

    id: str
    title: str
    text: str
    tenant: str
    updated_at: str
    url: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None

    def view(self) -> DocumentView:
        """Reads the markup: seconds, where it is large."""
        return DocumentView(
            id=self.id,
            title=self.title,
            text=self.text,
            updated_at=self.updated_at,
            blocks=_readable(self.text, self.url),
            url=self.url or UNSET,
            tags=list(self.tags) or UNSET,
            language=self.language or UNSET,
        )


class Placed(Struct, frozen=True):
    """A document as it was read. `where`: its line or file, for people."""

    where: str
    body: DocumentBody


class Refused(Struct, frozen=True):
    """A document that was not taken. `where`: the line or file it stood in, '' if unknown."""

    where: str
    refusal: Refusal

    def told(self) -> Refusal:
        """The refusal with its place in the message, for who sees nothing else of it."""
        if not self.where:
            return self.refusal
        error = self.refusal.error
        said = replace(error, message=f"{self.where}: {error.message}")
        return Refusal(self.refusal.id, said)


def refused(where: str, doc_id: str | None, problem: EngineError) -> Refused:
    return Refused(where, Refusal(doc_id, decoding.error_of(problem)))


def document_of(body: DocumentBody, tenant: str, updated_at: str) -> Document:
    """A document, if it can be kept and found. Raises BadRequest naming the field."""
    body = decoding.convert(DocumentBody, msgspec.to_builtins(body))
    if body.id in UNREACHABLE:
        raise BadRequest(f"No address can lead to a document named {body.id}: `id`", field="id")
    title = " ".join(body.title.split())
    if not any(character.isprintable() for character in title):  # or only such as nobody sees
        raise BadRequest("A title needs a character that is seen: `title`", field="title")
    blocks = markup.read(body.text)
    if not blocks:
        raise BadRequest("Holds no readable text: `text`", field="text")
    if sum(block.level > 0 for block in blocks) > MOST_HEADINGS:
        raise BadRequest(f"Has over {MOST_HEADINGS} headings, cut it up: `text`", field="text")
    if body.url is not None:
        _refuse_url(body.url)
    if body.language is not None and not _LANGUAGE.fullmatch(body.language):
        raise BadRequest("Expected a language such as en or pt-BR: `language`", field="language")
    return Document(
        id=body.id,
        title=title,
        text=body.text,
        tenant=tenant,
        updated_at=updated_at,
        url=body.url,
        tags=_tags(body.tags or []),
        language=body.language,
    )


def read_batch(
    items: Iterable[Placed | Refused], tenant: str, updated_at: str
) -> tuple[list[Document], list[Refused]]:
    """What can be kept of a batch, and what cannot with the reason. Where an id stands
    twice, the last one holds and those before it are refused."""
    kept: dict[str, tuple[str, Document]] = {}
    out: list[Refused] = []
    for item in items:
        if isinstance(item, Refused):
            out.append(item)
            continue
        doc_id = item.body.id
        try:
            document = document_of(item.body, tenant, updated_at)
        except BadRequest as problem:
            out.append(refused(item.where, doc_id, problem))
            continue
        if doc_id in kept:
            out.append(refused(kept[doc_id][0], doc_id, replaced_by(item.where)))
        kept[doc_id] = item.where, document
    return [document for _, document in kept.values()], out


def replaced_by(where: str) -> Conflict:
    """Why the first of two documents with one id is not kept."""
    return Conflict(f"{where} has the same id, and the last one holds: `id`", field="id")


def receipt(accepted: int, refused: Iterable[Refused]) -> DocumentsReceipt:
    return DocumentsReceipt(accepted, [item.told() for item in refused])


def _readable(text: str, url: str | None) -> list[DocumentBlock]:
    """What was kept before a rule about markup changed is read as it stands."""
    try:
        blocks = markup.read(text)
    except BadRequest:
        return [DocumentBlock("text", text)]
    return [_told(block, url) for block in blocks]


def _told(block: Block, url: str | None) -> DocumentBlock:
    text = block.text if block.kind == "row" else "\n".join(block.parts) or block.text
    told = DocumentBlock("heading" if block.level else block.kind, text)
    if block.level:
        told.level = block.level
    if block.number:
        told.number = block.number
    if block.kind == "row":
        told.cells = list(block.parts)
        told.cell_pieces = links.in_cells(block, url) or UNSET
    elif block.kind != "code":
        told.pieces = links.in_text(block, text, url) or UNSET
    return told


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for place, tag in enumerate(tags):
        tag = " ".join(tag.split())
        if not tag:
            raise BadRequest(f"A tag needs a character: `tags[{place}]`", field=f"tags[{place}]")
        kept[tag] = None
    return tuple(kept)


def _refuse_url(url: str) -> None:
    """A link that a browser would run, that leaves the site unseen, or that holds what nobody
    sees or what turns the order of letters, is no address."""
    try:
        parts = urlsplit(url)
        web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        web = False
    path = url.startswith("/") and not url.startswith(("//", "/\\"))
    if not (web or path) or " " in url or not url.isprintable():
        raise BadRequest("Expected an http(s) address or a path: `url`", field="url")

"""Documents over HTTP: put, read, searched, deleted, and what agents thought of them.

Owns the reading of a body that is one JSON object or JSON lines, in a real thread: markup
takes the processor for seconds where a body is large, and the loop must not wait for it.
What a document must be and how it is found is the knowledge's business.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

import gevent
import msgspec
from gevent.lock import BoundedSemaphore

from engine.answers import DocumentBody, DocumentHits, DocumentsReceipt, DocumentView
from engine.decoding import parse
from engine.errors import Busy, NotFound, TooLarge, TooMany
from engine.knowledge.documents import Document, Refused, read_batch, receipt, refused
from engine.knowledge.readers import Item, read_json, read_lines
from engine.memory import trim
from engine.times import instant_at
from engine.verdicts import Verdict
from web.api.answering import JSON, LINES, Answer
from web.api.reading import BULK_BYTES
from web.api.routing import ADMINS, ANY_ROLE, Asked, Body, Route
from web.api.seam import Node
from web.api.shapes import MAX_DOCUMENTS, DocumentsBody, SearchQuery, VerdictList

T = TypeVar("T")

MANY = 500  # documents in one request: reading them took memory worth giving back
READING_WAIT_S = 30.0  # for the bodies before it; then `busy`
# The loop waits so long for the interpreter whenever it wakes beside the reading thread; Python's
# own 5 ms made every delivery later by several of them.
SWITCH_S = 0.0005
_ORDINARY_S = sys.getswitchinterval()
_one_reader = BoundedSemaphore(1)  # a second thread would only take the loop's time
_one_viewer = BoundedSemaphore(1)  # of its own: an agent does not wait for an import
_LINES_MEDIA = (LINES, "application/jsonl", "application/jsonlines", "application/x-jsonlines")


def put(node: Node, asked: Asked) -> Answer:
    tenant, now = asked.identity.tenant, instant_at(node.clock.wall())
    if not _one_reader.acquire(timeout=READING_WAIT_S):
        raise Busy("Other documents are being read", retry_after_ms=10_000)
    try:
        read = gevent.get_hub().threadpool.apply(_read, (asked.body, asked.media, tenant, now))
    finally:
        _one_reader.release()
    if isinstance(read, Exception):
        raise read
    kept, refusals = read
    over: set[str] = set()
    accepted = node.documents.put_many(kept, over=over.add) if kept else 0
    if accepted:
        doc_ids = [document.id for document in kept if document.id not in over]
        node.audit.note(asked.identity, "documents.put", doc_ids=doc_ids)
    del read, kept  # before what they took is given back
    if accepted >= MANY:
        gevent.get_hub().threadpool.spawn(trim)
    node.watch_documents(tenant)
    node.documents_changed(tenant)
    refusals += [refused("", doc_id, _no_room(node)) for doc_id in sorted(over)]
    return Answer(receipt(accepted, refusals))


def _no_room(node: Node) -> TooMany:
    return TooMany(
        f"The knowledge base holds {node.documents.most:,} documents, the most it may: `id`",
        field="id",
    )


def get(node: Node, asked: Asked) -> Answer:
    found = node.documents.get(asked.identity.tenant, asked.ids["doc_id"])
    if found is None:
        raise _no_such_document()
    if not _one_viewer.acquire(timeout=READING_WAIT_S):
        raise Busy("Other documents are being read", retry_after_ms=10_000)
    try:
        return Answer(gevent.get_hub().threadpool.apply(_in_small_slices, (found.view,)))
    finally:
        _one_viewer.release()


def delete(node: Node, asked: Asked) -> Answer:
    if not node.documents.delete(asked.identity.tenant, asked.ids["doc_id"]):
        raise _no_such_document()
    node.audit.note(asked.identity, "document.deleted", doc_ids=[asked.ids["doc_id"]])
    node.documents_changed(asked.identity.tenant)
    return Answer(None, 204)


def search(node: Node, asked: Asked) -> Answer:
    query: SearchQuery = asked.query
    tenant = asked.identity.tenant
    node.watch_documents(tenant)
    return Answer(DocumentHits(node.suggester.search(tenant, query.q, query.limit)))


def verdicts(node: Node, asked: Asked) -> Answer:
    tenant, doc_id = asked.identity.tenant, asked.ids["doc_id"]
    found = node.verdicts(tenant, doc_id)
    # What agents thought of it outlives a document; without either there is nothing.
    if not found and node.documents.get(tenant, doc_id) is None:
        raise _no_such_document()
    return Answer(VerdictList([msgspec.convert(one, Verdict, from_attributes=True)
                               for one in found]))  # fmt: skip


def _no_such_document() -> NotFound:
    return NotFound("No such document", field="doc_id")


def _read(
    raw: bytes, media: str, tenant: str, now: str
) -> tuple[list[Document], list[Refused]] | Exception:
    """In a thread. An exception is returned: gevent would print one that is raised."""
    try:
        return _in_small_slices(lambda: read_batch(_bounded(_items(raw, media)), tenant, now))
    except Exception as problem:  # noqa: BLE001 - raised again by who waits
        return problem


def _in_small_slices(make: Callable[[], T]) -> T:
    """In a thread. Two may overlap, so none may keep the other's slice as the ordinary one."""
    sys.setswitchinterval(SWITCH_S)
    try:
        return make()
    finally:
        sys.setswitchinterval(_ORDINARY_S)


def _items(raw: bytes, media: str) -> Iterable[Item]:
    lines = media in _LINES_MEDIA or _looks_like_lines(raw)
    return read_lines(raw.split(b"\n")) if lines else read_json(raw)


def _looks_like_lines(raw: bytes) -> bool:
    """Whether the first line is a document by itself: what is sent by hand often comes
    with a content type its tool chose."""
    head = raw.lstrip().partition(b"\n")[0]
    if b'"id"' not in head:
        return False
    try:
        value: Any = parse(head)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "id" in value and "documents" not in value


def _bounded(items: Iterable[Item]) -> list[Item]:
    """Raises TooLarge before any document was looked at closely."""
    found = list(islice(items, MAX_DOCUMENTS + 1))
    if len(found) > MAX_DOCUMENTS:
        raise TooLarge(f"More than {MAX_DOCUMENTS:,} documents; none was taken", field="documents")
    return found


ROUTES = [
    Route(
        "PUT",
        "/v1/documents",
        put,
        "put documents",
        {200: DocumentsReceipt},
        ADMINS,
        ("busy", "unavailable"),
        body=Body({JSON: DocumentsBody, LINES: DocumentBody}, bulk=True, raw=True),
        notes=f"At most {MAX_DOCUMENTS:,} documents and {BULK_BYTES:,} bytes. A document "
        "replaces the one with its id, also an earlier one of the same body, which is then "
        "refused with `conflict`. One that is wrong is in `refused` and harms no other, also when "
        "all are; new ones beyond `limits.documents_per_tenant` are, with `too_many`. JSON lines "
        "are told by the content type, or by a first line that is a document.",
    ),
    Route(
        "GET",
        "/v1/documents/search",
        search,
        "search documents",
        {200: DocumentHits},
        ANY_ROLE,
        query=SearchQuery,
        notes="The best first. What was put a moment ago may not be found yet.",
    ),
    Route(
        "GET",
        "/v1/documents/{doc_id}",
        get,
        "read a document",
        {200: DocumentView},
        ANY_ROLE,
        ("not_found", "busy", "unavailable"),
        notes="`text` is what was put; `blocks` is what a person reads of it, without scripts, "
        "menus and other furniture of a page.",
    ),
    Route(
        "DELETE",
        "/v1/documents/{doc_id}",
        delete,
        "delete a document",
        {204: None},
        ADMINS,
        ("not_found", "unavailable"),
    ),
    Route(
        "GET",
        "/v1/documents/{doc_id}/verdicts",
        verdicts,
        "see what agents thought of a document",
        {200: VerdictList},
        ADMINS,
        ("not_found", "unavailable"),
    ),
]

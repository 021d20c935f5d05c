"""Documents from files to a server: read, sent in chunks, told apart by outcome.

Owns the size of a chunk and the report of what was not taken. What a file may hold is
engine/knowledge/readers.py, what a document may be is the server's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from engine import decoding
from engine.answers import DocumentBody
from engine.errors import EngineError
from engine.knowledge import readers
from engine.knowledge.documents import Placed, replaced_by
from engine.knowledge.documents import Refused as Unreadable
from engine.knowledge.file_ids import id_of
from web.cli.client import Api
from web.cli.failures import Failure, Refused, Stopped
from web.cli.patience import Outage, insist

CHUNK_DOCUMENTS = 1000
CHUNK_BYTES = 1_000_000  # a tenth of what a request may carry, so that the bar moves
INDEXING_S = 120.0  # the answer comes when the chunk can be found
PATIENCE_S = 30.0  # for a server that is away

_PLACE = re.compile(r"documents\[(\d+)\]")


class Outcome:
    """What has come of an import so far; each refusal is one line for people, with the place
    of the document first."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self._held: dict[str, str] = {}  # id of what is in -> where it stood

    @property
    def accepted(self) -> int:
        return len(self._held)

    def unread(self, item: Unreadable) -> None:
        error = msgspec.to_builtins(item.refusal.error)
        self._refuse(item.where, item.refusal.id, error)

    def answered(self, chunk: list[Placed], answer: dict[str, Any]) -> None:
        """What the server says of a chunk."""
        out: set[int] = set()
        for entry in answer["refused"]:
            at, error = _named_here(entry["error"], chunk)
            if at is None:  # no place was named
                at = next((n for n in reversed(range(len(chunk)))
                           if chunk[n].body.id == entry.get("id")), None)  # fmt: skip
            if at is not None:
                out.add(at)
            self._refuse("" if at is None else chunk[at].where, entry.get("id"), error)
        for at, one in enumerate(chunk):
            if at not in out:
                self._hold(one)

    def _hold(self, one: Placed) -> None:
        earlier = self._held.get(one.body.id)
        if earlier is not None:
            error = decoding.error_of(replaced_by(one.where))
            self._refuse(earlier, one.body.id, msgspec.to_builtins(error))
        self._held[one.body.id] = one.where

    def _refuse(self, where: str, doc_id: str | None, error: dict[str, Any]) -> None:
        place = f"{where} ({doc_id})" if where and doc_id else where or doc_id or "(no id)"
        self.refused.append(f"{place}: {Refused.from_error(error).format_message()}")


def read(path: Path) -> Iterator[readers.Item]:
    """What a folder, a .jsonl file or one document's file holds. Raises Failure."""
    try:
        if path.is_dir():
            for item in readers.read_folder(path):
                yield replace(item, where=str(path / item.where))
        elif path.suffix.lower() in readers.MANY_DOCUMENTS:
            with path.open("rb") as file:
                yield from readers.read_lines(file, str(path))
        elif path.suffix.lower() in readers.ONE_DOCUMENT:
            yield readers.read_placed(path, str(path), id_of(path.name))
        else:
            raise Failure(f"{path} is no document: expected a .md, .html, .txt or .jsonl file.")
    except EngineError as problem:
        raise Failure(problem.message) from None
    except OSError as problem:
        raise Failure(f"{problem.filename or path} cannot be read: {problem.strerror}") from None


def in_language(item: readers.Item, language: str | None) -> readers.Item:
    """The document in this language, if it names none itself."""
    if isinstance(item, Unreadable) or language is None or item.body.language is not None:
        return item
    return replace(item, body=replace(item.body, language=language))


def chunks(documents: Iterable[Placed]) -> Iterator[list[Placed]]:
    """Documents in lists small enough for one request; a larger one goes alone."""
    chunk: list[Placed] = []
    size = 0
    for one in documents:
        length = len(msgspec.json.encode(one.body))
        if chunk and (len(chunk) >= CHUNK_DOCUMENTS or size + length > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += length
    if chunk:
        yield chunk


def send(
    api: Api,
    items: Iterable[readers.Item],
    outcome: Outcome,
    advance: Callable[[int], None],
    say: Callable[[str], None],
) -> None:
    """Puts the documents and keeps in `outcome` what came of them, also when it ends early;
    `advance` is told how many items are done. Raises Failure."""
    items = list(items)
    unread = [item for item in items if isinstance(item, Unreadable)]
    for item in unread:
        outcome.unread(item)
    advance(len(unread))
    outage = Outage(say)
    for chunk in chunks(item for item in items if isinstance(item, Placed)):
        outcome.answered(chunk, _put(api, [one.body for one in chunk], outage))
        advance(len(chunk))


def _put(api: Api, chunk: list[DocumentBody], outage: Outage) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S

    def wait(pause_s: float) -> bool:
        time.sleep(pause_s)
        return time.monotonic() > deadline

    body = {"documents": [_bare(document) for document in chunk]}
    try:
        return insist(lambda: api.put("/v1/documents", body, answer_s=INDEXING_S), wait, outage)
    except Stopped:
        raise Failure(f"The server was away for {PATIENCE_S:.0f} s; import again later.") from None


def _bare(document: DocumentBody) -> dict[str, object]:
    """Without the fields nobody gave."""
    fields = msgspec.to_builtins(document)
    return {name: value for name, value in fields.items() if value not in (None, [])}


def _named_here(error: dict[str, Any], chunk: list[Placed]) -> tuple[int | None, dict[str, Any]]:
    """The server names places in what it was sent; people know where it was read. The number
    of the document that is refused, None where none is named, and the error in their words."""
    message = str(error.get("message", ""))
    first = _PLACE.match(message)
    if first is None or int(first[1]) >= len(chunk):
        return None, error

    def here(found: re.Match[str]) -> str:
        at = int(found[1])
        return chunk[at].where if at < len(chunk) else found[0]

    bare = message[first.end() :].removeprefix(": ")
    return int(first[1]), error | {"message": _PLACE.sub(here, bare)}

"""Documents from files to a server: read, sent in chunks, told apart by outcome.

Owns the size of a chunk and the report of what was not taken. What a file may hold is
engine/knowledge/readers.py, what a document may be is the server's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.answers import DocumentBody
from engine.errors import EngineError
from engine.knowledge import readers
from engine.knowledge.documents import Refused as Unreadable
from web.cli.client import Api
from web.cli.failures import Failure, Refused, Stopped
from web.cli.patience import Outage, insist

ONE_FILE = (".md", ".markdown", ".html", ".htm", ".txt")
CHUNK_DOCUMENTS = 1000
CHUNK_BYTES = 1_000_000  # a tenth of what a request may carry, so that the bar moves
INDEXING_S = 120.0  # the answer comes when the chunk can be found
PATIENCE_S = 30.0  # for a server that is away


class Outcome(NamedTuple):
    """What came of an import; each refusal is one line for people."""

    accepted: int
    refused: list[str]


def read(path: Path) -> list[readers.Item]:
    """What a folder, a .jsonl file or one document's file holds. Raises Failure."""
    try:
        if path.is_dir():
            return list(readers.read_folder(path))
        if path.suffix in (".jsonl", ".ndjson"):
            with path.open("rb") as file:
                return list(readers.read_lines(file))
        if path.suffix.lower() not in ONE_FILE:
            raise Failure(f"{path} is no document: expected a .md, .html, .txt or .jsonl file.")
        return [readers.read_file(path, readers.id_of(path.name))]
    except EngineError as problem:
        named = problem.message.startswith(str(path))
        raise Failure(problem.message if named else f"{path}: {problem.message}") from None
    except OSError as problem:
        raise Failure(f"{path} cannot be read: {problem.strerror}") from None


def chunks(bodies: Iterable[DocumentBody]) -> Iterator[list[DocumentBody]]:
    """Bodies in lists small enough for one request; a larger one goes alone."""
    chunk: list[DocumentBody] = []
    size = 0
    for body in bodies:
        length = len(msgspec.json.encode(body))
        if chunk and (len(chunk) >= CHUNK_DOCUMENTS or size + length > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(body)
        size += length
    if chunk:
        yield chunk


def send(
    api: Api,
    items: Iterable[readers.Item],
    advance: Callable[[int], None],
    say: Callable[[str], None],
) -> Outcome:
    """Puts the documents; `advance` is told how many items are done. Raises Failure."""
    items = list(items)
    unread = [item for item in items if isinstance(item, Unreadable)]
    refused = [_line(item.refusal.id, msgspec.to_builtins(item.refusal.error)) for item in unread]
    advance(len(unread))
    accepted = 0
    outage = Outage(say)
    for chunk in chunks(item for item in items if isinstance(item, DocumentBody)):
        answer = _put(api, chunk, outage)
        accepted += answer["accepted"]
        refused += [_line(entry.get("id"), entry["error"]) for entry in answer["refused"]]
        advance(len(chunk))
    return Outcome(accepted, refused)


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


def _line(doc_id: str | None, error: dict[str, Any]) -> str:
    return f"{doc_id or '(no id)'}: {Refused.from_error(error).format_message()}"

"""Labelled dialogues: a folder of `kb.jsonl` and `dialogues.jsonl`, as docs/data-formats.md has it.

Owns their shapes, their reading, and a library of a folder's documents. What embedding made is
kept under var/, so that a second look at the same documents does not wait for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec
from msgspec import Struct

from engine import decoding
from engine.assist.view import CallLine
from engine.errors import BadRequest
from engine.knowledge.documents import Document, read_batch
from engine.knowledge.embedding import Embedder
from engine.knowledge.index import Index
from engine.knowledge.readers import read_folder
from engine.knowledge.vectors import DocumentVectors, Unembedded, embedded
from engine.wire import Speaker

TENANT = "default"
KEPT = Path("var/measure")
CHUNK = 64  # documents embedded at a time, by as many threads as there are cores

Watch = Callable[[str, int, int], None]  # (what is done, how many are done, of how many)


class Turn(Struct):
    speaker: Speaker
    text: str


class Query(Struct):
    """`turn`: after which a suggestion is due. Any one of `gold` is a hit."""

    turn: int
    gold: list[str]


class Dialogue(Struct):
    id: str
    turns: list[Turn]
    queries: list[Query]
    no_doc: list[int] = []

    def lines(self, turn: int) -> tuple[CallLine, ...]:
        """What was said up to a turn, with it."""
        return tuple(
            CallLine(said.speaker, said.text, f"{self.id}-{place}", place + 1)
            for place, said in enumerate(self.turns[: turn + 1])
        )


class Shelf:
    """What a suggester asks of a library, of one index that never changes."""

    def __init__(self, index: Index, refused: int = 0) -> None:
        self._index = index
        self.refused = refused

    def index(self, tenant: str) -> Index:
        return self._index if tenant == TENANT else Index([])


def read_dialogues(path: Path) -> list[Dialogue]:
    """Raises BadRequest naming the file and the line that cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise BadRequest(f"{path} cannot be read: {problem.strerror}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            dialogue = decoding.decode(Dialogue, line)
        except BadRequest as problem:
            raise BadRequest(f"{path.name}, line {number}: {problem.message}") from None
        asked = [*(query.turn for query in dialogue.queries), *dialogue.no_doc]
        if any(not 0 <= turn < len(dialogue.turns) for turn in asked):
            raise BadRequest(f"{path.name}, line {number}: a query's turn does not exist")
        found.append(dialogue)
    return found


def shelf_of(folder: Path, embedder: Embedder | None, watch: Watch) -> Shelf:
    """The documents of a folder, with vectors where there is a model. Raises BadRequest."""
    try:
        documents, refused = read_batch(read_folder(folder), TENANT, "1970-01-01T00:00:00.000Z")
    except OSError as problem:
        raise BadRequest(f"{folder} cannot be read: {problem.strerror}") from problem
    return Shelf(index_of(documents, embedder, watch), len(refused))


def index_of(documents: Sequence[Document], embedder: Embedder | None, watch: Watch) -> Index:
    index = Index.build(documents)
    if embedder is None:
        return index
    waiting = list(index.unembedded())
    records = _kept(waiting, embedder, watch)
    return index.with_vectors(records, embedder.model, embedder.dimension)


def _kept(waiting: Sequence[Unembedded], embedder: Embedder, watch: Watch) -> list[DocumentVectors]:
    digest = blake2b(embedder.model.encode(), digest_size=12)
    for one in waiting:
        digest.update(msgspec.msgpack.encode(one))
    file = KEPT / f"{digest.hexdigest()}.vectors"
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.msgpack.decode(file.read_bytes(), type=list[DocumentVectors])
    made: list[DocumentVectors] = []
    for some in _embedded(waiting, embedder):
        made += some
        watch("Embedding documents", len(made), len(waiting))
    with suppress(OSError):  # a folder that cannot be written costs time only
        KEPT.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(msgspec.msgpack.encode(made))
        part.replace(file)
    return made


def _embedded(waiting: Sequence[Unembedded], embedder: Embedder) -> Iterator[list[DocumentVectors]]:
    chunks = [waiting[at : at + CHUNK] for at in range(0, len(waiting), CHUNK)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        yield from threads.map(lambda chunk: embedded(chunk, embedder), chunks)

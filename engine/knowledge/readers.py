"""Documents out of JSON, JSON lines and folders.

Owns the outer forms a knowledge base arrives in and says of every document that cannot be
read where it stood and why; the rest goes on. It never judges what the text says
(documents.py does) and never writes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from engine import decoding
from engine.answers import DocumentBody
from engine.errors import BadRequest, EngineError, TooLarge
from engine.knowledge import front_matter, markup
from engine.knowledge.documents import Placed, Refused, refused
from engine.knowledge.file_ids import id_of
from engine.knowledge.front_matter import FrontMatter

MAX_FILE_BYTES = 2_000_000  # a text of 500,000 characters, in any alphabet
MAX_LINE_BYTES = 4_000_000  # the same with everything escaped

_TOLD_LINE = re.compile(
    r"tags\s*:\s*(?P<tags>.*)|language\s*:\s*(?P<language>[a-z]{2,3}(?:-[a-z0-9]{1,8})*)", re.I
)
ONE_DOCUMENT = (".md", ".markdown", ".html", ".htm", ".txt")
MANY_DOCUMENTS = (".jsonl", ".ndjson")
_CALLS = ("dialogues.jsonl", "calls.jsonl")  # are replayed; of a folder they are no documents

Item = Placed | Refused


class _Batch(Struct):
    documents: list[Any]


def read_json(body: bytes) -> Iterator[Item]:
    """The documents of `{"documents": [...]}`. Raises BadRequest when the body is not that;
    a document in it that is wrong is refused alone."""
    batch = _parsed(body)
    for place, item in enumerate(batch.documents):
        yield _item(f"documents[{place}]", item)


def read_lines(lines: Iterable[bytes], file: str = "") -> Iterator[Item]:
    """One JSON document a line; blank lines are passed over. Lines are counted from 1, and
    named `line 3`, or `file:3`."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{file}:{number}" if file else f"line {number}"
        try:
            if len(line) > MAX_LINE_BYTES:
                raise _too_large("line", MAX_LINE_BYTES)
            yield _item(where, _value(line))
        except EngineError as problem:
            yield refused(where, None, problem)


def read_folder(folder: Path) -> Iterator[Item]:
    """`kb.jsonl` of a folder, else its folder `kb`, else its JSON lines, *.md, *.html and
    *.txt files, those of its folders too; each stands where it does below `folder`. A file or
    folder in it that cannot be read is refused alone. Raises BadRequest when there is none of
    them, OSError where none can be looked for."""
    source = _source_of(folder)
    if source.is_file():
        with source.open("rb") as file:
            yield from read_lines(file, source.relative_to(folder).as_posix())
        return
    closed: list[OSError] = []
    files = files_of(source, closed.append)
    if closed and Path(closed[0].filename) == source:
        raise closed[0]
    if not files and not closed:
        raise BadRequest(f"{source} holds no kb.jsonl and no other .jsonl, .md, .html or .txt file"
                         " of documents")  # fmt: skip
    for problem in closed:
        where = Path(problem.filename).relative_to(folder).as_posix()
        yield refused(f"{where}/", None, BadRequest(f"Cannot be read: {problem.strerror}"))
    for path in files:
        where = path.relative_to(folder).as_posix()
        if path.suffix.lower() in MANY_DOCUMENTS:
            yield from _read_file_of_lines(path, where)
        else:
            yield read_placed(path, where, id_of(path.relative_to(source).as_posix()))


def passed_over(folder: Path) -> list[Path]:
    """The files of a folder that read_folder does not read, sorted; hidden ones are left out."""
    source = _source_of(folder)
    read = {source} if source.is_file() else set(files_of(source))
    return sorted(path for path in _below(folder) if os.path.isfile(path) and path not in read)


def linked_folders(folder: Path) -> list[Path]:
    """Links to folders, which are not followed: they may lead in a circle. Sorted."""
    return sorted(
        Path(place, name)
        for place, names, _ in os.walk(folder)
        for name in names
        if not name.startswith(".") and os.path.islink(os.path.join(place, name))
    )


def _source_of(folder: Path) -> Path:
    """What is read of a folder: a `kb.jsonl`, or every document's file below."""
    if not (folder / "kb.jsonl").is_file() and (folder / "kb").is_dir():
        folder = folder / "kb"
    lines = folder / "kb.jsonl"
    return lines if lines.is_file() else folder


def _read_file_of_lines(path: Path, where: str) -> Iterator[Item]:
    try:
        with path.open("rb") as file:
            yield from read_lines(file, where)
    except OSError as problem:
        yield refused(where, None, BadRequest(f"Cannot be read: {problem.strerror}"))


def read_placed(path: Path, where: str, doc_id: str) -> Item:
    """The document of a file that stands at `where`, or why there is none."""
    try:
        return Placed(where, read_file(path, doc_id))
    except EngineError as problem:
        return refused(where, doc_id, problem)


def files_of(folder: Path, on_closed: Callable[[OSError], None] | None = None) -> list[Path]:
    """The files read_folder reads where there is no `kb.jsonl`, sorted; hidden ones are left
    out. `on_closed` is told of folders that cannot be read."""
    return sorted(path for path in _below(folder, on_closed)
                  if path.suffix.lower() in (*ONE_DOCUMENT, *MANY_DOCUMENTS)
                  and path.name not in _CALLS and _readable(path))  # fmt: skip


def _below(folder: Path, on_closed: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=on_closed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if not name.startswith("."))


def _readable(path: Path) -> bool:
    """A file, or what looks like one and leads nowhere, which is refused by name; no pipe."""
    return os.path.isfile(path) or not os.path.exists(path)


def read_file(path: Path, doc_id: str) -> DocumentBody:
    """A document of a file: its title is the first heading or `<title>`, of plain text the
    first line; without one, the file's name. Lines `tags: a, b` and `language: de` may follow
    the title; front matter says all three better, and a page's `lang` its language. Raises
    BadRequest or TooLarge."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _too_large("file", MAX_FILE_BYTES)
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadRequest(f"Not UTF-8 at byte {problem.start}: `text`", field="text") from None
    except OSError as problem:
        raise BadRequest(f"Cannot be read: {problem.strerror}: `text`", field="text") from None
    if not text.strip():
        raise BadRequest("The file is empty: `text`", field="text")
    if "\x00" in text:  # said of the text, before a title is made of it
        raise BadRequest("Holds a NUL character: `text`", field="text")
    told, text = _told(text)
    title = told.title or markup.title_of(text)
    if not title and path.suffix.lower() == ".txt":
        title = next((line.strip() for line in text.splitlines() if line.strip()), "")
    title = title[:500] or path.stem
    language = told.language or markup.language_of(text)
    fields = {"id": doc_id, "title": title, "text": text, "tags": list(told.tags)}
    return decoding.convert(DocumentBody, fields | ({"language": language} if language else {}))


def _too_large(what: str, most: int) -> TooLarge:
    return TooLarge(f"The {what} is larger than {most:,} bytes: `text`", field="text")


def _told(text: str) -> tuple[FrontMatter, str]:
    """What is said of a text, and the text without it. Without front matter, lines of `tags:`
    and `language:` are looked for before, and up to two lines behind, the first other line."""
    told, rest = front_matter.split(text)
    if rest is not text:
        return told, rest
    lines = text.splitlines(keepends=True)
    found: dict[str, str] = {}
    others = 0
    for place in [place for place, line in enumerate(lines) if line.strip()][:3]:
        said = _TOLD_LINE.fullmatch(lines[place].strip())
        others += said is None
        if others > 1:
            break
        if said is not None:
            found |= {name: text for name, text in said.groupdict().items() if text is not None}
            lines[place] = ""
    if not found:
        return told, text
    tags = tuple(tag.strip() for tag in found.get("tags", "").split(",") if tag.strip())
    return FrontMatter("", tags, found.get("language", "")), "".join(lines)


def _parsed(body: bytes) -> _Batch:
    """msgspec refuses a lone surrogate anywhere; the standard library reads it, so that
    only its document is refused."""
    try:
        return msgspec.convert(_value(body), _Batch)
    except msgspec.ValidationError:
        raise BadRequest("Expected an object with a list: `documents`", field="documents") from None


def _value(raw: bytes) -> Any:
    try:
        return decoding.parse(raw)
    except json.JSONDecodeError as problem:
        raise BadRequest(f"Not JSON at character {problem.pos + 1}: {problem.msg}") from None
    except UnicodeDecodeError as problem:
        raise BadRequest(f"Not JSON: not UTF-8 at byte {problem.start}") from None
    except RecursionError:
        raise BadRequest("Not JSON: nested too deeply") from None
    except ValueError as problem:
        said = "a number of too many digits" if "digits" in str(problem) else problem
        raise BadRequest(f"Not JSON: {said}") from None


def _item(where: str, value: Any) -> Item:
    try:
        return Placed(where, decoding.convert(DocumentBody, value))
    except EngineError as problem:
        return refused(where, _id_in(value), problem)


def _id_in(value: Any) -> str | None:
    """The id of what could not be read, if it can be repeated to whom it belongs."""
    found = value.get("id") if isinstance(value, dict) else None
    if not isinstance(found, str):
        return None
    return found.encode("utf-8", "replace").decode()[:128]

"""What of a folder an import did not read, in one line.

Owns the words. Which files are read is engine/knowledge/readers.py's.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from engine.knowledge import readers
from web.cli.words import count, printable

MOST_NAMED = 5  # files of JSON lines, and kinds of other files; the others are counted


def told(path: Path) -> str:
    """`Not read of my-docs: dialogues.jsonl, 3 .md files, 2 files of other kinds (.docx, .pdf),
    1 link to folders (more)`;
    '' when everything was, or `path` is no folder."""
    files = readers.passed_over(path) if path.is_dir() else []
    lines, kinds, others = [], Counter[str](), Counter[str]()
    for file in files:
        kind = file.suffix.lower()
        if kind in readers.MANY_DOCUMENTS:
            lines.append(file.relative_to(path).as_posix())
        elif kind in readers.ONE_DOCUMENT:
            kinds[kind] += 1
        else:
            others[kind or "no ending"] += 1
    parts = lines[:MOST_NAMED]
    if len(lines) > MOST_NAMED:
        parts.append(f"{len(lines) - MOST_NAMED:,} more .jsonl")
    parts += [count(number, f"{kind} file") for kind, number in sorted(kinds.items())]
    if others:
        named = sorted(others)[:MOST_NAMED] + ["…"] * (len(others) > MOST_NAMED)
        total = others.total()
        kinds_of = "other kinds" if len(others) > 1 else "another kind"
        parts.append(f"{count(total, 'file')} of {kinds_of} ({', '.join(named)})")
    linked = readers.linked_folders(path) if path.is_dir() else []
    if linked:
        names = [folder.relative_to(path).as_posix() for folder in linked[:MOST_NAMED]]
        names += ["…"] * (len(linked) > MOST_NAMED)
        parts.append(f"{count(len(linked), 'link')} to folders ({', '.join(names)})")
    return printable(f"Not read of {path}: {', '.join(parts)}") if parts else ""

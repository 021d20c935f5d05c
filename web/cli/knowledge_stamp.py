"""Whether a knowledge base has to be imported again.

Owns the note of what was imported last, and asks the server whether that is still there. It
never decides what a document is.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path

import click

from engine.knowledge import readers
from engine.knowledge.documents import Placed
from web.cli import documents
from web.cli.client import Api, segment
from web.cli.failures import Refused
from web.cli.words import count


def name_of(folder: Path) -> str:
    """`retail-demo-1f0c33`: readable, and another folder of that name is another one."""
    whole = folder.resolve()
    bare = re.sub(r"[^A-Za-z0-9_-]+", "-", whole.name)[:40].strip("-") or "folder"
    return f"{bare}-{hashlib.sha256(str(whole).encode()).hexdigest()[:6]}"


def fingerprint(source: Path) -> str:
    """Of the names and bytes of the files that would be read."""
    lines = source / "kb.jsonl"
    files = [lines] if lines.is_file() else readers.files_of(source)
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(source).as_posix().encode() + b"\0")
        with suppress(OSError):  # the import says so
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Stamp:
    """What was imported from `source`, noted in `path`."""

    def __init__(self, path: Path, source: Path) -> None:
        self._path, self._source = path, source

    def import_if_changed(self, api: Api) -> None:
        """Raises Failure where nothing can be read, Refused and Away from the server."""
        current = fingerprint(self._source)
        if self._noted() == current and self._is_there(api):
            return
        items, outcome = list(documents.read(self._source)), documents.Outcome()
        documents.send(api, items, outcome, lambda done: None, click.echo)
        click.echo(f"{count(outcome.accepted, 'document')} imported from {self._source}.")
        for line in outcome.refused:
            click.echo(f"  refused: {line}", err=True)
        first = next((item.body.id for item in items if isinstance(item, Placed)), None)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps({"fingerprint": current, "first_id": first}))

    def _noted(self) -> str | None:
        found = self._note().get("fingerprint")
        return found if isinstance(found, str) else None

    def _note(self) -> dict[str, object]:
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _is_there(self, api: Api) -> bool:
        """The store may have been emptied, or be another one, since."""
        first = self._note().get("first_id")
        if not isinstance(first, str):
            return False
        try:
            api.get(f"/v1/documents/{segment(first)}")
        except Refused as refusal:
            if refusal.code != "not_found":
                raise
            return False
        return True

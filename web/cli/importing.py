"""An import as a person sees it: bars on a terminal, and what came of it, however it ends.

Owns what is shown. What is read and sent is documents.py's, what was not read is
unread_files.py's, how far vectors are knowledge.py's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from rich.progress import Progress

from engine.knowledge.readers import Item
from web.cli import documents, knowledge, unread_files
from web.cli.client import Api
from web.cli.failures import Failure
from web.cli.words import count

INTERRUPTED = 130  # exit code


def run(
    api: Callable[[], Api], paths: Iterable[Path], *, wait: bool, language: str | None = None
) -> int:
    """The exit code: 1 when a document was refused. `api` is called when everything has been
    read. `language`: of documents that name none. Raises Failure, after saying what is in by
    then."""
    paths = list(paths)
    outcome = documents.Outcome()
    served: list[str] = []
    try:
        with Progress(disable=not sys.stdout.isatty()) as progress:
            items = _read(paths, progress, language)
            with api() as server:
                _send(server, items, outcome, progress)
                if wait and outcome.accepted:
                    served = _await_vectors(server, progress)
    except KeyboardInterrupt:
        _tell(outcome)
        click.echo(
            "Stopped. What is in stays in; the same import again brings the rest, and puts"
            " nothing twice.",
            err=True,
        )
        return INTERRUPTED
    except Failure:
        if outcome.accepted or outcome.refused:
            _tell(outcome)
        raise
    _tell(outcome)
    for line in (*filter(None, map(unread_files.told, paths)), *served):
        click.echo(line)
    return 1 if outcome.refused else 0


def _read(paths: Iterable[Path], progress: Progress, language: str | None) -> list[Item]:
    reading = progress.add_task("Reading", total=None)
    items: list[Item] = []
    for path in paths:
        for item in documents.read(path):
            items.append(documents.in_language(item, language))
            progress.advance(reading)
    progress.remove_task(reading)
    return items


def _send(api: Api, items: list[Item], outcome: documents.Outcome, progress: Progress) -> None:
    bar = progress.add_task("Importing", total=len(items))
    documents.send(
        api,
        items,
        outcome,
        lambda done: progress.advance(bar, done),
        say=lambda text: click.echo(text, err=True),
    )


def _await_vectors(api: Api, progress: Progress) -> list[str]:
    vectors = progress.add_task("Making vectors", total=None)
    found = knowledge.await_vectors(
        api,
        lambda done, of: progress.update(vectors, completed=done, total=of),
        lambda text: click.echo(text, err=True),
    )
    return knowledge.lines(found)


def _tell(outcome: documents.Outcome) -> None:
    click.echo(f"{count(outcome.accepted, 'document')} imported.")
    if outcome.refused:
        click.echo(f"{count(len(outcome.refused), 'document')} refused:", err=True)
        for line in outcome.refused:
            click.echo(f"  {line}", err=True)

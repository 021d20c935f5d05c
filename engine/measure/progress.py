"""A progress bar for what takes long: on standard error, and only on a terminal.

Owns the bar; standard output is what a program may read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from engine.measure.corpus import Watch


@contextmanager
def shown_progress(name: str) -> Iterator[Watch]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"Reading {name}", total=None)

        def watch(what: str, done: int, of: int) -> None:
            bar.update(task, description=what, completed=done, total=of)

        yield watch

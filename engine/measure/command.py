"""What the commands that measure share: a folder, a progress bar, an answer for people or programs.

Owns their options in common and their exit codes; what is measured is the caller's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from engine.errors import EngineError
from engine.measure.corpus import Watch
from engine.measure.progress import shown_progress

Found = TypeVar("Found")


def parser_of(module: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


def told(
    chosen: argparse.Namespace,
    measure: Callable[[Watch], Found],
    report: Callable[[Path, Found], str],
) -> int:
    """Measure and write what was found on standard output. 2, with one line on standard
    error, where the folder is no good."""
    with shown_progress(chosen.folder.name) as watch:
        try:
            found = measure(watch)
        except EngineError as problem:
            sys.stderr.write(f"{problem.message}\n")
            return 2
    if chosen.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        sys.stdout.write(report(chosen.folder, found))
    return 0

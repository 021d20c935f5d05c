"""Documents that were found, for people.

Owns how they are shown. It reads only.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from web.cli import knowledge
from web.cli.client import Api
from web.cli.words import printable

INDENT = 6  # columns; a relevance and what parts it from the id


def show(documents: list[Any], console: Console | None = None) -> None:
    console = console or Console(highlight=False, markup=False)
    for one in documents:
        first = f"{one['relevance']:.2f}  "
        _print(console, first, f"{one['id']}: {printable(one['title'])}")
        if one["excerpt"]:
            _print(console, " " * INDENT, printable(" ".join(one["excerpt"].split())))


def _print(console: Console, first: str, text: str) -> None:
    """As wide as the terminal, all of it behind the first column; no blanks at a line's end."""
    for line in Text(text).wrap(console, max(console.width - INDENT, 1)):
        console.print(first + line.plain.rstrip(), soft_wrap=True)
        first = " " * INDENT


def nothing(api: Api) -> list[str]:
    """What to say when no document was found."""
    state = knowledge.state(api)
    if not state["documents"]:
        return knowledge.lines(state)
    return ["No document was found for these words."]

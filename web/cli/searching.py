"""Documents that were found, for people.

Owns how they are shown. It reads only.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.padding import Padding

from web.cli import knowledge
from web.cli.client import Api
from web.cli.words import printable

INDENT = 6  # columns; a relevance and what parts it from the id


def show(documents: list[Any], console: Console | None = None) -> None:
    console = console or Console(highlight=False, markup=False)
    for one in documents:
        console.print(f"{one['relevance']:.2f}  {one['id']}: {printable(one['title'])}")
        excerpt = printable(" ".join(one["excerpt"].split()))
        if excerpt:
            console.print(Padding(excerpt, (0, 0, 0, INDENT)))


def nothing(api: Api) -> list[str]:
    """What to say when no document was found."""
    state = knowledge.state(api)
    if not state["documents"]:
        return knowledge.lines(state)
    return ["No document was found for these words."]

"""The calls of a server as a table.

Owns the columns and what stands in them. It reads only.
"""

from __future__ import annotations

import shutil
from typing import Any

from rich.console import Console
from rich.table import Table

from web.cli.client import Api, segment
from web.cli.failures import Refused
from web.cli.words import duration, printable

LAST_WORDS = 60  # characters; the newest are at the end of a line
PAGE = 200  # the most the API lists at once
LIVE = ("active", "on_hold")
PLAIN_WIDTH = 160  # columns where there is no terminal to ask


def fetch(api: Api, statuses: tuple[str, ...], agent_id: str | None, most: int) -> list[Any]:
    """The calls of these statuses, newest page first, at most `most`. Raises Failure."""
    calls: list[Any] = []
    for status in statuses:
        page: str | None = None
        while len(calls) < most:
            limit = min(most - len(calls), PAGE)
            found = api.get("/v1/calls", status=status, agent_id=agent_id, limit=limit, page=page)
            calls += found["calls"]
            page = found.get("next")
            if not page:
                break
    return calls[:most]


def last_words(api: Api, call_id: str) -> str:
    """Who spoke last and what, '' before the first words or when the call is gone."""
    try:
        segments = api.get(f"/v1/calls/{segment(call_id)}")["segments"]
    except Refused as refusal:
        if refusal.code != "unknown_call":
            raise
        return ""
    if not segments:
        return ""
    text = printable(" ".join(segments[-1]["text"].split()))
    return f"{segments[-1]['speaker']}: {ending(text, LAST_WORDS)}"


def ending(text: str, most: int) -> str:
    """The last whole words of a text, at most `most` characters."""
    if len(text) <= most:
        return text
    cut = text[1 - most :]
    return "…" + (cut.partition(" ")[2] or cut)


def table(api: Api, calls: list[Any]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("call", no_wrap=True)
    shown.add_column("status", no_wrap=True)
    shown.add_column("duration", justify="right", no_wrap=True)
    shown.add_column("agents")
    shown.add_column("last words", overflow="ellipsis", no_wrap=True)
    for call in calls:
        shown.add_row(
            call["call_id"],
            call["status"],
            duration(call["duration"]),
            ", ".join(call["agent_ids"]),
            last_words(api, call["call_id"]),
        )
    return shown


def show(api: Api, calls: list[Any]) -> None:
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(PLAIN_WIDTH, shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns)
    console.print(table(api, calls))

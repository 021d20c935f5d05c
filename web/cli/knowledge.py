"""The knowledge base of a server for people: how far it is, and how its documents fare.

Owns the words and tables of both. It reads only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from web.cli.client import Api
from web.cli.words import count, printable

LOOK_S = 0.5
TITLE_WIDTH = 60


def state(api: Api) -> dict[str, Any]:
    """Raises Failure."""
    found: dict[str, Any] = api.get("/v1/knowledge")
    return found


def lines(found: dict[str, Any]) -> list[str]:
    """What is served, in words."""
    if not found["documents"]:
        return ["There are no documents, so nothing is suggested.",
                "Import some: ./earshot import-documents FOLDER"]  # fmt: skip
    said = [f"{count(found['documents'], 'document')} in {count(found['passages'], 'passage')}."]
    if found["ranking"] == "down":
        said.append("Ranking is being started.")
    elif found["ranking"] == "idle":
        said.append("Nobody has asked yet, so nothing is in memory.")
    elif not found["model"]:
        said.append(f"Found by their words alone: {found['why']}.")
    elif found["waiting"]:
        said.append(
            f"{count(found['waiting'], 'document')} without vectors: found by words so far."
        )
    else:
        said.append(f"All have vectors of {found['model']}.")
    return said


def await_vectors(
    api: Api,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Wait until no document lacks vectors, or none will get any; `progress` is told how many
    are done and how many there are, `say` why it goes no further."""
    told = ""
    while True:
        found = state(api)
        if found["model"] and found["why"] not in ("", told):
            told = found["why"]
            say(f"{told}. Waiting for it; words find the documents meanwhile (Ctrl-C to stop).")
        if found["ranking"] != "down":
            progress(found["documents"] - found["waiting"], found["documents"])
            loading = found["ranking"] == "ok" and not found["model"] and "loaded" in found["why"]
            # A server of before does not say whether it has seen the newest change.
            waits = loading or (found["model"] and found["waiting"])
            if found.get("current", True) and not waits:
                return found
        sleep(LOOK_S)


def show_report(report: dict[str, Any], console: Console | None = None) -> None:
    console = console or Console(highlight=False, markup=False)
    console.print(
        f"{count(report['documents'], 'document')}, shown {report['shown']:,} times,"
        f" {count(report['verdicts'], 'verdict')}."
    )
    _documents(console, "Best", report["best"], "helpful at least")
    _documents(console, "Worst", report["worst"], "helpful at most")
    if report["missing"]:
        table = _table("Asked for but missing")
        for name in ("calls", "questions"):
            table.add_column(name, justify="right")
        table.add_column("words")
        for row in report["missing"]:
            words = printable(" ".join(row["words"]))
            table.add_row(str(row["calls"]), str(row["questions"]), words)
        console.print(table)
    if report["never_shown_count"]:
        console.print(f"\nNever shown: {count(report['never_shown_count'], 'document')}")
        for row in report["never_shown"][:20]:
            console.print(f"  {row['id']}: {printable(row['title'])}", overflow="ellipsis")
        if report["never_shown_count"] > 20:
            console.print("  … (--json lists more)")


def _documents(console: Console, title: str, rows: list[Any], share: str) -> None:
    if not rows:
        return
    table = _table(title)
    for name in (share, "helpful", "unhelpful", "shown"):
        table.add_column(name, justify="right")
    table.add_column("document", overflow="ellipsis", no_wrap=True, max_width=TITLE_WIDTH)
    for row in rows:
        numbers = (f"{row['share']:.0%}", row["helpful"], row["unhelpful"], row["shown"])
        table.add_row(*map(str, numbers), f"{row['id']}: {printable(row['title'])}")
    console.print(table)


def _table(title: str) -> Table:
    return Table(
        title=f"\n{title}", title_justify="left", box=None, pad_edge=False, header_style="bold"
    )

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
MOST_NEVER_SHOWN = 20  # named on a screen


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
        said += [f"{found['why']}."] if found["why"] else []
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
        f"{count(report['documents'], 'document')}, shown {count(report['shown'], 'time')},"
        f" {count(report['verdicts'], 'verdict')}."
    )
    _documents(console, "Best: more yes than no", "at least", report["best"])
    _documents(console, "Worst: more no than yes", "at most", report["worst"])
    _missing(console, report)
    if report["never_shown_count"]:
        console.print(f"\nNever shown: {count(report['never_shown_count'], 'document')}")
        for row in report["never_shown"][:MOST_NEVER_SHOWN]:
            console.print(
                f"  {row['id']}: {printable(row['title'])}", overflow="ellipsis", no_wrap=True
            )
        if report["never_shown_count"] > MOST_NEVER_SHOWN:
            console.print("  … (--json lists more)")


def _documents(console: Console, title: str, sense: str, rows: list[Any]) -> None:
    """A share is a bound, not yes of all: it is said as one."""
    if not rows:
        return
    table = _table(title, "yes", "no", "helpful\n(95 % sure)", "shown", telling="document")
    for row in rows:
        share = f"{sense} {100 * row['share']:.0f} %"
        numbers = (row["helpful"], row["unhelpful"], share, f"{row['shown']:,}")
        table.add_row(*map(str, numbers), f"{printable(row['title'])} ({row['id']})")
    console.print(table)


def _missing(console: Console, report: dict[str, Any]) -> None:
    """What was asked for and found nothing; of what one call alone asked for, how much."""
    if report["missing"]:
        _missing_rows(console, report)
    once = report.get("missing_once", 0)
    if once:
        title = "" if report["missing"] else "\nAsked for but missing: nothing in two calls.\n"
        more = "more " if report["missing"] else ""
        console.print(f"{title}  {count(once, f'{more}turn')} in single calls found nothing.")


def _missing_rows(console: Console, report: dict[str, Any]) -> None:
    table = _table("Asked for but missing", "calls", "times", telling="about", last="last")
    for row in report["missing"]:
        words = printable(" ".join(row["words"]))
        table.add_row(str(row["calls"]), str(row["questions"]), words, row["last_at"][:10])
    console.print(table)
    more = report.get("missing_count", 0) - len(report["missing"])
    if more > 0:
        console.print(f"  … and {more:,} more that were asked for less often")


def _table(title: str, *numbers: str, telling: str, last: str = "") -> Table:
    """The numbers keep their width; what tells wraps in what the terminal leaves."""
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
        expand=True,
    )
    for name in numbers:
        table.add_column(
            name, justify="right", no_wrap=True, min_width=max(map(len, name.split("\n")))
        )
    table.add_column(telling, ratio=1, overflow="fold")
    if last:
        table.add_column(last, no_wrap=True)
    return table

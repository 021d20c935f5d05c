"""Calls played turn by turn, as a server would see them: what an agent has on the screen.

Owns the screen between turns: a proposal without documents leaves the list as it is, and the
next one is asked for with what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.assist.query import distinct
from engine.assist.suggest import Suggester
from engine.assist.view import CallExcerpt
from engine.measure.corpus import TENANT, Dialogue, Shelf, Watch


class Played(Struct):
    """`named`: at each query, the share of the gold title's words in the line on the screen.
    `changes`: of the list, over all `calls`. `lines`: every line there was."""

    named: list[float]
    lines: list[str]
    changes: int
    calls: int


def play(suggester: Suggester, shelf: Shelf, dialogues: Sequence[Dialogue], watch: Watch) -> Played:
    played = Played([], [], 0, len(dialogues))
    for number, dialogue in enumerate(dialogues, start=1):
        _play(suggester, shelf, dialogue, played)
        watch("Playing calls", number, len(dialogues))
    return played


def _play(suggester: Suggester, shelf: Shelf, dialogue: Dialogue, played: Played) -> None:
    golds = {query.turn: query.gold for query in dialogue.queries}
    last = max([*golds, *dialogue.no_doc], default=-1)
    shown: tuple[str, ...] = ()
    line = ""
    for turn in range(last + 1):
        if dialogue.turns[turn].speaker != "customer":
            continue
        found = suggester.suggest(CallExcerpt(TENANT, dialogue.lines(turn), shown=shown))
        if found.documents or not shown:
            now = tuple(document.id for document in found.documents)
            played.changes += now != shown
            shown, line = now, found.summary
            played.lines.append(line)
        if turn in golds:
            played.named += _named(shelf, golds[turn], line)


def _named(shelf: Shelf, gold: Sequence[str], line: str) -> list[float]:
    """Of the gold document that the line names best."""
    said = set(distinct(line))
    shares = []
    for doc_id in gold:
        document = shelf.index(TENANT).get(doc_id)
        words = distinct(document.title) if document else []
        if words:
            shares.append(sum(word in said for word in words) / len(words))
    return [max(shares)] if shares else []

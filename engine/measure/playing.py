"""Calls played turn by turn, as a server would see them: what an agent has on the screen.

Owns the screen between turns, as engine/decide.py has it: a proposal without documents leaves
the list as it is, its line too unless that names a title, and the next one is asked for with
what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.assist.query import distinct
from engine.assist.suggest import Suggester
from engine.assist.view import CallExcerpt
from engine.measure.corpus import TENANT, Dialogue, Shelf, Watch
from engine.wire import SuggestedDocument


class Named(Struct):
    """At the `nth` query of a call, from 1: the share of the gold title's words in the line on
    the screen. `by_title`: the line names a title."""

    share: float
    nth: int
    by_title: bool


class Played(Struct):
    """`named`: at each query whose gold document has a title with words. `right`: at each
    query, whether a gold document is on the screen. `changes`: of the list, over all `calls`.
    `lines`: every line there was."""

    named: list[Named]
    right: list[bool]
    lines: list[str]
    changes: int
    calls: int


def play(suggester: Suggester, shelf: Shelf, dialogues: Sequence[Dialogue], watch: Watch) -> Played:
    played = Played([], [], [], 0, len(dialogues))
    for number, dialogue in enumerate(dialogues, start=1):
        _play(suggester, shelf, dialogue, played)
        watch("Playing calls", number, len(dialogues))
    return played


def _play(suggester: Suggester, shelf: Shelf, dialogue: Dialogue, played: Played) -> None:
    golds = {query.turn: query.gold for query in dialogue.queries}
    last = max([*golds, *dialogue.no_doc], default=-1)
    shown: tuple[SuggestedDocument, ...] = ()
    line, titled, nth = "", False, 0
    for turn in range(last + 1):
        if dialogue.turns[turn].speaker != "customer":
            continue
        on_screen = line if titled else ""
        found = suggester.suggest(
            CallExcerpt(TENANT, dialogue.lines(turn), shown=shown, line=on_screen)
        )
        if found.documents or not shown:
            played.changes += _ids(found.documents) != _ids(shown)
            shown = found.documents
        if found.documents or not shown or found.summary_kind == "title":
            line, titled = found.summary, found.summary_kind == "title"
            played.lines.append(line)
        if turn in golds:
            nth += 1
            played.right.append(any(doc_id in golds[turn] for doc_id in _ids(shown)))
            share = _share(shelf, golds[turn], line)
            played.named += [] if share is None else [Named(share, nth, titled)]


def _ids(shown: Sequence[SuggestedDocument]) -> list[str]:
    return [document.id for document in shown]


def _share(shelf: Shelf, gold: Sequence[str], line: str) -> float | None:
    """Of the gold document that the line names best; None where none has a title with words."""
    said = set(distinct(line))
    shares = []
    for doc_id in gold:
        document = shelf.index(TENANT).get(doc_id)
        words = distinct(document.title) if document else []
        if words:
            shares.append(sum(word in said for word in words) / len(words))
    return max(shares, default=None)

"""How good suggestions are on dialogues with known answers.

Owns the asking. `python -m engine.measure.evaluate FOLDER [--json] [--words]`. Ranking is
judged on its first five documents, before the threshold; the line and the list, as an agent
sees them, on calls that are played turn by turn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from msgspec import Struct

from engine.assist.suggest import AssistSettings, CallSuggester, Suggester
from engine.assist.view import CallExcerpt
from engine.errors import BadRequest
from engine.knowledge.embedding import Embedder
from engine.knowledge.minilm import Shipped
from engine.measure.command import parser_of, told
from engine.measure.corpus import KEPT, TENANT, Dialogue, Shelf, Watch, read_dialogues, shelf_of
from engine.measure.figures import (
    Interval,
    auc,
    auc_interval,
    mean_interval,
    reciprocal,
    rounded,
)
from engine.measure.playing import Played, play

JUDGED = 5  # documents a query is judged on
SETTLED = 3  # at this query of a call the customer has said what it is about

Make = Callable[[Any, AssistSettings], Suggester]


class Figures(Struct):
    """Shares are 0..1, with 95 % bootstrap intervals over queries. `model`: '' for words
    alone. `silence_auc`: how well being sure tells turns that need a document from `no_doc`
    turns; null where a folder has none. `shown_*`: the share of turns on which the shipped
    threshold lets anything show. `recall_at_5_settled`: at the third query of a call, null
    where none has three. `on_screen`: how often a right document is on the screen at a query,
    as calls are played, old lists included. `summary_title_recall`: how many of the gold
    title's words the line on the screen has; `summary_title_recall_settled`: at the third
    query of a call;
    `summary_title_right`: the same of the lines that name a title, which says how often it is
    a wrong one; `changes_per_call`: of the list on the screen."""

    recall_at_1: float
    recall_at_5: float
    mrr: float
    silence_auc: float | None
    latency_ms_p50: float
    latency_ms_p95: float
    queries: int
    silences: int
    documents: int
    refused: int
    model: str
    shown_when_due: float
    shown_when_silent: float | None
    recall_at_5_settled: float | None
    on_screen: float
    summary_title_recall: float | None
    summary_title_recall_settled: float | None
    summary_title_right: float | None
    changes_per_call: float | None
    recall_at_1_interval: Interval
    recall_at_5_interval: Interval
    mrr_interval: Interval
    silence_auc_interval: Interval | None
    recall_at_5_settled_interval: Interval | None
    on_screen_interval: Interval
    summary_title_recall_interval: Interval | None
    summary_title_recall_settled_interval: Interval | None
    summary_title_right_interval: Interval | None


class Asked(Struct):
    """`rank`: place of the first gold document, from 1; 0 when none was among the judged.
    `nth`: the how manyth query of its call, from 1; 0 for a turn that needs none."""

    rank: int
    sure: float
    ms: float
    nth: int = 0


def _nothing(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""


def evaluate(
    folder: Path,
    embedder: Embedder | None = None,
    make: Make | None = None,
    watch: Watch = _nothing,
    questions: Embedder | None = None,
) -> Figures:
    """Ask a suggester at every labelled turn of a folder, then play its calls. `questions`:
    the model's form for these, if it has one. Raises BadRequest naming the file and line that
    cannot be read."""
    dialogues = read_dialogues(folder / "dialogues.jsonl") if folder.is_dir() else []
    shelf = shelf_of(folder, embedder, watch)
    if not any(dialogue.queries for dialogue in dialogues):
        raise BadRequest(f"{folder / 'dialogues.jsonl'} holds no query")
    if make is None:

        def make(library: Any, settings: AssistSettings) -> Suggester:
            return CallSuggester(library, settings, questions or embedder)

    shipped = AssistSettings()
    judged = AssistSettings(limit=JUDGED, threshold=0.0, lines=shipped.lines)
    due, silent = ask_all(make(shelf, judged), dialogues, watch)
    played = play(make(shelf, shipped), shelf, dialogues, watch)
    model = embedder.model if embedder is not None else ""
    return _figures(due, silent, played, shelf, shipped.threshold, model)


def ask_all(
    suggester: Suggester, dialogues: Sequence[Dialogue], watch: Watch = _nothing
) -> tuple[list[Asked], list[Asked]]:
    """At every turn that is labelled: (those a document is due at, those it is not)."""
    total = sum(len(d.queries) + len(d.no_doc) for d in dialogues)
    due: list[Asked] = []
    silent: list[Asked] = []
    for dialogue in dialogues:
        ordered = sorted(dialogue.queries, key=lambda query: query.turn)
        for nth, query in enumerate(ordered, start=1):
            due.append(_ask(suggester, dialogue, query.turn, query.gold, nth))
            watch("Asking", len(due) + len(silent), total)
        for turn in dialogue.no_doc:
            silent.append(_ask(suggester, dialogue, turn, (), 0))
            watch("Asking", len(due) + len(silent), total)
    return due, silent


def _ask(
    suggester: Suggester, dialogue: Dialogue, turn: int, gold: Sequence[str], nth: int
) -> Asked:
    excerpt = CallExcerpt(TENANT, dialogue.lines(turn))
    started = perf_counter()
    proposal = suggester.suggest(excerpt)
    ms = (perf_counter() - started) * 1e3
    ids = [document.id for document in proposal.documents[:JUDGED]]
    rank = next((place for place, doc_id in enumerate(ids, start=1) if doc_id in gold), 0)
    sure = proposal.sure if proposal.documents else 0.0
    return Asked(rank, sure, ms, nth)


def _figures(
    due: Sequence[Asked],
    silent: Sequence[Asked],
    played: Played,
    shelf: Shelf,
    threshold: float,
    model: str,
) -> Figures:
    ranks = np.array([asked.rank for asked in due])
    first, among = (ranks == 1).astype(float), (ranks > 0).astype(float)
    settled = among[[asked.nth == SETTLED for asked in due]]
    needed = np.array([asked.sure for asked in due])
    unneeded = np.array([asked.sure for asked in silent])
    ms = np.array([asked.ms for asked in [*due, *silent]])
    right = np.array(played.right, dtype=float)
    named = np.array([one.share for one in played.named])
    late = np.array([one.share for one in played.named if one.nth == SETTLED])
    titled = np.array([one.share for one in played.named if one.by_title])
    return Figures(
        recall_at_1=rounded(first.mean()),
        recall_at_5=rounded(among.mean()),
        mrr=rounded(reciprocal(list(ranks)).mean()),
        silence_auc=rounded(auc(needed, unneeded)) if silent else None,
        latency_ms_p50=rounded(np.percentile(ms, 50)),
        latency_ms_p95=rounded(np.percentile(ms, 95)),
        queries=len(due),
        silences=len(silent),
        documents=len(shelf.index(TENANT)),
        refused=shelf.refused,
        model=model,
        shown_when_due=rounded((needed >= threshold).mean()),
        shown_when_silent=rounded((unneeded >= threshold).mean()) if silent else None,
        recall_at_5_settled=rounded(settled.mean()) if len(settled) else None,
        on_screen=rounded(right.mean()),
        summary_title_recall=rounded(named.mean()) if len(named) else None,
        summary_title_recall_settled=rounded(late.mean()) if len(late) else None,
        summary_title_right=rounded(titled.mean()) if len(titled) else None,
        changes_per_call=rounded(played.changes / played.calls) if played.calls else None,
        recall_at_1_interval=mean_interval(first),
        recall_at_5_interval=mean_interval(among),
        mrr_interval=mean_interval(reciprocal(list(ranks))),
        silence_auc_interval=auc_interval(needed, unneeded) if silent else None,
        recall_at_5_settled_interval=mean_interval(settled) if len(settled) else None,
        on_screen_interval=mean_interval(right),
        summary_title_recall_interval=mean_interval(named) if len(named) else None,
        summary_title_recall_settled_interval=mean_interval(late) if len(late) else None,
        summary_title_right_interval=mean_interval(titled) if len(titled) else None,
    )


_SHARES = ("recall_at_1", "recall_at_5", "mrr", "silence_auc")
_MORE = (
    "recall_at_5_settled",
    "on_screen",
    "summary_title_recall",
    "summary_title_recall_settled",
    "summary_title_right",
)


def _report(folder: Path, figures: Figures) -> str:
    by = f"words and {figures.model}" if figures.model else "words alone"
    lines = [f"{folder.name}: {figures.queries} queries, {figures.documents} documents, {by}"]
    for name in (*_SHARES, *_MORE):
        value, bounds = getattr(figures, name), getattr(figures, f"{name}_interval")
        if value is not None:
            lines.append(f"  {name:<28} {value:.3f}  [{bounds[0]:.3f}, {bounds[1]:.3f}]")
    median, slow = figures.latency_ms_p50, figures.latency_ms_p95
    lines.append(f"  {'latency_ms p50/p95':<28} {median:.1f} / {slow:.1f}")
    for name in ("shown_when_due", "shown_when_silent", "changes_per_call"):
        value = getattr(figures, name)
        if value is not None:
            lines.append(f"  {name.replace('_', ' '):<28} {value:.3f}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = parser_of(
        "engine.measure.evaluate",
        "Measure suggestions on a folder of kb.jsonl and dialogues.jsonl.",
    )
    parser.add_argument("--words", action="store_true", help="without the embedding model")
    chosen = parser.parse_args(arguments)
    found = None if chosen.words else Shipped.installed(KEPT)
    embedder, questions = found or (None, None)
    if found is None and not chosen.words:
        sys.stderr.write("The packages of the embedding model are not installed: words alone.\n")

    def measure(watch: Watch) -> Figures:
        return evaluate(chosen.folder, embedder, watch=watch, questions=questions)

    return told(chosen, measure, _report)


if __name__ == "__main__":
    sys.exit(main())

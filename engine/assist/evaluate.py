"""How good suggestions are on dialogues with known answers.

Owns the figures and is the only place that reads gold labels: nothing that ranks ever sees
one. `python -m engine.assist.evaluate FOLDER [--json]`, a folder with `kb.jsonl` and
`dialogues.jsonl` as docs/ describes them. Ranking is judged on its first five documents,
before the threshold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from engine import decoding
from engine.assist.suggest import AssistSettings, Bm25Suggester, Suggester
from engine.assist.view import CallExcerpt, CallLine
from engine.errors import BadRequest, EngineError
from engine.knowledge.documents import Document, read_batch
from engine.knowledge.library import Library
from engine.knowledge.readers import read_folder
from engine.wire import Speaker

TENANT = "default"
JUDGED = 5  # documents a query is judged on
RESAMPLES, SEED = 1_000, 20_250_101

Interval = tuple[float, float]
Make = Callable[[Library, AssistSettings], Suggester]
Watch = Callable[[int, int], None]  # (queries done, of how many)


class Turn(Struct):
    speaker: Speaker
    text: str


class Query(Struct):
    """`turn`: after which a suggestion is due. Any one of `gold` is a hit."""

    turn: int
    gold: list[str]


class Dialogue(Struct):
    id: str
    turns: list[Turn]
    queries: list[Query]
    no_doc: list[int] = []


class Figures(Struct):
    """Shares are 0..1, with 95 % bootstrap intervals over queries. `silence_auc`: how well
    relevance tells turns that need a document from `no_doc` turns; null where a folder has
    none. `shown_*`: the share of turns on which the shipped threshold lets anything show."""

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
    shown_when_due: float
    shown_when_silent: float | None
    recall_at_1_interval: Interval
    recall_at_5_interval: Interval
    mrr_interval: Interval
    silence_auc_interval: Interval | None


class Fixed:
    """A source of documents that never changes."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents

    def version(self, _tenant: str) -> int:
        return 1

    def load_all(self, _tenant: str) -> Iterator[Document]:
        return iter(self._documents)


class _Asked(Struct):
    """`rank`: place of the first gold document, from 1; 0 when none was among the judged."""

    rank: int
    relevance: float
    ms: float


def evaluate(
    folder: Path, make: Make = Bm25Suggester, watch: Watch = lambda _done, _of: None
) -> Figures:
    """Ask a suggester at every turn of a folder that is labelled. Raises BadRequest naming
    the file and line that cannot be read."""
    documents, refused = read_batch(read_folder(folder), TENANT, "1970-01-01T00:00:00.000Z")
    library = Library(Fixed(documents))
    library.refresh(TENANT)
    shipped = AssistSettings()
    suggester = make(library, AssistSettings(limit=JUDGED, threshold=0.0, lines=shipped.lines))
    dialogues = read_dialogues(folder / "dialogues.jsonl")
    total = sum(len(d.queries) + len(d.no_doc) for d in dialogues)
    due: list[_Asked] = []
    silent: list[_Asked] = []
    for dialogue in dialogues:
        for query in dialogue.queries:
            due.append(_ask(suggester, dialogue, query.turn, query.gold))
            watch(len(due) + len(silent), total)
        for turn in dialogue.no_doc:
            silent.append(_ask(suggester, dialogue, turn, ()))
            watch(len(due) + len(silent), total)
    if not due:
        raise BadRequest(f"{folder / 'dialogues.jsonl'} holds no query")
    return _figures(due, silent, len(documents), len(refused), shipped.threshold)


def read_dialogues(path: Path) -> list[Dialogue]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise BadRequest(f"{path} cannot be read: {problem.strerror}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            dialogue = decoding.decode(Dialogue, line)
        except BadRequest as problem:
            raise BadRequest(f"{path.name}, line {number}: {problem.message}") from None
        asked = [*(query.turn for query in dialogue.queries), *dialogue.no_doc]
        if any(not 0 <= turn < len(dialogue.turns) for turn in asked):
            raise BadRequest(f"{path.name}, line {number}: a query's turn does not exist")
        found.append(dialogue)
    return found


def _ask(suggester: Suggester, dialogue: Dialogue, turn: int, gold: Sequence[str]) -> _Asked:
    lines = tuple(
        CallLine(said.speaker, said.text, f"{dialogue.id}-{place}", place + 1)
        for place, said in enumerate(dialogue.turns[: turn + 1])
    )
    started = perf_counter()
    proposal = suggester.suggest(CallExcerpt(TENANT, lines))
    ms = (perf_counter() - started) * 1e3
    ids = [document.id for document in proposal.documents[:JUDGED]]
    rank = next((place for place, doc_id in enumerate(ids, start=1) if doc_id in gold), 0)
    sure = max((document.relevance for document in proposal.documents), default=0.0)
    return _Asked(rank, sure, ms)


def _figures(
    due: Sequence[_Asked], silent: Sequence[_Asked], documents: int, refused: int, threshold: float
) -> Figures:
    ranks = np.array([asked.rank for asked in due])
    first = (ranks == 1).astype(float)
    among = (ranks > 0).astype(float)
    reciprocal = np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0.0)
    needed = np.array([asked.relevance for asked in due])
    unneeded = np.array([asked.relevance for asked in silent])
    ms = np.array([asked.ms for asked in [*due, *silent]])
    return Figures(
        recall_at_1=_rounded(first.mean()),
        recall_at_5=_rounded(among.mean()),
        mrr=_rounded(reciprocal.mean()),
        silence_auc=_rounded(auc(needed, unneeded)) if silent else None,
        latency_ms_p50=_rounded(np.percentile(ms, 50)),
        latency_ms_p95=_rounded(np.percentile(ms, 95)),
        queries=len(due),
        silences=len(silent),
        documents=documents,
        refused=refused,
        shown_when_due=_rounded((needed >= threshold).mean()),
        shown_when_silent=_rounded((unneeded >= threshold).mean()) if silent else None,
        recall_at_1_interval=_mean_interval(first),
        recall_at_5_interval=_mean_interval(among),
        mrr_interval=_mean_interval(reciprocal),
        silence_auc_interval=_auc_interval(needed, unneeded) if silent else None,
    )


def auc(needed: NDArray[np.float64], unneeded: NDArray[np.float64]) -> float:
    """The share of pairs in which the turn that needs a document has the higher relevance;
    equal ones count half."""
    higher = needed[:, None] > unneeded[None, :]
    equal = needed[:, None] == unneeded[None, :]
    return float(higher.mean() + 0.5 * equal.mean())


def _mean_interval(values: NDArray[np.float64]) -> Interval:
    draws = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    return _interval(values[draws].mean(axis=1))


def _auc_interval(needed: NDArray[np.float64], unneeded: NDArray[np.float64]) -> Interval:
    draw = np.random.default_rng(SEED)
    resampled = [
        auc(draw.choice(needed, len(needed)), draw.choice(unneeded, len(unneeded)))
        for _ in range(RESAMPLES)
    ]
    return _interval(np.array(resampled))


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return _rounded(low), _rounded(high)


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)


def _report(folder: Path, figures: Figures) -> str:
    lines = [f"{folder.name}: {figures.queries} queries, {figures.documents} documents"]
    for name in ("recall_at_1", "recall_at_5", "mrr", "silence_auc"):
        value, interval = getattr(figures, name), getattr(figures, f"{name}_interval")
        if value is not None:
            lines.append(f"  {name:<18} {value:.3f}  [{interval[0]:.3f}, {interval[1]:.3f}]")
    lines.append(
        f"  latency_ms p50/p95 {figures.latency_ms_p50:.2f} / {figures.latency_ms_p95:.2f}"
    )
    lines.append(f"  shown when due     {figures.shown_when_due:.3f}")
    if figures.shown_when_silent is not None:
        lines.append(f"  shown when silent  {figures.shown_when_silent:.3f}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m engine.assist.evaluate",
        description="Measure suggestions on a folder of kb.jsonl and dialogues.jsonl.",
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    chosen = parser.parse_args(arguments)
    # The bar goes to standard error: standard output is what a program may read.
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Reading {chosen.folder.name}", total=None)

        def watch(done: int, of: int) -> None:
            bar.update(task, description="Asking", completed=done, total=of)

        try:
            figures = evaluate(chosen.folder, watch=watch)
        except EngineError as problem:
            bar.stop()
            sys.stderr.write(f"{problem.message}\n")
            return 2
    if chosen.json:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    else:
        sys.stdout.write(_report(chosen.folder, figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

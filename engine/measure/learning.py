"""What votes teach: a replay of agents who judge what they are shown.

Owns the replay. Questions come in an order drawn from a seed; for each one the shipped ranking
proposes three documents, an agent votes on the first (and on the right one, if it is among the
others), some of them wrongly; what has been learnt is measured on questions that nobody voted
on. `python -m engine.measure.learning FOLDER [--json] [--seed N]`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from engine.assist.suggest import AssistSettings, CallSuggester
from engine.assist.view import CallExcerpt, CallLine
from engine.errors import BadRequest, EngineError
from engine.knowledge.documents import Document
from engine.knowledge.embedding import Embedder, Matrix
from engine.knowledge.minilm import MiniLm
from engine.knowledge.votes import Vote, VoteMemory
from engine.measure.corpus import TENANT, Shelf, Watch, index_of, read_dialogues, shelf_of
from engine.measure.figures import Interval, Numbers, mean_interval, rounded
from engine.measure.progress import shown_progress

SEEDS = 2  # replays that a point is the mean of; each judges other questions
STEPS = (0, 100, 300, 1_000)  # votes at which the curve is taken
JUDGED = 400  # questions that are never voted on, at most half
SHOWN = 3
SEED = 20_250_101
WRONG = (0.0, 0.3)  # of the votes


class Question(Struct, frozen=True):
    """`lines`: what was said, the customer's last."""

    lines: tuple[CallLine, ...]
    gold: frozenset[str]


class Remembering:
    """An embedder that embeds a text once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.model, self.dimension = embedder.model, embedder.dimension
        self._known: dict[str, Matrix] = {}

    def embed(self, texts: Sequence[str]) -> Matrix:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(new, self._embedder.embed(new), strict=True))
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[text] for text in texts])


class Point(Struct):
    """Over all replays. `gain`: over no vote, with the 95 % bootstrap interval of the paired
    difference."""

    votes: int
    recall_at_1: float
    gain: float
    gain_interval: Interval


class Curve(Struct):
    wrong: float
    points: list[Point]


class Learning(Struct):
    queries: int
    judged: int
    documents: int
    seed: int
    curves: list[Curve]


def learn(
    shelf: Shelf, questions: Sequence[Question], embedder: Embedder, seed: int, watch: Watch
) -> Learning:
    """The curves, one for each share of wrong votes."""
    embedder = Remembering(embedder)
    count = min(JUDGED, len(questions) // 2)
    curves = []
    for wrong in WRONG:
        replays = []
        for number in range(SEEDS):
            watch(f"Replaying, {wrong:.0%} of votes wrong", number, SEEDS)
            order = np.random.default_rng(seed + number).permutation(len(questions))
            judged = [questions[at] for at in order[:count]]
            voted = [questions[at] for at in order[count:]]
            replays.append(list(_replay(shelf, voted, judged, embedder, wrong, seed + number)))
        curves.append(Curve(wrong, _points(replays)))
    return Learning(len(questions), count, len(shelf.index(TENANT)), seed, curves)


def _points(replays: Sequence[Sequence[Numbers]]) -> list[Point]:
    """`replays`: of each one, at each step, which judged questions were right."""
    points = []
    for step, rights in zip(STEPS, zip(*replays, strict=True), strict=False):
        gain = np.concatenate([r - replay[0] for r, replay in zip(rights, replays, strict=True)])
        right = np.concatenate(rights)
        mean, gained = rounded(right.mean()), rounded(gain.mean())
        points.append(Point(step, mean, gained, mean_interval(gain)))
    return points


def _replay(
    shelf: Shelf,
    voted: Sequence[Question],
    judged: Sequence[Question],
    embedder: Embedder,
    wrong: float,
    seed: int,
) -> Iterator[Numbers]:
    votes = VoteMemory(embedder.model, embedder.dimension)
    settings = AssistSettings(limit=SHOWN, threshold=0.0)
    suggester = CallSuggester(shelf, settings, embedder, votes)
    draw = np.random.default_rng(seed + 1)
    given, asked = 0, iter(enumerate(voted))
    for step in STEPS:
        while given < step:
            number, question = next(asked, (-1, None))
            if question is None:
                return
            given += _vote(suggester, votes, question, number, draw, wrong)
        yield np.array([_is_first(suggester, question) for question in judged], dtype=float)


def _vote(
    suggester: CallSuggester,
    votes: VoteMemory,
    question: Question,
    number: int,
    draw: np.random.Generator,
    wrong: float,
) -> int:
    """The votes of one agent in one call; how many."""
    proposal = suggester.suggest(CallExcerpt(TENANT, question.lines))
    if proposal.query is None or not proposal.documents:
        return 0
    ids = [document.id for document in proposal.documents]
    looked_at = dict.fromkeys([ids[0], *(doc_id for doc_id in ids if doc_id in question.gold)])
    for doc_id in looked_at:
        helpful = (doc_id in question.gold) != (draw.random() < wrong)
        key = (TENANT, doc_id, f"agent-{number % 20}", f"call-{number}")
        votes.add(Vote(*key, proposal.query.model, proposal.query.vector, helpful, float(number)))
    return len(looked_at)


def _is_first(suggester: CallSuggester, question: Question) -> bool:
    documents = suggester.suggest(CallExcerpt(TENANT, question.lines)).documents
    return bool(documents) and documents[0].id in question.gold


def read_questions(folder: Path, embedder: Embedder, watch: Watch) -> tuple[Shelf, list[Question]]:
    """Of a folder of dialogues, or of `queries.csv` (text, category), whose categories are
    the documents. Raises BadRequest."""
    file = folder / "queries.csv"
    if not file.is_file():
        shelf = shelf_of(folder, embedder, watch)
        dialogues = read_dialogues(folder / "dialogues.jsonl")
        return shelf, [
            Question(dialogue.lines(query.turn), frozenset(query.gold))
            for dialogue in dialogues
            for query in dialogue.queries
        ]
    with file.open(newline="", encoding="utf-8") as read:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(read)]
    titles = {name: name.replace("_", " ").strip().capitalize() for _, name in rows}
    documents = [
        Document(name, title, title, TENANT, "1970-01-01T00:00:00.000Z")
        for name, title in sorted(titles.items())
    ]
    questions = [
        Question((CallLine("customer", text, f"q{number}", 1),), frozenset({name}))
        for number, (text, name) in enumerate(rows)
    ]
    return Shelf(index_of(documents, embedder, watch)), questions


def _report(folder: Path, found: Learning) -> str:
    lines = [f"{folder.name}: {found.queries} queries, {found.documents} documents"]
    for curve in found.curves:
        lines.append(f"  {curve.wrong:.0%} of votes wrong")
        for point in curve.points:
            low, high = point.gain_interval
            lines.append(
                f"    {point.votes:>5} votes  recall_at_1 {point.recall_at_1:.3f}"
                f"  gain {point.gain:+.3f}  [{low:+.3f}, {high:+.3f}]"
            )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m engine.measure.learning",
        description="Replay votes on a folder of dialogues, or of queries.csv.",
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args(arguments)
    embedder = MiniLm.installed()
    if embedder is None:
        sys.stderr.write("The packages of the embedding model are not installed.\n")
        return 2
    with shown_progress(chosen.folder.name) as watch:
        try:
            shelf, questions = read_questions(chosen.folder, embedder, watch)
            if len(questions) < 2:
                raise BadRequest(f"{chosen.folder} holds too few queries")
            found = learn(shelf, questions, embedder, chosen.seed, watch)
        except (EngineError, KeyError) as problem:
            sys.stderr.write(f"{chosen.folder}: {problem}\n")
            return 2
    if chosen.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        sys.stdout.write(_report(chosen.folder, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

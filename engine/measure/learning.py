"""What votes teach: a replay of agents who judge what they are shown.

Owns the replay. Questions come in an order drawn from a seed; where the shipped ranking shows
something, an agent votes on the first document (and on the right one, if it is among the
others), some of them wrongly; what has been learnt is measured on the questions of calls that
nobody voted in. Where questions are few they come again, in other calls.
`python -m engine.measure.learning FOLDER [--json] [--seed N] [--seeds N] [--plot FILE]`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from msgspec import Struct

from engine.assist.suggest import AssistSettings, CallSuggester
from engine.assist.view import CallExcerpt
from engine.errors import BadRequest
from engine.knowledge.embedding import Embedder
from engine.knowledge.minilm import Shipped
from engine.knowledge.votes import Vote, VoteMemory
from engine.measure.command import parser_of, told
from engine.measure.corpus import KEPT, TENANT, Shelf, Watch
from engine.measure.figures import Interval, Numbers, mean_interval, rounded
from engine.measure.plot import Line, plot
from engine.measure.questions import Question, Remembering, read_questions

SEEDS = 10  # replays that a point is the mean of; each judges other questions
STEPS = (0, 50, 100, 300, 700, 1_000)  # votes at which the curve is taken
JUDGED = 400  # questions that are never voted on, at most about half
AGENTS = 20
SEED = 20_250_101
WRONG = (0.0, 0.3)  # of the votes
COLOURS = ("#1565c0", "#c62828")  # of their curves


class Point(Struct):
    """`gain`: over no vote, the mean of the replays, with its 95 % bootstrap interval over
    them; `gain_worst`: of the replay that gained least."""

    votes: int
    recall_at_1: float
    gain: float
    gain_interval: Interval
    gain_worst: float


class Curve(Struct):
    wrong: float
    points: list[Point]


class Learning(Struct):
    """`judged`: questions of a replay, the fewest."""

    queries: int
    judged: int
    documents: int
    seed: int
    seeds: int
    curves: list[Curve]


def learn(
    shelf: Shelf,
    questions: Sequence[Question],
    embedder: Embedder,
    watch: Watch,
    seed: int = SEED,
    seeds: int = SEEDS,
) -> Learning:
    """The curves, one for each share of wrong votes. Raises BadRequest where a single call
    asks everything."""
    embedder = Remembering(embedder)
    splits = [_split(questions, seed + number) for number in range(seeds)]
    curves = []
    for wrong in WRONG:
        replays = []
        for number, (judged, voted) in enumerate(splits):
            watch(f"Replaying, {wrong:.0%} of votes wrong", number, seeds)
            replays.append(list(_replay(shelf, voted, judged, embedder, wrong, seed + number)))
        curves.append(Curve(wrong, _points(replays)))
    fewest = min(len(judged) for judged, _ in splits)
    return Learning(len(questions), fewest, len(shelf.index(TENANT)), seed, seeds, curves)


def _split(questions: Sequence[Question], seed: int) -> tuple[list[Question], list[Question]]:
    """(judged, voted on): no call is in both."""
    calls = list(dict.fromkeys(question.call for question in questions))
    if len(calls) < 2:
        raise BadRequest("a replay takes queries of two calls at least")
    order = np.random.default_rng(seed).permutation(len(calls))
    place = {calls[at]: place for place, at in enumerate(order)}
    shuffled = sorted(questions, key=lambda question: place[question.call])
    most = min(JUDGED, len(questions) // 2)
    last = shuffled[max(most - 1, 0)].call
    last = last if last != shuffled[-1].call else shuffled[0].call
    cut = max(at for at, question in enumerate(shuffled) if question.call == last) + 1
    return shuffled[:cut], shuffled[cut:]


def _points(replays: Sequence[Sequence[Numbers]]) -> list[Point]:
    """`replays`: of each one, at each step, which judged questions were right."""
    points = []
    for step, rights in zip(STEPS, zip(*replays, strict=False), strict=False):
        right = np.array([right.mean() for right in rights])
        gain = right - np.array([replay[0].mean() for replay in replays])
        mean, gained, worst = (rounded(of) for of in (right.mean(), gain.mean(), gain.min()))
        points.append(Point(step, mean, gained, mean_interval(gain), worst))
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
    shown = CallSuggester(shelf, AssistSettings(), embedder, votes)
    ranked = CallSuggester(shelf, AssistSettings(limit=1, threshold=0.0), embedder, votes)
    cast = _cast(shown, voted, np.random.default_rng(seed + 1), wrong)
    given = 0
    for step in STEPS:
        while given < step:
            vote = next(cast, None)
            if vote is None:
                return
            votes.add(vote)
            given += 1
        yield np.array([_is_first(ranked, question) for question in judged], dtype=float)


def _cast(
    suggester: CallSuggester, voted: Sequence[Question], draw: np.random.Generator, wrong: float
) -> Iterator[Vote]:
    """Votes without end, each question in a call of its own; none where nothing is shown."""
    number = 0
    for lap in count():
        before = number
        for question in voted:
            proposal = suggester.suggest(CallExcerpt(TENANT, question.lines))
            if proposal.query is None or not proposal.documents:
                continue
            ids = [document.id for document in proposal.documents]
            others = (doc_id for doc_id in ids if doc_id in question.gold)
            for doc_id in dict.fromkeys([ids[0], *others]):
                helpful = (doc_id in question.gold) != (draw.random() < wrong)
                key = (TENANT, doc_id, f"agent-{(number + lap) % AGENTS}", f"call-{number}")
                asked = (proposal.query.model, proposal.query.vector)
                yield Vote(*key, *asked, helpful, float(number))
            number += 1
        if number == before:
            return


def _is_first(suggester: CallSuggester, question: Question) -> bool:
    documents = suggester.suggest(CallExcerpt(TENANT, question.lines)).documents
    return bool(documents) and documents[0].id in question.gold


def _report(folder: Path, found: Learning) -> str:
    lines = [
        f"{folder.name}: {found.queries} queries, {found.documents} documents;"
        f" {found.seeds} replays, {found.judged} queries judged"
    ]
    for curve in found.curves:
        lines.append(f"  {curve.wrong:.0%} of votes wrong")
        for point in curve.points:
            low, high = point.gain_interval
            lines.append(
                f"    {point.votes:>5} votes  recall_at_1 {point.recall_at_1:.3f}"
                f"  gain {point.gain:+.3f}  [{low:+.3f}, {high:+.3f}]"
                f"  worst {point.gain_worst:+.3f}"
            )
    return "\n".join(lines) + "\n"


def _drawn(folder: Path, found: Learning) -> str:
    lines = []
    for curve, colour in zip(found.curves, COLOURS, strict=True):
        name = f"{curve.wrong:.0%} wrong" if curve.wrong else "none wrong"
        means = [(point.votes, point.gain) for point in curve.points]
        worst = [(point.votes, point.gain_worst) for point in curve.points]
        lines += [Line(name, colour, means), Line("", colour, worst, dashed=True)]
    return plot(
        f"gain in R@1 by votes, {folder.name}, {found.seeds} replays (dashed: worst)", lines
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = parser_of(
        "engine.measure.learning", "Replay votes on a folder of dialogues, or of queries.csv."
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="replays, 1 or more")
    parser.add_argument("--plot", type=Path, help="a file for the curves, SVG")
    chosen = parser.parse_args(arguments)
    if chosen.seeds < 1:
        parser.error("--seeds is 1 or more")
    shipped = Shipped.installed(KEPT)
    if shipped is None:
        sys.stderr.write("The packages of the embedding model are not installed.\n")
        return 2

    def measure(watch: Watch) -> Learning:
        shelf, questions = read_questions(chosen.folder, shipped.documents, watch)
        found = learn(shelf, questions, shipped.questions, watch, chosen.seed, chosen.seeds)
        if chosen.plot:
            chosen.plot.write_text(_drawn(chosen.folder, found), encoding="utf-8")
        return found

    return told(chosen, measure, _report)


if __name__ == "__main__":
    sys.exit(main())

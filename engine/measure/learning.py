"""What votes teach: a replay of agents who judge what they are shown.

Owns the replay. Questions come in an order drawn from a seed; where the shipped ranking shows
something, an agent votes on the first document (and on the right one, if it is among the
others), some of them wrongly, by chance or always the same agents; what has been learnt is
measured on the questions of calls that nobody voted in. Where questions are few they come
again, in other calls.
`python -m engine.measure.learning FOLDER [--json] [--seed N] [--seeds N] [--plot FILE]`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from engine.assist.suggest import AssistSettings, Suggester
from engine.assist.view import CallExcerpt
from engine.errors import BadRequest
from engine.knowledge.embedding import Embedder
from engine.knowledge.minilm import Shipped
from engine.knowledge.votes import Vote, VoteMemory
from engine.measure.command import parser_of, told
from engine.measure.corpus import KEPT, TENANT, Shelf, Watch
from engine.measure.figures import Interval, Numbers, mean_interval, rounded
from engine.measure.kept import Kept, KeptSuggester
from engine.measure.plot import Line, plot
from engine.measure.questions import Question, Remembering, read_questions

SEEDS = 10  # replays that a point is the mean of; each judges other questions
STEPS = (0, 50, 100, 300, 700, 1_000)  # votes at which the curve is taken
JUDGED = 400  # questions that are never voted on, at most about half
AGENTS = 20
SEED = 20_250_101
WRONG = (0.0, 0.3)  # of the votes, whoever gives them
CONTRARY = 6  # of AGENTS, whose votes are all wrong: 30 % again, but not by chance
COLOURS = ("#1565c0", "#c62828", "#6a1b9a")  # of the curves


class Point(Struct):
    """`gain`: over no vote, the mean of the replays, with its 95 % bootstrap interval over
    them; `gain_worst`: of the replay that gained least."""

    votes: int
    recall_at_1: float
    gain: float
    gain_interval: Interval
    gain_worst: float


class Curve(Struct):
    """`wrong`: the share of wrong votes. `contrary`: of AGENTS, who give all the wrong ones;
    0: anybody does."""

    wrong: float
    points: list[Point]
    contrary: int = 0

    @property
    def name(self) -> str:
        if self.contrary:
            return f"{self.contrary} of {AGENTS} agents always wrong"
        return f"{self.wrong:.0%} of votes wrong"


class _Noise(NamedTuple):
    """What is wrong with votes: each one by chance, or all of some agents."""

    wrong: float
    contrary: int = 0

    def of(self, seed: int) -> Callable[[int], bool]:
        """Agent's number -> whether the next vote of theirs is wrong."""
        draw = np.random.default_rng(seed + 1)
        if not self.contrary:
            return lambda _agent: bool(draw.random() < self.wrong)
        chosen = frozenset(int(one) for one in draw.choice(AGENTS, self.contrary, replace=False))
        return lambda agent: agent in chosen


NOISES = (*map(_Noise, WRONG), _Noise(CONTRARY / AGENTS, CONTRARY))


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
    """The curves, one for each kind of wrong votes. Raises BadRequest where a single call
    asks everything."""
    embedder, kept = Remembering(embedder), Kept()
    splits = [_split(questions, seed + number) for number in range(seeds)]
    curves = []
    for noise in NOISES:
        curve = Curve(noise.wrong, [], noise.contrary)
        replays = []
        for number, (judged, voted) in enumerate(splits):
            watch(f"Replaying, {curve.name}", number, seeds)
            wrong = noise.of(seed + number)
            replays.append(list(_replay(_Bench(shelf, embedder, kept), voted, judged, wrong)))
        curve.points = _points(replays)
        curves.append(curve)
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


class _Bench:
    """A memory without a vote, and the shipped suggester before it, who knows the questions."""

    def __init__(self, shelf: Shelf, embedder: Embedder, kept: Kept) -> None:
        self.votes = VoteMemory(embedder.model, embedder.dimension)
        common = (embedder, self.votes, kept)
        self.shown = KeptSuggester(shelf, AssistSettings(), *common)
        self.ranked = KeptSuggester(shelf, AssistSettings(limit=1, threshold=0.0), *common)


def _replay(
    bench: _Bench,
    voted: Sequence[Question],
    judged: Sequence[Question],
    wrong: Callable[[int], bool],
) -> Iterator[Numbers]:
    cast = _cast(bench.shown, voted, wrong)
    given = 0
    for step in STEPS:
        while given < step:
            vote = next(cast, None)
            if vote is None:
                return
            bench.votes.add(vote)
            given += 1
        yield np.array([_is_first(bench.ranked, question) for question in judged], dtype=float)


def _cast(
    suggester: Suggester, voted: Sequence[Question], wrong: Callable[[int], bool]
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
                agent = (number + lap) % AGENTS
                helpful = (doc_id in question.gold) != wrong(agent)
                key = (TENANT, doc_id, f"agent-{agent}", f"call-{number}")
                asked = (proposal.query.model, proposal.query.vector)
                yield Vote(*key, *asked, helpful, float(number))
            number += 1
        if number == before:
            return


def _is_first(suggester: Suggester, question: Question) -> bool:
    documents = suggester.suggest(CallExcerpt(TENANT, question.lines)).documents
    return bool(documents) and documents[0].id in question.gold


def _report(folder: Path, found: Learning) -> str:
    lines = [
        f"{folder.name}: {found.queries} queries, {found.documents} documents;"
        f" {found.seeds} replays, {found.judged} queries judged"
    ]
    for curve in found.curves:
        lines.append(f"  {curve.name}")
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
        name = f"{curve.contrary} agents wrong" if curve.contrary else name
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

"""Making a failing schedule smaller: fewer kinds of faults, then fewer acts.

Owns the search. What is kept must still fail, though maybe otherwise than at first: time
and chance run on from what was taken out.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.faults import KINDS
from tests.simulation.schedule import Act, Outcome, Schedule, run

MOST_RUNS = 400

Progress = Callable[[Schedule], None]


class Search:
    """`best` always fails."""

    def __init__(self, failed: Outcome, progress: Progress = lambda best: None) -> None:
        self.best = failed
        self.runs = 0
        self._progress = progress

    def tries(self, candidate: Schedule) -> bool:
        """True: it fails too, and is the best now."""
        if self.runs >= MOST_RUNS:
            return False
        self.runs += 1
        outcome = run(candidate)
        if outcome.fault is None:
            return False
        self.best = outcome
        self._progress(candidate)
        return True


def shrink(failed: Outcome, progress: Progress = lambda best: None) -> Outcome:
    """The smallest failing schedule found, with its trace."""
    search = Search(failed, progress)
    _cut_the_end(search)
    _switch_off(search)
    _take_out(search)
    return run(search.best.schedule, traced=True)


def _cut_the_end(search: Search) -> None:
    """By bisection: the fewest first acts that fail."""
    low, high = 0, len(search.best.schedule.acts)
    while low < high:
        middle = (low + high) // 2
        schedule = search.best.schedule
        if search.tries(schedule._replace(acts=schedule.acts[:middle])):
            high = middle
        else:
            low = middle + 1


def _switch_off(search: Search) -> None:
    for kind in KINDS:
        schedule = search.best.schedule
        if kind not in schedule.off:
            acts = tuple(act for act in schedule.acts if act.kind != kind)
            search.tries(schedule._replace(acts=acts, off=schedule.off | {kind}))


def _take_out(search: Search) -> None:
    """Runs of acts, then single ones, until nothing more can go."""
    size = max(1, len(search.best.schedule.acts) // 2)
    while size:
        place, fewer = 0, False
        while place < len(search.best.schedule.acts):
            schedule = search.best.schedule
            acts: tuple[Act, ...] = schedule.acts[:place] + schedule.acts[place + size :]
            if search.tries(schedule._replace(acts=acts)):
                fewer = True
            else:
                place += size
        if not fewer or size > 1:
            size //= 2

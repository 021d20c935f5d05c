"""The simulation has teeth: classic bugs, planted in the real code, are caught."""

from __future__ import annotations

import pytest

from tests.simulation.planted import BUGS, FAVOURS, planted
from tests.simulation.schedule import draw, run

MOST_SCHEDULES = 300


def test_at_least_twelve_bugs_are_planted() -> None:
    assert len(BUGS) >= 12


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught_within_a_bounded_number_of_schedules(name: str) -> None:
    with planted(name):
        for seed in range(MOST_SCHEDULES):
            if run(draw(seed, favour=FAVOURS.get(name, ()))).fault is not None:
                return
    pytest.fail(f"{name}: not caught in {MOST_SCHEDULES} schedules")

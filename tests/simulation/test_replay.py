"""A seed says everything: it replays exactly, and a failing one can be made smaller."""

from __future__ import annotations

import pytest

from tests.simulation import faults
from tests.simulation.acts import WEIGHTS
from tests.simulation.planted import planted
from tests.simulation.schedule import draw, run
from tests.simulation.shrink import shrink


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_replays_to_the_same_trace(seed: int) -> None:
    first, second = run(draw(seed), traced=True), run(draw(seed), traced=True)
    assert len(first.trace) > 100
    assert first.trace == second.trace


def test_looking_does_not_change_what_happens() -> None:
    assert run(draw(11)).steps == run(draw(11), traced=True).steps


def test_a_failing_schedule_is_made_smaller_and_still_fails() -> None:
    with planted("room not noticed"):
        failed = next(one for one in (run(draw(seed)) for seed in range(300)) if one.fault)
        smallest = shrink(failed)
    assert smallest.fault is not None
    assert len(smallest.schedule.acts) < len(failed.schedule.acts)
    assert smallest.schedule.off
    assert run(smallest.schedule).fault is None, "the bug is out of the code again"


def test_a_fault_switched_off_does_not_happen() -> None:
    off = frozenset(faults.KINDS)
    traces = [run(draw(seed, off), traced=True).trace for seed in range(20)]
    assert not [line for trace in traces for line in trace if "  fault " in line]


def test_every_kind_of_fault_can_be_switched_off_and_every_act_has_a_kind() -> None:
    assert set(faults.ACTS) <= set(WEIGHTS)

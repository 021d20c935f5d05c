"""Whatever happens in whatever order: every screen shows the log, every command counts once."""

from __future__ import annotations

import pytest

from tests.actors.chaos import Chaos

SEEDS = 250
PARTS = 10  # tests; a failing one names its seeds


@pytest.mark.parametrize("part", range(PARTS))
def test_every_screen_equals_the_log_and_every_acknowledged_command_counts_once(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        try:
            Chaos(seed).run()
        except AssertionError as found:
            raise AssertionError(f"seed {seed}: {found}") from found


def test_a_seed_replays_exactly() -> None:
    runs = [Chaos(7), Chaos(7)]
    for run in runs:
        run.run()
    first, second = ([viewer.screen.sent for viewer in run.viewers] for run in runs)
    assert first == second

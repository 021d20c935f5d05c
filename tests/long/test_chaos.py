"""The scenarios of `make chaos` that are too long for `make test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.scenarios import ALL
from tests.chaos.stage import Scenario, play


@pytest.mark.parametrize(
    "scenario", [one for one in ALL if not one.fast], ids=lambda one: str(one.name)
)
def test_nothing_is_lost_repeated_or_out_of_order(scenario: Scenario, tmp_path: Path) -> None:
    row = play(scenario, tmp_path)
    assert row.verdict.faults == 0, row.verdict.notes

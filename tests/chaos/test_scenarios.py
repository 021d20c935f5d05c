"""The scenarios that take a few seconds; `make chaos` plays them all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.report import cells, markdown
from tests.chaos.scenarios import ALL
from tests.chaos.stage import LINES, Scenario, play

FAST = [one for one in ALL if one.fast]


@pytest.mark.parametrize("scenario", FAST, ids=lambda one: one.name)
def test_nothing_is_lost_repeated_or_out_of_order(scenario: Scenario, tmp_path: Path) -> None:
    shorter = replace(scenario.setting, before_s=1.0)
    row = play(replace(scenario, setting=shorter), tmp_path)
    assert row.verdict.faults == 0, row.verdict.notes
    least = scenario.setting.calls * 2 * LINES
    assert row.verdict.appended >= least, "hardly anything was said"
    assert row.verdict.delivered > row.verdict.appended
    assert len(row.recoveries_ms) == row.browsers, "somebody heard nothing afterwards"
    assert cells(row)[0] in markdown([row])


def test_scenarios_have_names_of_their_own() -> None:
    assert len({one.name for one in ALL}) == len(ALL)

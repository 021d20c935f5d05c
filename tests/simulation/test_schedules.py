"""Whatever happens to a cluster: nothing is lost, nothing comes twice or out of order.

CI runs these seeds; `make simulate N=...` as many as you like.
"""

from __future__ import annotations

import pytest

from tests.simulation.schedule import draw, run

SEEDS = 2400
PARTS = 12  # tests, so that a failing one is named soon


@pytest.mark.parametrize("part", range(PARTS))
def test_every_invariant_holds_on_every_schedule(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        fault = run(draw(seed)).fault
        assert fault is None, f"seed {seed}: {fault} (make simulate SEED={seed} shows how)"

"""The desk stays as light as it began: an agent's day of sixty calls, and one call of three hours.

Owns how long they take: `EARSHOT_SOAK_CALLS` (60) of `EARSHOT_SOAK_CALL_S` (16: eight hours of
eight-minute calls, thirty times as fast), and `EARSHOT_LONG_CALL_S` (10,800, in real time). What
is done in them is in desk/soak.mjs and desk/call.mjs; both say on stderr how it stands
(`-s` shows it), and how long frames and tasks took, which nobody judges here.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.browser.conftest import needed
from tests.live.server import SECRET, running

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).with_name("desk")
CALLS = int(os.environ.get("EARSHOT_SOAK_CALLS", "60"))
CALL_S = int(os.environ.get("EARSHOT_SOAK_CALL_S", "16"))
LONG_S = int(os.environ.get("EARSHOT_LONG_CALL_S", "10800"))
SETTINGS = {"EARSHOT__ASSIST__THRESHOLD": "0.01"}

MOST_GROWTH_MB = 15
MOST_DETACHED = 50
MOST_KEPT_BYTES = 2**20
MOST_ROWS = 150
# The desk lists the last twenty ended calls: until then, each call adds a row with its listeners.
LISTED = 20
# A banner that is open at one look, some rows more at another; a leak of one a call is 40.
MOST_MORE_LISTENERS = 30


def played(folder: Path, script: str, *arguments: int, bound_s: float) -> Any:
    with running(folder, **SETTINGS) as server:
        ran = subprocess.run(
            [needed("node"), str(SCRIPTS / script), server.url, *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | {"CHROMIUM": needed("chromium"), "JWT_SECRET": SECRET},
            stdout=subprocess.PIPE,
            text=True,
            timeout=bound_s,
            check=True,
        )
    return json.loads(ran.stdout)


def assert_light(samples: list[dict[str, Any]]) -> None:
    """Against the first sample, which is taken when everything has been used once."""
    first = samples[0]
    settled = [sample for sample in samples if sample.get("calls", LISTED + 1) > LISTED]
    for sample in settled:
        assert sample["listeners"] <= settled[0]["listeners"] + MOST_MORE_LISTENERS, samples
    for sample in samples:
        assert sample["heap_mb"] <= first["heap_mb"] + MOST_GROWTH_MB, samples
        assert sample["detached"] <= MOST_DETACHED, samples
        assert sample["kept_bytes"] <= MOST_KEPT_BYTES, samples


def test_a_day_of_calls_leaves_nothing_behind(tmp_path: Path) -> None:
    samples = played(tmp_path, "soak.mjs", CALLS, CALL_S, bound_s=CALLS * (CALL_S + 30) + 120)
    assert samples[-1]["calls"] == CALLS
    assert samples[-1]["complaints"] == []
    assert_light(samples)


def test_a_call_of_three_hours_stays_light_and_can_be_read_while_it_goes_on(
    tmp_path: Path,
) -> None:
    seen = played(tmp_path, "call.mjs", LONG_S, bound_s=LONG_S * 1.2 + 300)
    assert seen["complaints"] == []
    assert seen["said"] >= 0.9 * LONG_S * 5_000 / 10_800, "the lines came in real time"
    assert_light(seen["samples"])
    for sample in seen["samples"]:
        assert 0 < sample["rows"] <= MOST_ROWS, sample
        assert sample["drift_px"] <= 1, sample

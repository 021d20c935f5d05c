"""All nodes are restarted, one after the other, under load: nobody with a cursor loses or is told
anything twice. (The long one: tests/long/test_rolling.py.)
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from engine.store_embedded import EmbeddedStore
from tests.live.rolling import LINES, rolling_restart
from tests.live.server import running


def test_a_rolling_restart_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with contextlib.ExitStack() as up:
        store = EmbeddedStore.start(tmp_path / "store")
        up.callback(store.stop)
        nodes = [
            up.enter_context(running(tmp_path / name, REDIS_URL=store.url)) for name in ("a", "b")
        ]
        outcome = rolling_restart(nodes)
    assert outcome.faultless, outcome
    assert outcome.appended >= 2 * 3 * LINES, "of two calls, before, between and after"
    assert len(outcome.away_s) >= 12  # each was on the one that left first, or on the other then

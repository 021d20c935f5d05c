"""Three nodes, restarted one after the other again and again, under the load of many followers."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from engine.store_embedded import EmbeddedStore
from tests.live.rolling import rolling_restart
from tests.live.server import running

ROUNDS = 4
FOLLOWERS = 120
CALLS = 10


def test_many_rolling_restarts_lose_and_repeat_nothing(tmp_path: Path) -> None:
    with contextlib.ExitStack() as up:
        store = EmbeddedStore.start(tmp_path / "store")
        up.callback(store.stop)
        settings = {"REDIS_URL": store.url}
        nodes = [up.enter_context(running(tmp_path / name, **settings)) for name in "abc"]
        outcome = rolling_restart(
            nodes, rounds=ROUNDS, pause_s=2.0, calls=CALLS, followers=FOLLOWERS
        )
    sys.stdout.write(f"\n{outcome}\n")
    assert outcome.faultless, outcome
    assert len(outcome.away_s) > FOLLOWERS * ROUNDS / 2

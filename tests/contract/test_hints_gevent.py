"""The hint stream where the server runs it: under gevent, wished for from within the hub."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNDER_GEVENT = """
from gevent import monkey
monkey.patch_all()
import sys
import gevent
from engine.hints_redis import Following, HintStream
from engine.log import CallKey
from engine.store import connect
from web.loop_waiter import LoopWaiter

waiter = LoopWaiter() if sys.argv[2] == "loop" else None
stream = HintStream(lambda: connect(sys.argv[1]), waiter=waiter)
call = CallKey("tenant", "call-under-gevent")
arrivals = []
reader = gevent.spawn(lambda: arrivals.extend(stream.next(10)))
gevent.sleep(0.1)
# In the hub a switch is an error: it would be printed, and nothing would be followed.
gevent.get_hub().loop.run_callback(stream.follow, call)
with gevent.Timeout(10):
    while not arrivals:
        gevent.sleep(0.01)  # other greenlets run while the reader waits
assert arrivals == [Following(call)], arrivals
print("followed")
"""


@pytest.mark.parametrize("waiter", ["poll", "loop"])
def test_a_call_can_be_followed_from_within_gevents_hub(redis_url: str, waiter: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT, redis_url, waiter],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("followed\n", "")

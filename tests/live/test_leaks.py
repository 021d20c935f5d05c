"""Ten thousand clients come and go in every way there is, and leave nothing behind."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.comers import Crowd
from tests.live.server import BOUND_S, LiveServer, until

WARM = 2_000  # caches, pools and the allocator's arenas have their size by then
ALL = 10_000
AT_ONCE = 40
PING_S = 2.0  # interval and time-out: who went without a word is gone after both
AUTHENTICATE_S = 5
SETTLE_S = 30.0
# From WARM to ALL. A leaked string of a connection is one block more; what is large enough to be
# no block of Python's shows in the resident memory, which moves by some MiB of its own.
BLOCKS_AN_ARRIVAL = 0.25
KIB_AN_ARRIVAL = 2.0
MOST_STRAY = 100  # objects of one type: of a request under way, and cancelled timers; the
# rarest way to come and go is taken by 300
MOST_MORE = 8  # timers, greenlets and descriptors, of the store's pool that fills as needed


class CountingServer(LiveServer):
    PROGRAM = ("-m", "tests.live.counting_server")

    def counts(self) -> dict[str, dict[str, int]]:
        response = requests.get(f"{self.url}/counts", timeout=BOUND_S)
        found: dict[str, dict[str, int]] = response.json()
        return found

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CountingServer]:
    found = CountingServer(
        tmp_path / "counting",
        EARSHOT__SERVER__PING_INTERVAL_S=PING_S,
        EARSHOT__SERVER__PING_TIMEOUT_S=PING_S,
        EARSHOT__LIMITS__AUTHENTICATE_S=AUTHENTICATE_S,
    )
    try:
        found.start()
        yield found
    finally:
        found.end()


class Rest:
    """What a quiet server holds: `tables` a connection is entered in, and what else there is."""

    def __init__(self, server: CountingServer) -> None:
        counts = server.counts()
        self.tables = counts["tables"]
        self.others = counts["others"] | {"descriptors": server.descriptors()}
        self.objects = counts["objects"]
        self.memory = counts["memory"] | {"resident_kib": server.resident_kib()}

    def left_over(self, before: Rest) -> dict[str, tuple[int, int]]:
        """What is there and should not be, and what there is more of than before."""
        found = {name: (0, count) for name, count in self.tables.items() if count}
        for then, now, most in (
            (before.others, self.others, MOST_MORE),
            (before.objects, self.objects, MOST_STRAY),
        ):
            for name, count in now.items():
                if count > then.get(name, 0) + most:
                    found[name] = (then.get(name, 0), count)
        return found


def settled(server: CountingServer) -> Rest:
    """Once everybody has gone, and the time-outs of those who said nothing are over."""
    until(lambda: server.metric("connections") == 0, SETTLE_S)
    until(lambda: server.counts()["tables"]["transports"] == 0, SETTLE_S)
    # Pings and joins of the last that came are due no more.
    time.sleep(max(2 * PING_S, AUTHENTICATE_S) + 0.5)
    return Rest(server)


def test_ten_thousand_who_come_and_go_leave_nothing_behind(server: CountingServer) -> None:
    began = time.monotonic()
    call_id = server.caller().create("anna")
    crowd = Crowd(server.port, server.token("anna"), call_id)
    crowd.come_and_go(WARM, AT_ONCE)
    before = settled(server)
    crowd.come_and_go(ALL - WARM, AT_ONCE)
    after = settled(server)
    took_s = time.monotonic() - began

    print_facts(before, after, took_s)
    assert after.left_over(before) == {}
    more = {name: after.memory[name] - before.memory[name] for name in after.memory}
    assert more["blocks"] < BLOCKS_AN_ARRIVAL * (ALL - WARM), more
    assert more["resident_kib"] < KIB_AN_ARRIVAL * (ALL - WARM), more
    assert "Traceback" not in server.log
    # It still serves, as at first.
    crowd.by_close_frame()


def print_facts(before: Rest, after: Rest, took_s: float) -> None:
    facts: dict[str, Any] = {
        "seconds": round(took_s, 1),
        "memory": (before.memory, after.memory),
        "others": (before.others, after.others),
    }
    print(facts)  # noqa: T201 - shown by pytest when the test fails, or with -s

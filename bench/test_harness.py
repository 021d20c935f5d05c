"""The load generator sees what it must see: run against the floor, sound and with faults.

`python -m pytest bench`, after `make -C bench`. Nothing here measures speed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))

from harness import plot  # noqa: E402 - the harness is found beside this file
from harness.load import BINARY, RELAY, SUBSCRIBE  # noqa: E402
from harness.summary import Summary  # noqa: E402

from tests.held_ports import HOST, held_port  # noqa: E402

BOUND_S = 60.0
TRIES = 5

pytestmark = pytest.mark.skipif(not BINARY.exists(), reason="make -C bench builds it")


@pytest.fixture
def floor(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a floor; the test's parameter is its fault."""
    port = held_port()
    environment = os.environ | {"PORT": str(port), "FLOOR_FAULT": getattr(request, "param", "")}
    process = subprocess.Popen([BINARY.with_name("floor")], env=environment)
    try:
        _wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + BOUND_S
    while True:
        late = time.monotonic() > deadline
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        assert not late, "the floor does not listen"
        time.sleep(0.01)


def load(port: int, *more: str) -> dict[str, Any]:
    command = [str(BINARY), "--port", str(port), "--join", SUBSCRIBE, "--event", RELAY]
    command += ["--producers", "1", "--warmup", "0.1", "--seconds", "0.4", "--drain", "5", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND_S, check=False)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def busy_load(port: int, is_enough: Callable[[dict[str, Any]], bool], *more: str) -> dict[str, Any]:
    """The best of some: a machine that stands still for a second sends nothing in half of one."""
    for _ in range(TRIES):
        seen = load(port, *more)
        if is_enough(seen):
            break
    return seen


def test_every_delivery_of_a_sound_server_is_counted_once(floor: int) -> None:
    more = ("--receivers", "20", "--calls", "4", "--window", "8")
    seen = busy_load(floor, lambda found: found["sent"] > 200, *more)
    assert seen["joined"] == 20
    assert seen["delivered"] == seen["sent"] * 5 > 1000
    assert not any(seen[name] for name in ("missing", "gaps", "repeats", "errors"))
    assert seen["latency_us"]["count"] <= seen["delivered"]


@pytest.mark.parametrize("floor", ["drop"], indirect=True)
def test_an_event_that_never_arrives_is_missing_and_leaves_a_gap(floor: int) -> None:
    # What is on its way at the end is waited for longer than a machine stands still.
    more = ("--receivers", "4", "--calls", "1", "--rate", "2000", "--drain", "3")
    seen = busy_load(floor, lambda found: found["sent"] >= 100, *more)
    assert seen["missing"] == seen["sent"] // 100
    assert seen["gaps"] in (seen["missing"], seen["missing"] - 1)  # the last may be the last sent


@pytest.mark.parametrize("floor", ["repeat"], indirect=True)
def test_an_event_that_comes_twice_is_a_repeat_and_counts_once(floor: int) -> None:
    more = ("--receivers", "4", "--calls", "1", "--rate", "2000")
    seen = busy_load(floor, lambda found: found["sent"] >= 100, *more)
    assert seen["repeats"] == seen["sent"] // 100 > 0
    assert seen["delivered"] == 4 * seen["sent"]


@pytest.mark.parametrize("floor", ["hang-up"], indirect=True)
def test_a_connection_that_is_closed_ends_the_run(floor: int) -> None:
    seen = load(floor, "--receivers", "4", "--calls", "1", "--rate", "2000")
    assert seen["lost_connections"] == 1
    assert seen["first_error"] == "ended by the server"


def test_acknowledgements_are_counted_without_receivers(floor: int) -> None:
    more = ("--calls", "1", "--ack", "--window", "4")
    seen = busy_load(floor, lambda found: found["sent"] > 1000, *more)
    assert seen["acknowledged"] == seen["sent"] > 1000
    assert seen["ack_latency_us"]["p50"] <= seen["ack_latency_us"]["p99"]


def test_a_fixed_rate_is_held(floor: int) -> None:
    held = pytest.approx(250, abs=15)
    more = ("--receivers", "2", "--calls", "2", "--rate", "500")
    seen = busy_load(floor, lambda found: found["sent"] == held, *more)
    assert seen["sent"] == held


def test_a_batch_counts_each_of_its_items(floor: int) -> None:
    item = '{"call_id":"{call}","text":"{text}"}'
    event = '["bench:relay",{items}]'
    seen = load(floor, "--calls", "1", "--ack", "--batch", "3", "--item", item, "--event", event)
    assert seen["sent"] == 3 * seen["acknowledged"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--receivers", "many"], "--receivers takes a number"),
        (["--calls", "3", "--producers", "2"], "multiple of --producers"),
        (["--producers", "1"], "give --ack or --receivers"),
    ],
)
def test_an_ill_option_is_named(options: list[str], complaint: str) -> None:
    command = [str(BINARY), "--port", "9", "--event", RELAY, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND_S, check=False)
    assert done.returncode == 2
    assert complaint in done.stderr


def row(server: str, cpu_us: float, problems: list[str]) -> dict[str, Any]:
    found = {"workload": "relay", "case": "a", "server": server, "facts": {"rate": 0}}
    return found | {"cpu_us": cpu_us, "problems": problems}


def test_a_figure_is_the_median_of_its_repeats_and_a_ratio_that_of_two() -> None:
    rows = [row("earshot", us, []) for us in (9.0, 10.0, 30.0)] + [row("stock", 80.0, ["lost"])]
    found = Summary(rows)
    assert found.figure("a", "earshot", "cpu_us") == (10.0, 9.0, 30.0)
    assert found.ratio("a", "cpu_us", "stock", "earshot") == 8.0
    assert found.is_ill("a", "stock")
    assert found.problems() == ["relay, a, stock: lost"]
    assert found.where(rate=1).rows == []


def test_a_drawing_has_a_bar_for_each_figure() -> None:
    drawing = plot.Drawing("x", "A & B", "us", {"one": {"p": 1.0, "q": 900.0}, "two": {"p": 2.0}})
    text = plot.svg(drawing)
    assert text.count("<title>") == 3
    assert "A &amp; B" in text
    assert "logarithmic" in text

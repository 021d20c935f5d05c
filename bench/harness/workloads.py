"""What is measured: the cells of each workload, the same for every server.

Owns the shape of each measurement (how many connections, calls, what load). Running a cell
is runner.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from harness.load import Load
from harness.servers import FLOOR, NODE, OURS, STOCK, STREAMS

RELAY, ACK, CROWD, LOGGED = "relay", "ack", "crowd", "logged"
HANDSHAKE, MEMORY = "handshake", "memory"
WORKLOADS = (RELAY, ACK, CROWD, HANDSHAKE, MEMORY, LOGGED)
RECEIVERS = 100  # of a relay cell, whatever the fan-out: only the dealing to calls differs
OUTSTANDING = 64  # deliveries under way in a saturated cell, at least 4 events
FIXED_RATES = (1_000, 5_000)  # deliveries a second
CROWDS = (1_000, 2_000, 10_000)  # connections, at 1,000 deliveries a second and fan-out 2
STEPS = (1_000, 5_000, 10_000)  # idle connections
LOGGED_WINDOW = 32


class Plan(NamedTuple):
    """What was asked for on the command line."""

    quick: bool
    only: Sequence[str]
    servers: Sequence[str]
    fan_outs: Sequence[int]
    repeat: int
    nap_us: int = 0  # of the generator in saturated cells; 0: it sleeps on its sockets


class Cell(NamedTuple):
    """One server under one load. `case` names the load, without the server; `facts` are its
    numbers, for plots. `product`: ours runs as users start it, without `bench:relay`."""

    workload: str
    case: str
    server: str
    load: Load
    facts: dict[str, Any]
    product: bool = False

    @property
    def spare_calls(self) -> int:
        return self.load.storm_calls if self.load.storm else 0


def cells(plan: Plan) -> list[Cell]:
    """In the order of running: servers take turns at each case, so that a slow minute of the
    machine hits all of them."""
    makers = {
        RELAY: _relay,
        ACK: _ack,
        CROWD: _crowds,
        HANDSHAKE: _handshake,
        MEMORY: _memory,
        LOGGED: _logged,
    }
    return [cell for workload in plan.only for cell in makers[workload](plan)]


def _timed(plan: Plan) -> dict[str, float]:
    if plan.quick:
        return {"warmup_s": 0.7, "seconds": 1.5}
    return {"warmup_s": 1.5, "seconds": 4.0}


def _real(plan: Plan) -> list[str]:
    """Not the floor, which authenticates nobody and keeps nothing; and not the streams
    adapter, which is there for what it does to an event."""
    return [name for name in plan.servers if name not in (FLOOR, STREAMS)]


def _feeders(calls: int) -> int:
    """Producers of a load that one would bring to its limit of unanswered commands."""
    return 10 if calls % 10 == 0 else 1


def _relay(plan: Plan) -> list[Cell]:
    found = []
    for fan_out in plan.fan_outs:
        receivers = max(RECEIVERS, fan_out) // fan_out * fan_out
        shape: dict[str, Any] = {"receivers": receivers, "calls": receivers // fan_out}
        window = max(4, OUTSTANDING // fan_out)
        load = Load(**shape, window=window, nap_us=plan.nap_us, **_timed(plan))
        facts = {"fan_out": fan_out, "rate": 0, "connections": receivers}
        case = f"fan-out {fan_out}, saturated"
        found += [Cell(RELAY, case, name, load, facts) for name in plan.servers]
        for rate in () if plan.quick else FIXED_RATES:
            load = Load(
                **shape, producers=_feeders(shape["calls"]), rate=rate / fan_out, **_timed(plan)
            )
            facts = {"fan_out": fan_out, "rate": rate, "connections": receivers}
            case = f"fan-out {fan_out}, {rate:,} deliveries/s"
            found += [Cell(RELAY, case, name, load, facts) for name in _real(plan)]
    return found


def _crowds(plan: Plan) -> list[Cell]:
    """The relay beside many connections that hear little."""
    found = []
    for connections in CROWDS[:1] if plan.quick else CROWDS:
        load = Load(connections, connections // 2, 10, rate=500, warmup_s=2, seconds=6)
        facts = {"fan_out": 2, "rate": 1_000, "connections": connections}
        case = f"{connections:,} connections, fan-out 2, 1,000 deliveries/s"
        found += [Cell(RELAY, case, name, load, facts) for name in _real(plan)]
    return found


def _ack(plan: Plan) -> list[Cell]:
    """The relay's event, acknowledged, to calls that nobody listens to."""
    found = []
    for producers, window in ((1, 1), (1, 32), (50, 1)):
        nap_us = plan.nap_us if producers * window > 1 else 0
        load = Load(0, producers, producers, window=window, ack=True, nap_us=nap_us, **_timed(plan))
        facts = {"producers": producers, "window": window}
        plural = "s" if producers > 1 else ""
        case = f"{producers} connection{plural}, window {window}"
        found += [Cell(ACK, case, name, load, facts) for name in plan.servers]
    return found


def _handshake(plan: Plan) -> list[Cell]:
    count = 300 if plan.quick else 2_000
    paced = Load(count, count // 2, producers=0, concurrency=32)
    found = [
        Cell(HANDSHAKE, f"{count:,} handshakes, 32 at a time", name, paced, {"count": count})
        for name in _real(plan)
    ]
    if plan.quick:
        return found
    storm = Load(200, 100, 10, rate=500, warmup_s=1, seconds=9, storm=1_000, storm_calls=500)
    case = "1,000 handshakes at once, beside 1,000 deliveries/s to 200 others"
    return found + [Cell(HANDSHAKE, case, name, storm, {"storm": 1_000}) for name in _real(plan)]


def _memory(plan: Plan) -> list[Cell]:
    steps = (1_000,) if plan.quick else STEPS
    found = []
    for per_call in (2,) if plan.quick else (2, 100):
        load = Load(steps[-1], steps[-1] // per_call, producers=0, steps=steps)
        case = f"{per_call} connections a call"
        found += [
            Cell(MEMORY, case, name, load, {"per_call": per_call}, product=True)
            for name in _real(plan)
        ]
    return found


def _logged(plan: Plan) -> list[Cell]:
    """Ours through the log, acknowledged when it is there; Node through its Redis stream,
    acknowledging nothing."""
    found = []
    timed = _timed(plan)
    for fan_out in plan.fan_outs:
        receivers = max(RECEIVERS, fan_out) // fan_out * fan_out
        calls = receivers // fan_out
        feeders = _feeders(calls)
        facts = {"fan_out": fan_out}
        for name in plan.servers:
            ours = name == OURS
            if not ours and name != STREAMS:
                continue
            through = "append" if ours else "relay"
            load = Load(receivers, calls, window=LOGGED_WINDOW, through=through, ack=ours, **timed)
            case = f"fan-out {fan_out}, Socket.IO"
            found.append(Cell(LOGGED, case, name, load, facts, product=True))
        over_http = OURS in plan.servers and (fan_out == 1 or not plan.quick)
        for batch in (1, 10) if over_http else ():
            load = Load(receivers, calls, feeders, window=1, through="http", batch=batch, **timed)
            plural = "s" if feeders > 1 else ""
            case = f"fan-out {fan_out}, HTTP, {feeders} connection{plural}, batches of {batch}"
            found.append(Cell(LOGGED, case, OURS, load, facts | {"batch": batch}, product=True))
    return found


def defaults(quick: bool) -> list[str]:
    return [OURS, STOCK] if quick else [OURS, STOCK, "asgi", NODE, STREAMS, FLOOR]

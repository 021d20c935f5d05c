"""Runs one cell: store, server, calls, load; returns its row of numbers.

Every cell has a server of its own and an emptied store, so none inherits another's garbage,
and what was left running by one cannot cost the next.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
import requests

from engine.store_embedded import EmbeddedStore
from harness import load as generator
from harness import machine, tokens
from harness.servers import (
    ALL,
    LOAD_CORE,
    OURS,
    PRODUCT,
    SERVER_CORE,
    Running,
    ServerFailed,
    running,
)
from harness.workloads import HANDSHAKE, LOGGED, MEMORY, Cell

SETTLE_S = 1.0
IDLE_S = 4.0  # over which the cost of idle connections is measured
TOKENS = 12_000
HELD = 0.9  # of a fixed rate: who delivers less is overloaded, and its times mean nothing


class Bench:
    """The run's folder, store and tokens. The store lives on the generator's core."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        os.sched_setaffinity(0, {LOAD_CORE})  # the store and whatever else we start inherit it
        self._tokens = tokens.write(folder / "tokens", TOKENS)
        self._producer = tokens.token("producer", "producer")
        self._store = EmbeddedStore.start(folder / "store")
        self._redis = redis.Redis.from_url(self._store.url)
        self._number = 0

    def close(self) -> None:
        self._redis.close()
        self._store.stop()

    def measure(self, cell: Cell, idle_s: float = IDLE_S) -> dict[str, Any]:
        """A row; `problems` says what makes it worthless, [] when nothing does."""
        self._number += 1
        prefix = f"b{self._number}-"
        row: dict[str, Any] = {
            "workload": cell.workload,
            "case": cell.case,
            "server": cell.server,
            "facts": cell.facts,
            "problems": [],
        }
        self._redis.flushall()
        server = PRODUCT if cell.product and cell.server == OURS else ALL[cell.server]
        log = self._folder / f"{cell.server}.log"
        try:
            with running(server, log, self._store.url) as up:
                self._measure(cell, up, prefix, row, idle_s)
        except (ServerFailed, generator.LoadFailed, requests.RequestException) as problem:
            row["problems"].append(str(problem))
        return row

    def _measure(
        self, cell: Cell, up: Running, prefix: str, row: dict[str, Any], idle_s: float
    ) -> None:
        time.sleep(SETTLE_S if cell.workload == MEMORY else 0.3)
        rss = {0: resident_kib(up.pid)}
        idle: dict[int, float] = {}
        if up.server.calls:
            self._create_calls(up, prefix, cell.load.calls + cell.spare_calls)
        store_pid = self._store.pid if up.server.store and cell.workload == LOGGED else 0
        command = cell.load.command(up, prefix, self._tokens, self._producer, store_pid)
        row["command"] = " ".join(command)
        holding = _reading(up.pid, rss, idle, idle_s)
        began, core, server = time.monotonic(), machine.busy_s(SERVER_CORE), cpu_s(up.pid)
        report = generator.run(command, holding if cell.load.steps else None)
        others_s = machine.busy_s(SERVER_CORE) - core - (cpu_s(up.pid) - server)
        row["others_share"] = max(0.0, others_s / (time.monotonic() - began))
        row["report"] = report
        row |= numbers_of(report, cell)
        row["problems"] += problems_of(report, cell, overloaded=row.get("overloaded", False))
        if cell.load.steps:
            most = max(rss)
            row["rss_mib"] = {str(step): kib / 1024 for step, kib in rss.items()}
            row["idle_percent"] = {str(step): 100 * share for step, share in idle.items()}
            row["kib_each"] = (rss[most] - rss[0]) / most

    def _create_calls(self, up: Running, prefix: str, count: int) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self._producer}"
            for number in range(count):
                body = {"call_id": f"{prefix}{number}", "agent_ids": ["agent-0"]}
                answer = session.post(f"http://127.0.0.1:{up.port}/v1/calls", json=body, timeout=20)
                answer.raise_for_status()


def _reading(
    pid: int, rss: dict[int, int], idle: dict[int, float], idle_s: float
) -> Callable[[int], None]:
    def on_holding(connections: int) -> None:
        time.sleep(SETTLE_S)
        rss[connections] = resident_kib(pid)
        before = cpu_s(pid)
        time.sleep(idle_s)
        idle[connections] = (cpu_s(pid) - before) / idle_s

    return on_holding


def numbers_of(report: dict[str, Any], cell: Cell) -> dict[str, Any]:
    """What tables and plots are made of. CPU in microseconds of the server per delivery,
    acknowledgement or handshake; times in milliseconds."""
    if cell.workload == HANDSHAKE and not cell.load.storm:
        span, done = report["connecting"], report["joined"]
        times = report["handshake_us"]
    elif cell.workload == MEMORY:
        span, done, times = report["connecting"], report["joined"], report["handshake_us"]
    else:
        span = report["measured"]
        acks_only = not cell.load.receivers
        done = span["acks"] if acks_only else span["deliveries"]
        times = report["ack_latency_us" if acks_only else "latency_us"]
    done = max(1, done)
    found: dict[str, Any] = {
        "cpu_us": span["server_cpu_s"] / done * 1e6,
        "generator_us": span["generator_cpu_s"] / done * 1e6,
        "per_s": done / span["seconds"],
        "server_share": span["server_cpu_s"] / span["seconds"],
        "generator_share": span["generator_cpu_s"] / span["seconds"],
        **_milliseconds("", times),
    }
    if cell.load.rate:
        wanted = cell.load.rate * cell.load.receivers / cell.load.calls
        found["overloaded"] = found["per_s"] < HELD * wanted
    if "store_cpu_s" in span:
        found["store_us"] = span["store_cpu_s"] / done * 1e6
    if cell.load.storm:
        found |= _milliseconds("storm_", report["storm_latency_us"])
        found["storm_s"] = report["storm_seconds"]
    if cell.load.receivers and report["ack_latency_us"]["count"]:
        found |= _milliseconds("ack_", report["ack_latency_us"])
    return found


def _milliseconds(prefix: str, times: dict[str, float]) -> dict[str, float]:
    names = ("p50", "p99", "p99_9", "max")
    return {f"{prefix}{name}_ms": times[name] / 1000 for name in names if name in times}


def problems_of(report: dict[str, Any], cell: Cell, *, overloaded: bool) -> list[str]:
    """Each a reason not to trust the row. What an overloaded server still has to deliver when
    the run ends is none."""
    found = [
        f"{report[name]} {name.replace('_', ' ')}"
        for name in ("missing", "gaps", "repeats", "lost_connections", "errors")
        if report[name] and not (overloaded and name == "missing")
    ]
    if report["first_error"]:
        found.append(report["first_error"])
    if report["joined"] != cell.load.receivers:
        found.append(f"{report['joined']} of {cell.load.receivers} joined")
    if report["storm_joined"] != cell.load.storm:
        found.append(f"{report['storm_joined']} of {cell.load.storm} joined in the storm")
    return found


def cpu_s(pid: int) -> float:
    """User and system time of a process, all its threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024

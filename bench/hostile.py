"""What hostile clients cost, and whether the others notice.

`python bench/hostile.py` starts one real server and prints, in one run: the CPU a refused token
costs beside an accepted request, over HTTP and in the Socket.IO handshake; and the p99 of the
time from a segment's POST to the screen of somebody else's call, quiet and while one connection
floods (commands as fast as it can, junk packets, dead tokens, half requests). The ratios are the
figures to trust. Exits 1 when a flood raises the p99 more than MOST_TIMES.
"""

# ruff: noqa: T201 - a script prints

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.live.raw_client import RawClient
from tests.live.server import LiveServer, line, new_id, running

ATTEMPTS = 10_000
SAMPLES, EVERY_S = 600, 0.01
MOST_TIMES = 3.0
TICK = os.sysconf("SC_CLK_TCK")
FLOODER = (
    "import sys; sys.path.insert(0, {root!r}); from bench.hostile import flood;"
    "flood({name!r}, {port}, {token!r})"
)


def cpu_s(server: LiveServer) -> float:
    """User and system time of the server process, without the store's."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cost_us(server: LiveServer, attempt: Callable[[], Any], attempts: int) -> float:
    attempt()
    before = cpu_s(server)
    for _ in range(attempts):
        attempt()
    return (cpu_s(server) - before) / attempts * 1e6


def http_costs(server: LiveServer) -> dict[str, float]:
    good = server.token("anna")
    call_id = server.caller().create("anna")
    dead = {"a signature of somebody else": good[:-4] + "AAAA", "no token at all": "x" * 200}
    with requests.Session() as session:

        def ask(token: str) -> Callable[[], Any]:
            headers = {"Authorization": f"Bearer {token}"}
            return lambda: session.get(f"{server.url}/v1/calls/{call_id}", headers=headers)

        found = {"accepted (GET /v1/calls/ID)": cost_us(server, ask(good), 1000)}
        for name, token in dead.items():
            found[f"refused: {name}"] = cost_us(server, ask(token), ATTEMPTS)
    return found


def socket_costs(server: LiveServer) -> dict[str, float]:
    good = server.token("anna")

    def join(token: str) -> Callable[[], Any]:
        def once() -> None:
            RawClient(server.url, {"token": token}).close()

        return once

    return {
        "accepted": cost_us(server, join(good), 500),
        "refused: a signature of somebody else": cost_us(server, join(good[:-4] + "AAAA"), 2000),
    }


# --- floods: each is run in a process of its own ------------------------------------------


def flood(name: str, port: int, token: str) -> None:
    """Until killed."""
    url = f"http://127.0.0.1:{port}"
    if name == "half requests":
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        while True:
            for number, one in enumerate(held):
                try:
                    one.send(b"G")
                except OSError:
                    held[number] = socket.create_connection(("127.0.0.1", port))
            time.sleep(0.05)
    if name == "dead tokens":
        headers = {"Authorization": f"Bearer {token[:-4]}AAAA"}
        with requests.Session() as session:
            while True:
                session.get(f"{url}/v1/calls", headers=headers)
    while True:
        with suppress(OSError, AssertionError), closing(RawClient(url, {"token": token})) as client:
            packet = '42["call:unsubscribe",{"call_id":"c"}]'
            if name == "junk packets":
                packet = '42["call:subscribe",{"call_id":'
            for _ in range(10_000):
                client.write(packet)


FLOODS = ("commands", "junk packets", "dead tokens", "half requests")


def lag_ms(server: LiveServer, during: str | None) -> list[float]:
    """From the POST of a segment to its arrival at a screen, SAMPLES times."""
    agent_id, producer = new_id("bystander"), server.caller()
    call_id = producer.create(agent_id)
    attacker = None
    if during is not None:
        root = str(Path(__file__).resolve().parents[1])
        code = FLOODER.format(
            root=root, name=during, port=server.port, token=server.token("mallory")
        )
        attacker = subprocess.Popen(["taskset", "-c", "1", sys.executable, "-c", code], cwd=root)
        time.sleep(2)
    sent: dict[str, float] = {}
    found: list[float] = []
    with RawClient(server.url, {"token": server.token(agent_id)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})

        def read() -> None:
            while len(found) < SAMPLES:
                event = client.event("transcription:update", 30)
                found.append((time.perf_counter() - sent[event["segment_id"]]) * 1000)

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(SAMPLES):
            sent[f"s{number}"] = time.perf_counter()
            producer.say(call_id, line(f"s{number}", "hello", speaker="agent"))
            time.sleep(EVERY_S)
        reader.join()
    if attacker is not None:
        attacker.kill()
        attacker.wait()
    return found


def p99(samples: list[float]) -> float:
    return statistics.quantiles(samples, n=100)[98]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        os.sched_setaffinity(server.pid, {0})
        print(f"{ATTEMPTS:,} attempts with dead tokens, server's CPU each:")
        for title, costs in (("HTTP", http_costs(server)), ("handshake", socket_costs(server))):
            accepted = next(iter(costs.values()))
            for name, us in costs.items():
                print(f"  {title:9} {name:40} {us:7.0f} us  {us / accepted:4.2f} x accepted")
        quiet = [p99(lag_ms(server, None)) for _ in range(3)]
        calm = statistics.median(quiet)
        print(f"\np99 of somebody else's call, quiet: {calm:.1f} ms of {json.dumps(quiet)}")
        worst = 0.0
        for name in FLOODS:
            lag = p99(lag_ms(server, name))
            worst = max(worst, lag / calm)
            print(f"  during {name:14} {lag:7.1f} ms  {lag / calm:4.1f} x")
    return 1 if worst > MOST_TIMES else 0


if __name__ == "__main__":
    sys.exit(main())

"""The load generator: its command line from a cell's words, its report as a dictionary.

Owns the generator's process. What the numbers mean is workloads.py's.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.servers import LOAD_CORE, ROOT, Running

BINARY = ROOT / "bench" / "load" / "load"
AUTH = '{"token":"{token}"}'
SUBSCRIBE = '["call:subscribe",{"call_id":"{call}"}]'
RELAY = '["bench:relay",{"call_id":"{call}","text":"{text}"}]'
SEGMENT = '{"segment_id":"s{n}","speaker":"agent","text":"{text}"}'
APPEND = '["segment:append",{"call_id":"{call}","segments":[{items}]}]'
HTTP_APPEND = '{"segments":[{items}]}'
HTTP_PATH = "/v1/calls/{call}/segments"
PATIENCE_S = 120.0


class LoadFailed(Exception):
    """The generator could not do its work; the message says what it said."""


@dataclass
class Load:
    """What the generator is told. `through`: relay, append (Socket.IO) or http."""

    receivers: int
    calls: int
    producers: int = 1
    through: str = "relay"
    window: int = 32
    rate: float = 0  # events (batches) a second; 0: as fast as the window lets
    batch: int = 1
    nap_us: int = 0
    ack: bool = False
    warmup_s: float = 1.0
    seconds: float = 3.0
    concurrency: int = 64
    storm: int = 0
    storm_calls: int = 1
    steps: Sequence[int] = field(default_factory=tuple)

    def command(
        self, server: Running, prefix: str, tokens: Path, producer_token: str, store_pid: int
    ) -> list[str]:
        words: dict[str, Any] = {
            "port": server.port,
            "receivers": self.receivers,
            "calls": self.calls,
            "call-prefix": prefix,
            "tokens": tokens,
            "auth": AUTH,
            "join": SUBSCRIBE,
            "concurrency": self.concurrency,
            "watch": f"server={server.pid}",
        }
        if self.producers:
            words |= {
                "producers": self.producers,
                "producer-auth": json.dumps({"token": producer_token}),
                "window": self.window,
                "rate": self.rate,
                "batch": self.batch,
                "warmup": self.warmup_s,
                "seconds": self.seconds,
                "nap": self.nap_us,
            }
            words |= self._event(producer_token)
        if self.storm:
            words |= {"storm": self.storm, "storm-calls": self.storm_calls}
        if self.steps:
            words["steps"] = ",".join(map(str, self.steps))
        flags = [part for name, value in words.items() for part in (f"--{name}", str(value))]
        if store_pid:
            flags += ["--watch", f"store={store_pid}"]
        if self.ack:
            flags.append("--ack")
        return ["taskset", "-c", str(LOAD_CORE), str(BINARY), *flags]

    def _event(self, producer_token: str) -> dict[str, Any]:
        if self.through == "relay":
            return {"event": RELAY}
        if self.through == "append":
            return {"event": APPEND, "item": SEGMENT}
        return {
            "event": HTTP_APPEND,
            "item": SEGMENT,
            "http": HTTP_PATH,
            "http-token": producer_token,
        }


def run(command: list[str], on_holding: Callable[[int], None] | None = None) -> dict[str, Any]:
    """The generator's report. `on_holding` is called with the number of connections at each
    step; when it returns, the generator goes on. Raises LoadFailed."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        while line.startswith('{"holding"'):
            if on_holding is not None:
                on_holding(json.loads(line)["holding"])
            process.stdin.write("\n")
            process.stdin.flush()
            line = process.stdout.readline()
        _, problem = process.communicate(timeout=PATIENCE_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if not line:
        raise LoadFailed(problem.strip() or f"it ended with {process.returncode}, saying nothing")
    report: dict[str, Any] = json.loads(line)
    return report

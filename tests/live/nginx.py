"""The real nginx on deploy/nginx.conf, with addresses of a test's own.

Owns its folder, its process, and the replacing of what an operator replaces, and no more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.held_ports import held_port
from tests.live.server import BOUND_S, ROOT, until

CONFIG = ROOT / "deploy" / "nginx.conf"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextlib.contextmanager
def nginx(folder: Path, left: int, right: int) -> Iterator[int]:
    """Before the nodes on two ports, named left and right; its own port."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")
    port = held_port()
    folder.mkdir(parents=True)
    text = CONFIG.read_text()
    for theirs, ours in (
        ("127.0.0.1:5001", f"127.0.0.1:{left}"),
        ("127.0.0.1:5002", f"127.0.0.1:{right}"),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("worker_processes auto;", "worker_processes 1;"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    kept = "".join(f"{name}_temp_path {folder}/{name};\n" for name in _TEMPORARY)
    config = folder / "nginx.conf"
    config.write_text(text.replace("http {\n", "http {\n" + kept, 1))
    options = f"daemon off; pid {folder}/nginx.pid; error_log stderr;"
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(config), "-g", options], stdout=log, stderr=log
        )
    try:
        until(lambda: _listens(port), about=(folder / "nginx.log").read_text)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=BOUND_S)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False

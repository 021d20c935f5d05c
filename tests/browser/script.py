"""A script that drives a browser, run by Node, and what it saw.

Owns the running. A script prints one JSON value on its standard output, and ends with 0.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def seen_by(
    script: Path,
    *arguments: str,
    node: str,
    chromium: str,
    timeout_s: float,
    environment: dict[str, str] | None = None,
) -> Any:
    """`environment`: what it needs beside the browser."""
    ran = subprocess.run(
        [node, str(script), *arguments],
        cwd=ROOT,
        env=os.environ | {"CHROMIUM": chromium} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)

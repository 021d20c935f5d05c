"""What a supervisor's browser feels before a wall of many talking calls.

    .venv/bin/python -m bench.wall_screen [--calls 500] [--seconds 20]

Owns this one question. A real server, Debian's Chromium without a graphics card, the built desk at
/supervisor; every call says a final line each second. Prints one JSON object; wall_screen.mjs
measures it in the page. What the wall costs the server is bench/wall.py's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.live.server import SECRET, running

SCRIPT = Path(__file__).with_name("wall_screen.mjs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        subprocess.run(
            ["node", str(SCRIPT), server.url, str(asked.calls), str(asked.seconds)],
            env=os.environ | {"CHROMIUM": chromium, "JWT_SECRET": SECRET},
            check=True,
        )


if __name__ == "__main__":
    main()

"""What an agent's browser feels: long tasks, first, click and event to paint, on a long call.

    .venv/bin/python -m bench.desk [--lines 5000] [--seconds 20]

Owns this one question. A real server, Debian's Chromium without a graphics card, the built desk on
a call of `--lines` finals, all of them loaded, while eight interim texts a second come in; then
2,000 lines that were missed. Prints one JSON object; desk.mjs measures it in the page.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.live.server import SECRET, running

SCRIPT = Path(__file__).with_name("desk.mjs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or "chromium"
    settings = {"EARSHOT__ASSIST__THRESHOLD": "0.01"}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), **settings) as server:
        subprocess.run(
            ["node", str(SCRIPT), server.url, str(asked.lines), str(asked.seconds)],
            env=os.environ | {"CHROMIUM": chromium, "JWT_SECRET": SECRET},
            check=True,
        )


if __name__ == "__main__":
    main()

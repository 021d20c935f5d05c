"""A progress bar on stderr: where the run is, how long it will take, what went wrong."""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

WIDTH = 24
LINE = 110


class Progress:
    """On a terminal one line that changes; else a line for each step that had problems."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._began = time.monotonic()
        self._label = ""
        self._terminal = sys.stderr.isatty()

    def show(self, label: str) -> None:
        self._label = label
        if self._terminal:
            full = WIDTH * self._done // max(1, self._total)
            bar = "#" * full + "." * (WIDTH - full)
            line = f"[{bar}] {self._done + 1}/{self._total} {self._left()} {label}"
            sys.stderr.write("\r" + line[:LINE].ljust(LINE))
            sys.stderr.flush()

    def step(self, problems: Sequence[str]) -> None:
        self._done += 1
        if problems:
            if self._terminal:
                sys.stderr.write("\r" + " " * LINE + "\r")
            print(f"! {self._label}: {'; '.join(problems)}", file=sys.stderr)

    def end(self) -> None:
        if self._terminal:
            sys.stderr.write("\r" + " " * LINE + "\r")
        took = time.monotonic() - self._began
        print(f"{self._done} measurements in {took:.0f} s", file=sys.stderr)

    def _left(self) -> str:
        if not self._done:
            return ""
        left_s = (time.monotonic() - self._began) / self._done * (self._total - self._done)
        return f"{left_s / 60:.0f} min left" if left_s >= 90 else f"{left_s:.0f} s left"

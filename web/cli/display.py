"""What a replay shows while it runs: bars on a terminal, lines elsewhere.

Owns the screen. Its methods are called from the threads of the calls.
"""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from web.cli.timeline import Piece
from web.cli.words import count, printable


class Display(Protocol):
    """Follows a replay; `slot` counts the calls that run at once from 0, `how` a call ended is
    said as it stands."""

    def __enter__(self) -> Display: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def began(self, slot: int, call_id: str, agent_id: str, lines: int) -> None: ...
    def heard(self, slot: int, piece: Piece) -> None: ...
    def ended(self, slot: int, how: str) -> None: ...
    def say(self, text: str) -> None: ...


def display() -> Display:
    return Bars() if sys.stdout.isatty() else Lines()


class Lines:
    """One line for each call that begins or ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[int, str] = {}

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def began(self, slot: int, call_id: str, agent_id: str, lines: int) -> None:
        self._calls[slot] = call_id
        self.say(f"{call_id} began: {count(lines, 'line')}, agent {agent_id}")

    def heard(self, slot: int, piece: Piece) -> None:
        return None

    def ended(self, slot: int, how: str) -> None:
        self.say(f"{self._calls[slot]} {how}")

    def say(self, text: str) -> None:
        with self._lock:
            print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


class Bars:
    """One bar for each call that runs, with what is being said."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        self._progress = Progress(
            TextColumn("{task.fields[call_id]}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}", style="dim", markup=False),
            console=console,
        )
        self._tasks: dict[int, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def began(self, slot: int, call_id: str, agent_id: str, lines: int) -> None:
        self._tasks[slot] = self._progress.add_task("", total=lines, call_id=call_id, words="")

    def heard(self, slot: int, piece: Piece) -> None:
        words = printable(" ".join(piece.text.split()))
        shown = f"{piece.speaker}: {words[-60:]}"
        self._progress.update(self._tasks[slot], advance=int(piece.final), words=shown)

    def ended(self, slot: int, how: str) -> None:
        # The bar makes room for the slot's next call, or a long replay would fill the screen.
        self._progress.remove_task(self._tasks.pop(slot))

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False)

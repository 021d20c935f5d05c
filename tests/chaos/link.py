"""A proxy in a test's hands: what goes wrong on the way to a port, and when it stops."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.live.server import BOUND_S, ROOT


class Link:
    """Everything that connects to `port` reaches `127.0.0.1:upstream`, until told otherwise."""

    def __init__(self, upstream: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.proxy", "127.0.0.1", str(upstream)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._hear())

    def cut(self) -> None:
        """Every connection is reset; new ones work."""
        self._order(do="cut")

    def refuse(self) -> None:
        """Every connection is reset, new ones too, until `heal`."""
        self._order(do="refuse")

    def stall(self) -> None:
        """Nothing is read on either side any more: buffers fill, nobody says why."""
        self._order(do="ways", modes={"to_server": "hold", "to_client": "hold"})

    def half_open(self) -> None:
        """Everything is swallowed, goodbyes too: each side thinks that the other is silent."""
        self._order(do="ways", modes={"to_server": "drop", "to_client": "drop"})

    def swallow_answers(self) -> None:
        """Requests arrive and take effect; no answer comes back."""
        self._order(do="ways", modes={"to_client": "drop"})

    def delay(self, seconds: float) -> None:
        """Each way takes so long."""
        self._order(do="ways", modes={}, delay_s=seconds)

    def move(self, upstream: int) -> None:
        """New connections reach another port, as an address that moves to a new primary."""
        self._order(do="move", port=upstream)

    def heal(self) -> None:
        """From now on all is well; connections that lost bytes are reset."""
        self._order(do="heal")

    def dropped(self) -> int:
        """How many bytes were swallowed so far."""
        return int(self._ask(do="dropped"))

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait(timeout=BOUND_S)
        self._process.stdout.close()

    def _order(self, **order: Any) -> None:
        assert self._ask(**order) == "ok"

    def _ask(self, **order: Any) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextlib.contextmanager
def linked(upstream: int) -> Iterator[Link]:
    link = Link(upstream)
    try:
        yield link
    finally:
        link.close()

"""The node's clocks. The only place that reads them for actors."""

from __future__ import annotations

import time


class SystemClock:
    def wall(self) -> float:
        return time.time()

    def mono(self) -> float:
        return time.monotonic()

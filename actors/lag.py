"""How long an event takes from its arrival at a node to its receivers' outlets.

Owns the histogram. Delivering is too cheap for a look at the clock per receiver, so there is
one observation per event: of the moment when all its receivers have had their turn and what
they offered has left. Under load that errs on the late side.
"""

from __future__ import annotations

from bisect import bisect_left

BOUNDS_S = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)  # fmt: skip
WAITING = 1024  # events told and not yet observed; over it they are observed as they are


class Lag:
    """Times are of one clock, in seconds. `counts[i]` is of what took at most `BOUNDS_S[i]`
    and more than the bound before; the last of what took longer than all."""

    __slots__ = ("arrived", "counts", "sum_s")

    def __init__(self) -> None:
        self.arrived: list[float] = []  # of events told and not observed yet
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def told(self, arrived_s: float) -> None:
        """Somebody is being told an event whose command arrived then."""
        self.arrived.append(arrived_s)

    def left(self, now_s: float, *, all_told: bool) -> None:
        """What was offered has left. `all_told`: no actor has mail waiting."""
        if self.arrived and (all_told or len(self.arrived) > WAITING):
            for arrived_s in self.arrived:
                took_s = max(0.0, now_s - arrived_s)
                self.counts[bisect_left(BOUNDS_S, took_s)] += 1
                self.sum_s += took_s
            self.arrived.clear()

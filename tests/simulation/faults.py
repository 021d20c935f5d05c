"""The kinds of faults, and how likely each is in one run.

Owns the names by which a fault is switched off when a failing run is shrunk. A rate is the
share of hints, writes or reads that it befalls; the other faults are acts of a schedule.
"""

from __future__ import annotations

from random import Random

RATES = {
    "hint_lost": (0.0, 0.1, 0.5),
    "hint_repeated": (0.0, 0.1, 0.3),
    "hint_late": (0.0, 0.1, 0.4),  # by up to 3 s, so that others overtake it
    "answer_lost": (0.0, 0.05, 0.3),  # the write took effect, and nobody hears of it
    "write_lost": (0.0, 0.05, 0.2),  # no effect, and nobody knows
    "write_late": (0.0, 0.05, 0.2),  # reported as uncertain, takes effect afterwards
    "read_failed": (0.0, 0.05, 0.2),
}
ACTS = (
    "store_away", "store_restart", "failover", "crash", "pause", "poison", "poison_agent",
    "strand", "stall", "cut", "half_open", "twin", "shorter", "gone",
)  # fmt: skip
KINDS = (*RATES, *ACTS)


class Weather:
    """The rates of one run; `calm` ends them all."""

    def __init__(self, random: Random, off: frozenset[str]) -> None:
        self.rates = {}
        for kind, choices in RATES.items():
            rate = random.choice(choices)  # drawn even when off: the others stay as they were
            self.rates[kind] = 0.0 if kind in off else rate

    def calm(self) -> None:
        self.rates = dict.fromkeys(self.rates, 0.0)

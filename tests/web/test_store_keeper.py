"""When the embedded store dies: it is started again, not for ever, and that is said."""

from __future__ import annotations

from itertools import pairwise

from engine.store import StoreUnusable
from web.store_keeper import LONGEST_PAUSE_S, SETTLED_S, TRIES_IN_A_ROW, StoreKeeper


class Mortal:
    """A store that lives for the seconds it is given, one after the other, and a clock that
    moves when somebody sleeps. Without seconds left it does not start."""

    pid = 7

    def __init__(self, *lives_s: float) -> None:
        self.now = 0.0
        self._lives = list(lives_s)
        self.tried_at: list[float] = []
        self._dies_at = self._lives.pop(0)

    def alive(self) -> bool:
        return self.now < self._dies_at

    def restart(self) -> None:
        self.tried_at.append(self.now)
        if not self._lives:
            raise StoreUnusable("The disk is full.")
        self._dies_at = self.now + self._lives.pop(0)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def kept(store: Mortal) -> StoreKeeper:
    keeper = StoreKeeper(store, store.clock, store.sleep)
    keeper.run()
    return keeper


def test_a_store_that_does_not_start_is_tried_a_while_and_given_up_with_the_reason() -> None:
    store = Mortal(10.0)
    keeper = kept(store)
    assert keeper.trouble == "the embedded store was given up: The disk is full."
    assert len(store.tried_at) == TRIES_IN_A_ROW
    pauses = [after - before for before, after in pairwise(store.tried_at)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= LONGEST_PAUSE_S
    assert store.tried_at[0] < 11.0, "at once, the first time"


def test_one_that_dies_soon_again_and_again_is_given_up_too() -> None:
    keeper = kept(Mortal(*[1.0] * (TRIES_IN_A_ROW + 5)))
    assert keeper.trouble == "the embedded store was given up: it ends again and again"
    assert keeper.restarts == TRIES_IN_A_ROW


def test_after_a_settled_life_the_tries_count_anew() -> None:
    store = Mortal(1.0, *[SETTLED_S + 1] * (3 * TRIES_IN_A_ROW))
    assert kept(store).restarts == 3 * TRIES_IN_A_ROW

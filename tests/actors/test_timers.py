"""The timer wheel: what is due is told, once, in order of its time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.testing import SimulatedDispatcher
from actors.timers import MOST_CANCELLED, Wheel
from tests.actors.test_dispatcher import Recorder


class Fixture:
    def __init__(self) -> None:
        self.time = 0.0
        self.told: list[Any] = []
        self.earlier = 0
        self.wheel = Wheel(clock=lambda: self.time, send=self._send, on_earlier=self._earlier)

    def _send(self, ref: Any, message: Any) -> bool:
        self.told.append(message)
        return True

    def _earlier(self) -> None:
        self.earlier += 1

    def after(self, delay_s: float, message: Any) -> Any:
        return self.wheel.after(delay_s, Somebody(), message)  # type: ignore[arg-type]


class Somebody:
    def is_alive(self) -> bool:
        return True


@pytest.fixture
def there() -> Fixture:
    return Fixture()


def test_a_message_is_told_when_its_time_has_come_and_only_once(there: Fixture) -> None:
    there.after(1.0, "one")
    there.time = 0.999
    assert there.wheel.advance() == 0
    there.time = 1.0
    assert (there.wheel.advance(), there.wheel.advance(), there.told) == (1, 0, ["one"])


def test_messages_due_at_the_same_time_are_told_in_the_order_they_were_set(there: Fixture) -> None:
    for name in "abc":
        there.after(1.0, name)
    there.after(0.5, "first")
    there.time = 9.0
    there.wheel.advance()
    assert there.told == ["first", "a", "b", "c"]


def test_a_cancelled_message_is_not_told_and_may_be_cancelled_again(there: Fixture) -> None:
    timer = there.after(1.0, "no")
    there.after(2.0, "yes")
    timer.cancel()
    timer.cancel()
    assert (len(there.wheel), there.wheel.next_due()) == (1, 2.0)
    there.time = 5.0
    there.wheel.advance()
    assert there.told == ["yes"]


def test_whoever_drives_it_hears_only_of_a_timer_earlier_than_all_others(there: Fixture) -> None:
    there.after(5.0, "late")
    there.after(7.0, "later")
    there.after(1.0, "soon")
    assert there.earlier == 2


def test_an_empty_wheel_is_due_at_no_time(there: Fixture) -> None:
    assert (there.wheel.next_due(), there.wheel.advance(), len(there.wheel)) == (None, 0, 0)


@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.floats(0, 100), max_size=30), st.lists(st.floats(0, 10), max_size=30))
def test_everything_is_told_in_the_order_of_its_time(
    delays: list[float], pauses: list[float]
) -> None:
    there = Fixture()
    for delay_s in delays:
        there.after(delay_s, delay_s)
    for pause in [*pauses, 100.0]:
        there.time += pause
        there.wheel.advance()
        assert all(delay_s <= there.time for delay_s in there.told)
    assert there.told == sorted(delays)


def test_a_message_to_an_actor_that_is_gone_is_dropped_without_a_dead_letter() -> None:
    world = SimulatedDispatcher()
    ref = Recorder.start(world)
    world.wheel.after(1.0, ref, "late")
    ref.tell("stop")
    world.run_until_idle()
    world.advance(2.0)
    assert list(world.dead_letters) == []
    assert len(world.wheel) == 0


def test_cancelled_timers_do_not_stay_until_they_would_have_been_due(there: Fixture) -> None:
    kept = there.after(50_000.0, "kept")
    for number in range(10_000):
        there.after(28_800.0, number).cancel()
    assert len(there.wheel) == 1
    assert there.wheel.size <= 2 * MOST_CANCELLED
    there.time = 60_000.0
    there.wheel.advance()
    kept.cancel()  # told already: there is nothing to cancel
    assert (there.told, len(there.wheel)) == (["kept"], 0)


def test_cancelled_timers_go_too_when_those_that_lived_are_told(there: Fixture) -> None:
    living = 4 * MOST_CANCELLED
    for number in range(living):
        there.after(1.0, number)
        there.after(28_800.0, number).cancel()
    there.time = 2.0
    there.wheel.advance()
    assert (len(there.told), len(there.wheel)) == (living, 0)
    assert there.wheel.size <= MOST_CANCELLED

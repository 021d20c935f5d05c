"""Simulated mailboxes: the public tool with which users test their own actors."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from actors.dispatcher import DispatchedActor
from actors.testing import SimulatedDispatcher


class Echo(DispatchedActor):
    def __init__(self, world: SimulatedDispatcher, heard: list[Any]) -> None:
        super().__init__(world)
        self.heard = heard

    def on_receive(self, message: Any) -> Any:
        self.heard.append(message)
        if isinstance(message, BaseException):
            raise message
        if callable(message):
            message()
        return message


@pytest.fixture
def world() -> SimulatedDispatcher:
    return SimulatedDispatcher()


def test_nobody_runs_until_the_test_says_so_and_then_one_message_at_a_time(
    world: SimulatedDispatcher,
) -> None:
    heard: list[Any] = []
    ref = Echo.start(world, heard)
    ref.tell("a")
    ref.tell("b")
    assert (heard, world.mail(ref)) == ([], ("a", "b"))
    assert world.step(ref) == "a"
    assert (heard, world.mail(ref)) == (["a"], ("b",))


def test_a_step_of_an_actor_without_mail_is_an_error_of_the_test(
    world: SimulatedDispatcher,
) -> None:
    with pytest.raises(LookupError):
        world.step(Echo.start(world, []))


def test_the_test_chooses_who_is_next(world: SimulatedDispatcher) -> None:
    heard: list[Any] = []
    one, other = Echo.start(world, heard), Echo.start(world, heard)
    one.tell("first told")
    other.tell("first run")
    assert world.ready_actors() == [one, other]
    world.step(other)
    world.step(one)
    assert heard == ["first run", "first told"]


def test_a_seed_chooses_the_same_way_every_time(world: SimulatedDispatcher) -> None:
    def order(seed: int) -> list[Any]:
        here, heard = SimulatedDispatcher(), []
        random = Random(seed)
        for name in "abcdef":
            Echo.start(here, heard).tell(name)
        while not here.idle:
            here.step_any(random)
        return heard

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(20)}) > 10


def test_run_until_idle_takes_everybody_in_turn(world: SimulatedDispatcher) -> None:
    heard: list[Any] = []
    one, other = Echo.start(world, heard), Echo.start(world, heard)
    for name in ("a1", "a2"):
        one.tell(name)
    other.tell("b1")
    assert world.run_until_idle() == 3
    assert heard == ["a1", "b1", "a2"]


def test_actors_that_tell_each_other_for_ever_are_found(world: SimulatedDispatcher) -> None:
    ref = Echo.start(world, [])

    def again() -> None:
        ref.tell(again)

    ref.tell(again)
    with pytest.raises(RuntimeError, match="still busy after 50 messages"):
        world.run_until_idle(limit=50)


def test_time_moves_only_by_advance_and_puts_what_is_due_into_mailboxes(
    world: SimulatedDispatcher,
) -> None:
    ref = Echo.start(world, [])
    world.wheel.after(2.0, ref, "late")
    world.wheel.after(1.0, ref, "soon")
    world.advance(1.5)
    assert (world.time, world.mail(ref)) == (1.5, ("soon",))
    world.advance(1.0)
    assert world.mail(ref) == ("soon", "late")


def test_a_timer_set_by_what_is_due_fires_at_its_own_time(world: SimulatedDispatcher) -> None:
    heard: list[Any] = []
    ref = Echo.start(world, heard)
    world.wheel.after(1.0, ref, lambda: world.wheel.after(1.0, ref, "next"))
    world.advance(1.0)
    world.run_until_idle()
    world.advance(1.0)
    world.run_until_idle()
    assert (heard[-1], world.time) == ("next", 2.0)


def test_failures_are_kept_and_dead_letters_counted(world: SimulatedDispatcher) -> None:
    ref = Echo.start(world, [])
    ref.tell(ValueError("ill"))
    ref.tell("late")
    world.run_until_idle()
    assert [str(failure.error) for failure in world.failures] == ["ill"]
    assert [letter.message for letter in world.dead_letters] == ["str"]


def test_an_actor_that_tells_itself_something_and_fails_to_start_is_not_run(
    world: SimulatedDispatcher,
) -> None:
    class Ill(Echo):
        def on_start(self) -> None:
            self.actor_ref.tell("first")
            raise ValueError("ill")

    heard: list[Any] = []
    assert not Ill.start(world, heard).is_alive()
    assert (world.run_until_idle(), heard) == (0, [])


def test_an_ask_is_answered_by_whoever_runs_the_world(world: SimulatedDispatcher) -> None:
    asked = Echo.start(world, []).ask("you", block=False)
    world.run_until_idle()
    assert asked.get(timeout=0) == "you"


def test_what_another_thread_posted_is_delivered_by_the_next_run(
    world: SimulatedDispatcher,
) -> None:
    heard: list[Any] = []
    world.post(Echo.start(world, heard), "posted")
    assert not world.idle
    world.run_until_idle()
    assert (heard, world.idle) == (["posted"], True)

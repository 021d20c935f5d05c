"""The dispatcher's rules, as its docstring states them, and Pykka's own way of asking."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import gevent
import pykka
import pytest

from actors.dispatcher import DEAD_LETTERS_KEPT, DispatchedActor, Dispatcher, Failure
from actors.mailbox import Bounds, MailboxFull

ROOMY = Bounds(1000, 1000)
LOUD = [gevent.Timeout(1), SystemExit(3), gevent.GreenletExit(), KeyboardInterrupt()]


class Recorder(DispatchedActor):
    """Keeps what it hears; a callable is called with the actor, "stop" stops it."""

    def __init__(self, dispatcher: Dispatcher, bounds: Bounds = ROOMY) -> None:
        super().__init__(dispatcher, bounds)
        self.heard: list[Any] = []
        self.life: list[str] = []

    def on_start(self) -> None:
        self.life.append("start")

    def on_receive(self, message: Any) -> Any:
        self.heard.append(message)
        if message == "stop":
            self._stop()
        elif isinstance(message, BaseException):
            raise message
        elif callable(message):
            return message(self)
        return f"heard {message}"

    def on_stop(self) -> None:
        self.life.append("stop")

    def on_failure(self, *_: Any) -> None:
        self.life.append("failure")


class Node:
    """A dispatcher with a clock of its own, and what it told of failures and wakes."""

    def __init__(self, **options: Any) -> None:
        self.time = 0.0
        self.wakes = 0
        self.failures: list[Failure] = []
        self.dispatcher = Dispatcher(wake=self._wake, clock=lambda: self.time, **options)
        self.dispatcher.on_failure = self.failures.append

    def _wake(self) -> None:
        self.wakes += 1

    def start(
        self, bounds: Bounds = ROOMY, kind: type[Recorder] | None = None
    ) -> tuple[Any, Recorder]:
        actor = (kind or Recorder)(self.dispatcher, bounds)
        actor._start_actor_loop()
        return actor.actor_ref, actor

    def work(self, seconds: float) -> Callable[[Recorder], None]:
        """A message that takes its time."""

        def take(actor: Recorder) -> None:
            self.time += seconds

        return take


@pytest.fixture
def node() -> Node:
    return Node()


def test_telling_never_runs_anybody_and_a_message_is_handled_to_its_end(node: Node) -> None:
    (one, first), (other, second) = node.start(), node.start()

    def tell_both(actor: Recorder) -> None:
        one.tell("to myself")
        other.tell("to another")
        assert (len(actor.heard), second.heard) == (1, [])

    one.tell(tell_both)
    assert first.heard == []
    node.dispatcher.run()
    assert first.heard[1:] == ["to myself"]
    assert second.heard == ["to another"]


def test_a_turn_is_at_most_so_many_messages() -> None:
    node = Node(turn_messages=3)
    order: list[str] = []
    (one, _), (other, _) = node.start(), node.start()
    for _ in range(5):
        one.tell(lambda actor: order.append("one"))
    other.tell(lambda actor: order.append("other"))
    node.dispatcher.run()
    assert order == ["one"] * 3 + ["other"] + ["one"] * 2


def test_a_run_ends_when_its_time_is_up_and_says_that_somebody_is_still_ready() -> None:
    node = Node(turn_s=0.002)
    refs = [node.start() for _ in range(3)]
    for ref, _ in refs:
        ref.tell(node.work(0.0015))
    assert node.dispatcher.run() is True
    assert [len(actor.heard) for _, actor in refs] == [1, 1, 0]
    assert (node.dispatcher.run(), node.dispatcher.idle) == (False, True)


def test_the_loop_is_woken_once_for_many_messages_and_not_while_it_runs_us_again() -> None:
    node = Node(turn_s=0.002)
    (one, _), (other, _) = node.start(), node.start()
    for _ in range(3):
        one.tell(node.work(0.003))
    other.tell("x")
    assert node.wakes == 1
    assert node.dispatcher.run() is True
    other.tell("y")
    assert node.wakes == 1, "whoever runs us runs us again"
    while node.dispatcher.run():
        pass
    one.tell("z")
    assert node.wakes == 2


def test_on_start_returns_before_the_first_turn(node: Node) -> None:
    seen: list[Any] = []

    class Early(Recorder):
        def on_start(self) -> None:
            self.actor_ref.tell("first")
            seen.append(tuple(self.heard))

    ref, actor = node.start(kind=Early)
    ref.tell("second")
    assert seen == [()]
    node.dispatcher.run()
    assert actor.heard == ["first", "second"]


def test_an_actor_whose_start_fails_is_dead_and_what_it_told_itself_is_buried(node: Node) -> None:
    class Ill(Recorder):
        def on_start(self) -> None:
            self.actor_ref.tell("first")
            raise gevent.Timeout(1)

    ref, actor = node.start(kind=Ill)
    assert not ref.is_alive()
    assert node.dispatcher.run() is False
    assert (actor.heard, actor.life) == ([], ["failure"])
    assert [letter.message for letter in node.dispatcher.dead_letters] == ["str"]


def test_stop_is_admitted_even_when_the_mailbox_is_full(node: Node) -> None:
    ref, actor = node.start(Bounds(1, 1))
    ref.tell("one")
    with pytest.raises(MailboxFull):
        ref.tell("two")
    stopped = ref.stop(block=False)
    node.dispatcher.run()
    assert stopped.get(timeout=0) is True
    assert (actor.heard, actor.life, ref.is_alive()) == (["one"], ["start", "stop"], False)


def test_who_stops_itself_hears_no_more_and_its_mail_is_buried(node: Node) -> None:
    ref, actor = node.start()
    ref.tell("stop")
    ref.tell("late")
    asked = ref.ask("later", block=False)
    node.dispatcher.run()
    assert actor.heard == ["stop"]
    assert [letter.reason for letter in node.dispatcher.dead_letters] == ["actor stopped"]
    with pytest.raises(pykka.ActorDeadError):
        asked.get(timeout=0)


def test_an_exception_in_a_tell_fails_the_actor_and_buries_its_mail(node: Node) -> None:
    ref, actor = node.start()
    problem = ValueError("ill")
    ref.tell(problem)
    ref.tell("late")
    asked = ref.ask("later", block=False)
    node.dispatcher.run()
    assert (actor.heard, actor.life) == ([problem], ["start", "failure"])
    assert [failure.error for failure in node.failures] == [problem]
    assert [letter.message for letter in node.dispatcher.dead_letters] == ["str"]
    with pytest.raises(pykka.ActorDeadError):
        asked.get(timeout=0)
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("too late")


def test_an_exception_in_an_ask_goes_to_the_asker_and_the_actor_lives(node: Node) -> None:
    ref, actor = node.start()
    asked = ref.ask(ValueError("ill"), block=False)
    ref.tell("next")
    node.dispatcher.run()
    with pytest.raises(ValueError, match="ill"):
        asked.get(timeout=0)
    assert (actor.heard[1:], node.failures) == (["next"], [])


@pytest.mark.parametrize("loud", LOUD, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("way", ["tell", "ask"])
def test_a_base_exception_fails_that_actor_alone(node: Node, loud: BaseException, way: str) -> None:
    (ref, actor), (other, second) = node.start(), node.start()
    asked = ref.ask(loud, block=False) if way == "ask" else ref.tell(loud)
    other.tell("before")
    ref.tell("late")
    node.dispatcher.run()
    other.tell("after")
    node.dispatcher.run()
    assert (actor.life, ref.is_alive()) == (["start", "failure"], False)
    assert (second.heard, other.is_alive()) == (["before", "after"], True)
    if asked is not None:
        with pytest.raises(type(loud)):
            asked.get(timeout=0)


@pytest.mark.parametrize("hook", ["on_failure", "on_stop"])
def test_a_hook_that_fails_too_is_reported_and_leaves_no_turn(node: Node, hook: str) -> None:
    class Ill(Recorder):
        pass

    def ill(self: Any, *_: Any) -> None:
        raise SystemExit(hook)

    setattr(Ill, hook, ill)
    ref = Ill.start(node.dispatcher)
    ref.tell(ValueError("first") if hook == "on_failure" else "stop")
    node.dispatcher.run()
    assert not ref.is_alive()
    assert hook in [str(failure.error) for failure in node.failures]


def test_posts_of_other_threads_arrive_in_order_at_the_next_run_and_run_nobody(node: Node) -> None:
    ref, actor = node.start()
    thread = threading.Thread(
        target=lambda: [node.dispatcher.post(ref, number) for number in range(100)]
    )
    thread.start()
    thread.join()
    assert (actor.heard, node.wakes, node.dispatcher.idle) == ([], 0, False)
    node.dispatcher.run()
    assert actor.heard == list(range(100))


def test_a_post_to_a_dead_or_full_actor_is_a_dead_letter(node: Node) -> None:
    (dead, _), (full, _) = node.start(), node.start(Bounds(1, 1))
    dead.tell("stop")
    node.dispatcher.run()
    full.tell("x")
    node.dispatcher.post(dead, "y")
    node.dispatcher.post(full, "z")
    node.dispatcher.run()
    reasons = [letter.reason for letter in node.dispatcher.dead_letters]
    assert reasons == ["actor is gone", "mailbox is full"]


def test_dead_letters_are_bounded_and_hold_no_text(node: Node) -> None:
    ref, _ = node.start()
    ref.tell("stop")
    node.dispatcher.run()
    for _ in range(DEAD_LETTERS_KEPT + 9):
        node.dispatcher.send(ref, "my card number is")
    assert len(node.dispatcher.dead_letters) == DEAD_LETTERS_KEPT
    assert node.dispatcher.dead_letters_total == DEAD_LETTERS_KEPT + 9
    assert "card" not in repr(node.dispatcher.dead_letters)


def test_pykkas_ask_and_stop_work(node: Node) -> None:
    ref, _ = node.start()
    asked = ref.ask("you", block=False)
    node.dispatcher.run()
    assert asked.get(timeout=0) == "heard you"
    stopped = ref.stop(block=False)
    node.dispatcher.run()
    assert (stopped.get(timeout=0), ref.is_alive()) == (True, False)
    assert ref.stop(block=False).get(timeout=0) is False


def test_pykkas_proxy_works(node: Node) -> None:
    class Counter(DispatchedActor):
        def __init__(self, dispatcher: Dispatcher) -> None:
            super().__init__(dispatcher)
            self.count = 0

        def add(self, more: int) -> int:
            self.count += more
            return self.count

    proxy = Counter.start(node.dispatcher).proxy()
    added, count = proxy.add(2), proxy.count
    node.dispatcher.run()
    assert (added.get(timeout=0), count.get(timeout=0)) == (2, 2)
    proxy.stop()


def test_our_actors_stand_in_no_registry_of_pykka(node: Node) -> None:
    ref, _ = node.start()
    assert ref.actor_urn not in [other.actor_urn for other in pykka.ActorRegistry.get_all()]

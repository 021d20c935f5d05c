"""Requests and answers on one connection, without a connection: bytes out, bytes in."""

from __future__ import annotations

from typing import Any

import pytest

from engine.log import LogUnavailable
from engine.redis_link import LinkBroken, RedisLink, Replicas, Request
from engine.redis_pipe import Script, Stamped, bulk, pack

ANSWER_S = 5.0
SCRIPT = Script("lead.lua")
CALL_SCRIPT = SCRIPT.command(["key"], "node", 1)


class Place:
    """A link, its clock, and what became of what was asked."""

    def __init__(self, most: int = 100, **options: Any) -> None:
        self.now = 100.0
        self.faults: list[Exception] = []
        self.link = RedisLink(
            [SCRIPT],
            answer_s=ANSWER_S,
            most=most,
            clock=lambda: self.now,
            on_fault=self.faults.append,
            **options,
        )
        self.outcomes: dict[str, Any] = {}

    def ask(self, name: str, packed: bytes | None = None, *, changes: bool = True) -> None:
        def done(outcome: Any) -> None:
            assert name not in self.outcomes, "one outcome each"
            self.outcomes[name] = outcome

        self.link.ask(packed or pack(("ECHO", name)), done, changes=changes)

    def uncertain(self, name: str) -> bool:
        outcome = self.outcomes[name]
        assert isinstance(outcome, LogUnavailable), outcome
        return outcome.uncertain


def test_answers_go_to_who_asked_in_order_however_they_are_cut() -> None:
    place = Place()
    for name in "abc":
        place.ask(name)
    assert place.link.outgoing() == b"".join(pack(("ECHO", name)) for name in "abc")
    for byte in b"$1\r\nA\r\n*2\r\n$1\r\nB\r\n:7\r\n$-1\r\n":
        place.link.receive(bytes([byte]))
    assert place.outcomes == {"a": b"A", "b": [b"B", 7], "c": None}
    assert len(place.link) == 0


def test_what_is_asked_while_a_batch_is_under_way_leaves_together_after_it() -> None:
    place = Place()
    place.ask("a")
    assert place.link.sendable
    place.link.outgoing()
    place.ask("b")
    place.ask("c")
    assert not place.link.sendable
    place.link.receive(b":1\r\n")
    assert place.link.sendable
    assert place.link.outgoing() == pack(("ECHO", "b")) + pack(("ECHO", "c"))


def test_a_stamped_request_carries_the_run_id_of_the_server_it_is_sent_to() -> None:
    place = Place()
    stamped = Stamped(b"*2\r\n" + bulk("ECHO"), b"")
    for run_id in ("first", "second"):
        place.ask(run_id)
        place.link.outgoing()
        place.link.ask(stamped, lambda _: None, changes=True)
        place.link.lose("the server restarts")
        place.link.ask(stamped, lambda _: None, changes=True)
        place.link.run_id = run_id
        assert place.link.outgoing() == pack(("ECHO", run_id))
        place.link.lose("the test goes on")


def test_a_lost_connection_leaves_uncertain_only_what_was_sent_and_changes_something() -> None:
    place = Place()
    place.ask("sent")
    place.ask("read", changes=False)
    place.link.outgoing()
    place.ask("waiting")
    place.link.lose("gone")
    assert [place.uncertain(name) for name in ("sent", "read", "waiting")] == [True, False, False]
    place.ask("later")
    assert place.link.outgoing() == pack(("ECHO", "later"))


def test_half_an_answer_of_a_lost_connection_is_not_read_on_the_next() -> None:
    place = Place()
    place.ask("a")
    place.link.outgoing()
    place.link.receive(b"$10\r\nabc")
    place.link.lose("gone")
    place.ask("b")
    place.link.outgoing()
    place.link.receive(b"$1\r\nB\r\n")
    assert place.outcomes["b"] == b"B"


def test_an_error_is_of_its_own_request_and_certain_when_it_says_that_nothing_ran() -> None:
    place = Place()
    for name in ("oom", "fine", "wrong", "proxy"):
        place.ask(name)
    place.link.outgoing()
    place.link.receive(b"-OOM command not allowed\r\n:1\r\n-WRONGTYPE Operation\r\n")
    place.link.receive(b"-ERR upstream failure\r\n")
    assert place.outcomes["fine"] == 1
    assert (place.uncertain("oom"), place.uncertain("wrong")) == (False, False)
    assert place.uncertain("proxy") is True, "it does not say whether the store has run it"
    assert place.outcomes["oom"].reason == "OOM command not allowed"


def test_missing_scripts_are_loaded_once_and_only_what_missed_them_is_asked_again() -> None:
    place = Place()
    for name in "abc":
        place.ask(name, CALL_SCRIPT)
    place.link.outgoing()
    place.link.receive(b"-NOSCRIPT No matching script\r\n:2\r\n-NOSCRIPT No matching script\r\n")
    assert place.outcomes == {"b": 2}
    assert place.link.outgoing() == SCRIPT.load + CALL_SCRIPT + CALL_SCRIPT
    place.link.receive(b"$3\r\nsha\r\n:1\r\n:3\r\n")
    assert place.outcomes == {"a": 1, "b": 2, "c": 3}


def test_a_script_that_cannot_be_loaded_is_a_certain_failure() -> None:
    place = Place()
    place.ask("a", CALL_SCRIPT)
    place.link.outgoing()
    place.link.receive(b"-NOSCRIPT No matching script\r\n")
    place.link.outgoing()
    place.link.receive(b"-NOPERM no\r\n-NOSCRIPT No matching script\r\n")
    assert place.uncertain("a") is False
    assert not place.link.sendable


def test_a_request_that_missed_its_script_is_certain_when_the_connection_is_lost_then() -> None:
    place = Place()
    place.ask("a", CALL_SCRIPT)
    place.link.outgoing()
    place.link.receive(b"-NOSCRIPT No matching script\r\n")
    place.link.lose("gone")
    assert place.uncertain("a") is False


def test_a_replica_is_left_once_it_has_answered_the_rest() -> None:
    place = Place()
    place.ask("a")
    place.ask("b")
    place.link.outgoing()
    place.link.receive(b"-READONLY You can't write\r\n")
    assert place.uncertain("a") is False
    place.ask("c")
    assert not place.link.spent
    place.link.receive(b"-READONLY You can't write\r\n")
    assert place.link.spent
    assert not place.link.sendable
    place.link.renew()
    assert place.link.outgoing() == pack(("ECHO", "c"))
    assert not place.link.spent


def test_an_answer_is_late_when_nothing_came_for_so_long() -> None:
    place = Place()
    place.now += 1000
    assert not place.link.overdue(), "nobody waits"
    place.ask("a")
    place.ask("b")
    assert not place.link.overdue(), "nothing was sent"
    place.link.outgoing()
    place.now += ANSWER_S - 0.01
    assert not place.link.overdue()
    place.link.receive(b":1\r\n")
    place.now += ANSWER_S - 0.01
    assert not place.link.overdue(), "the store answers, slowly"
    place.now += 0.02
    assert place.link.overdue()


def test_over_the_bound_a_request_is_refused_at_once_and_for_certain() -> None:
    place = Place(most=2)
    place.ask("a")
    place.link.outgoing()
    place.ask("b")
    place.ask("c")
    assert place.uncertain("c") is False
    place.link.receive(b":1\r\n")
    place.ask("d")
    assert place.outcomes.keys() == {"a", "c"}


def test_a_fault_in_what_hears_an_outcome_does_not_hold_up_the_others() -> None:
    place = Place()

    def fails(_: Any) -> None:
        raise ValueError("of the test")

    place.link.ask(b"x", fails, changes=True)
    place.ask("b")
    place.link.outgoing()
    place.link.receive(b":1\r\n:2\r\n")
    assert place.outcomes == {"b": 2}
    assert [str(fault) for fault in place.faults] == ["of the test"]


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 400 Bad Request\r\n", b":1\r\n:2\r\n"])
def test_what_cannot_be_an_answer_breaks_the_link(nonsense: bytes) -> None:
    place = Place()
    place.ask("a")
    place.link.outgoing()
    with pytest.raises(LinkBroken):
        place.link.receive(nonsense)


# --- replicas -----------------------------------------------------------------------------

TWO = Replicas(2, 300)
WRITE = pack(("SET", "{tag}:key", "x"))
MARKED_WAIT = pack(("SET", "{tag}:key:mark", "", "PX", 1000)) + pack(("WAIT", 2, 300))


def test_a_change_is_answered_when_its_replicas_have_it_and_a_read_at_once() -> None:
    place = Place(replicas=TWO)
    place.ask("read", changes=False)
    place.ask("write", WRITE)
    assert place.link.outgoing() == pack(("ECHO", "read")) + WRITE + MARKED_WAIT
    place.link.receive(b":1\r\n+OK\r\n+OK\r\n")
    assert place.outcomes == {"read": 1}
    assert len(place.link) == 2, "WAIT, and what waits for it"
    place.link.receive(b":2\r\n")
    assert place.outcomes["write"] == b"OK"
    assert len(place.link) == 0


def test_reads_alone_wait_for_no_replica() -> None:
    place = Place(replicas=TWO)
    place.ask("read", changes=False)
    assert place.link.outgoing() == pack(("ECHO", "read"))


@pytest.mark.parametrize(
    "answers",
    [b"+OK\r\n+OK\r\n:1\r\n", b"+OK\r\n-OOM no\r\n:2\r\n", b"+OK\r\n+OK\r\n-ERR no\r\n"],
    ids=["too few", "no mark", "no wait"],
)
def test_a_change_that_too_few_replicas_have_is_uncertain(answers: bytes) -> None:
    place = Place(replicas=TWO)
    place.ask("write", WRITE)
    place.link.outgoing()
    place.link.receive(answers)
    assert place.uncertain("write") is True


def test_a_refused_change_is_certain_whatever_the_replicas_say() -> None:
    place = Place(replicas=TWO)
    place.ask("write", WRITE)
    place.link.outgoing()
    place.link.receive(b"-OOM no\r\n-OOM no\r\n:0\r\n")
    assert place.uncertain("write") is False


def test_a_change_whose_connection_is_lost_before_its_replicas_answer_is_uncertain() -> None:
    place = Place(replicas=TWO)
    place.ask("write", WRITE)
    place.link.outgoing()
    place.link.receive(b"+OK\r\n+OK\r\n")
    place.link.lose("gone")
    assert place.uncertain("write") is True
    place.ask("again", WRITE)
    place.link.outgoing()
    place.link.receive(b"+OK\r\n+OK\r\n:2\r\n")
    assert place.outcomes["again"] == b"OK"


def test_replicas_are_waited_for_no_longer_than_half_the_time_for_an_answer() -> None:
    assert Replicas(1, 60_000).command(ANSWER_S) == pack(("WAIT", 1, 2500))


# --- a cluster ----------------------------------------------------------------------------


def test_what_a_node_sends_on_is_taken_over_with_how_often_that_was_or_fails_for_certain() -> None:
    taken: list[tuple[int, str]] = []

    def elsewhere(request: Request, error: str) -> bool:
        taken.append((request.hops, error))
        return request.hops < 1

    place = Place(elsewhere=elsewhere)
    place.ask("a")
    place.link.ask(
        pack(("ECHO", "b")), lambda outcome: place.outcomes.update(b=outcome), changes=True, hops=1
    )
    place.link.outgoing()
    place.link.receive(b"-MOVED 1 b:2\r\n-MOVED 1 b:2\r\n")
    assert taken == [(0, "MOVED 1 b:2"), (1, "MOVED 1 b:2")]
    assert place.outcomes.keys() == {"b"}
    assert place.uncertain("b") is False


def test_a_link_that_is_told_to_leave_answers_what_is_under_way_and_sends_no_more() -> None:
    place = Place()
    place.ask("a")
    place.link.outgoing()
    place.ask("b")
    place.link.retire()
    assert not place.link.spent
    place.link.receive(b":1\r\n")
    assert (place.outcomes, place.link.spent, place.link.sendable) == ({"a": 1}, True, False)


def test_a_silent_link_is_probed_and_one_that_is_busy_is_not() -> None:
    place = Place()
    place.now += 1.9
    place.link.probe()
    assert not place.link.sendable
    place.now += 0.2
    place.link.probe()
    assert place.link.outgoing() == pack(("PING",))
    place.now += ANSWER_S
    place.link.probe()
    assert place.link.overdue()

"""The bounded mailbox: what is admitted, refused or dropped when too much is waiting."""

from __future__ import annotations

from typing import Any, ClassVar

import pykka.messages
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pykka._envelope import Envelope

from actors import messages as m
from actors.mailbox import Admission, Bounds, Mailbox, MailboxFull, admission_of


class Control:
    admission: ClassVar = Admission.CONTROL


class Durable:
    admission: ClassVar = Admission.DURABLE


class Hint:
    admission: ClassVar = Admission.HINT


def put(mailbox: Mailbox, *messages: Any) -> None:
    for message in messages:
        mailbox.put(Envelope(message))


def test_messages_come_out_in_the_order_they_came_in() -> None:
    mailbox = Mailbox(Bounds(10, 10))
    messages = [Durable(), Hint(), Control(), Durable()]
    put(mailbox, *messages)
    assert list(mailbox.peek()) == messages
    assert [mailbox.get().message for _ in messages] == messages
    assert mailbox.empty()


def test_a_durable_message_over_its_bound_is_refused_and_nothing_of_it_kept() -> None:
    mailbox = Mailbox(Bounds(total=10, durable=2))
    put(mailbox, Durable(), Durable())
    with pytest.raises(MailboxFull):
        put(mailbox, Durable())
    assert (len(mailbox), mailbox.refused) == (2, 1)
    mailbox.get()
    put(mailbox, Durable())


def test_a_hint_over_the_bound_is_dropped_and_counted_and_its_sender_hears_nothing() -> None:
    mailbox = Mailbox(Bounds(total=2, durable=2))
    put(mailbox, Hint(), Hint(), Hint(), Hint())
    assert (len(mailbox), mailbox.dropped) == (2, 2)


def test_hints_take_no_room_from_durable_messages_up_to_the_whole_bound() -> None:
    mailbox = Mailbox(Bounds(total=3, durable=2))
    put(mailbox, Hint(), Durable(), Durable())
    with pytest.raises(MailboxFull):
        put(mailbox, Durable())
    put(mailbox, Hint())
    assert mailbox.dropped == 1


@pytest.mark.parametrize("message", [Control(), pykka.messages._ActorStop()])
def test_a_control_message_is_admitted_however_much_is_waiting(message: Any) -> None:
    mailbox = Mailbox(Bounds(total=1, durable=1))
    put(mailbox, Durable(), message, message)
    assert len(mailbox) == 3


def test_a_message_that_says_nothing_of_itself_is_durable() -> None:
    assert admission_of("text") is Admission.DURABLE


def test_an_empty_mailbox_does_not_wait() -> None:
    with pytest.raises(IndexError):
        Mailbox(Bounds(1, 1)).get()


def test_every_put_is_told_and_a_refused_one_is_not() -> None:
    told: list[int] = []
    mailbox = Mailbox(Bounds(9, 9))
    mailbox.bind(Bounds(1, 1), lambda: told.append(len(mailbox)))
    put(mailbox, Durable())
    with pytest.raises(MailboxFull):
        put(mailbox, Durable())
    put(mailbox, Hint())
    assert told == [1]


def test_what_must_not_be_lost_is_never_a_hint() -> None:
    """The kinds of our own messages: hints are what a cursor or nobody misses."""
    hints = {
        kind.__name__
        for kind in vars(m).values()
        if isinstance(kind, type) and getattr(kind, "admission", None) is Admission.HINT
    }
    assert hints == {
        *("Droppable", "LogFrame", "StateFrame", "HintArrived"),
        *("RowChanged", "WallFrame"),  # found by the next reading, and by beginning afresh
    }


@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.sampled_from(["durable", "hint", "control", "get"]), max_size=60))
def test_the_bounds_hold_whatever_comes(steps: list[str]) -> None:
    mailbox, kinds = Mailbox(Bounds(total=5, durable=3)), {"durable": Durable, "hint": Hint}
    for step in steps:
        if step == "get":
            if not mailbox.empty():
                mailbox.get()
            continue
        before = len(mailbox)
        durable = sum(isinstance(message, Durable) for message in mailbox.peek())
        try:
            put(mailbox, kinds.get(step, Control)())
        except MailboxFull:
            assert step == "durable"
            assert durable == 3 or before >= 5
        assert len(mailbox) <= max(5, before) or step == "control"
        assert sum(isinstance(message, Durable) for message in mailbox.peek()) <= 3

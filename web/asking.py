"""Asking an actor from a request's greenlet: tell it, then wait for its Answered, bounded.

The only place where somebody waits for an actor. Actors themselves never do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent.event import AsyncResult
from pykka import ActorDeadError, ActorRef

from actors import messages as m
from actors.mailbox import MailboxFull
from engine.errors import Busy, Timeout


class _Waiter:
    """Stands where an actor's ref is expected; takes one answer."""

    actor_class = type("Waiter", (), {})

    def __init__(self) -> None:
        self.result: AsyncResult[Any] = AsyncResult()

    def tell(self, answer: m.Answered) -> None:
        self.result.set(answer)


def ask(
    find: Callable[[], ActorRef[Any]], build: Callable[[Any, Any], Any], timeout_s: float
) -> Any:
    """`build(reply_to, token)` makes the message. Returns the value or raises the refusal."""
    waiter = _Waiter()
    message = build(waiter, None)
    for _ in range(2):
        try:
            find().tell(message)
            break
        except ActorDeadError:
            continue  # it stopped between look-up and tell; the directory starts another
        except MailboxFull:
            raise Busy("The call has too much to do", retry_after_ms=500) from None
    answer = waiter.result.wait(timeout_s)
    if answer is None:
        raise Timeout("No answer in time; ask again with the same ids")
    if answer.error is not None:
        raise answer.error
    return answer.value

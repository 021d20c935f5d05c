"""A reader of hints whose own time-out strikes: nothing is lost unsaid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.hints_redis import Following, HintStream, Lost
from engine.log import CallKey
from engine.log_redis import RedisLog
from tests.contract.hinting import append, hint, take
from tests.contract.stores import BOUND_S


class _Impatient(BaseException):
    """What gevent's time-outs are to a reader."""


def test_a_reader_interrupted_while_it_waits_loses_nothing(
    redis_log: RedisLog, stream: HintStream, call: CallKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.follow(call)
    take(stream, 1)

    def interrupted(*_: object) -> None:
        append(redis_log, call, 1)
        raise _Impatient

    waiter: Any = stream._waiter
    with monkeypatch.context() as patch:
        patch.setattr(waiter, "wait", interrupted)
        with pytest.raises(_Impatient):
            stream.next(BOUND_S)
    assert take(stream, 1) == [hint(call, 1)]


def test_a_command_interrupted_while_it_is_sent_is_a_loss(
    stream: HintStream, new_call: Callable[[], CallKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, late = new_call(), new_call()
    stream.follow(before)
    take(stream, 1)
    connection: Any = stream._connection
    stream.follow(late)
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_sock", _Interrupting(connection._sock))
        with pytest.raises(_Impatient):
            stream.next(BOUND_S)
    lost, *back = take(stream, 3)
    assert (type(lost), back) == (Lost, [Following(before), Following(late)])


class _Interrupting:
    """A socket whose sends end with a caller's time-out."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def sendall(self, sent: bytes) -> None:
        self._real.sendall(sent[:5])
        raise _Impatient

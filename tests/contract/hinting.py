"""A hint stream on a real store, what is appended for it, and what it should bring."""

from __future__ import annotations

import time
from typing import Any

from engine.hints_redis import HintStream
from engine.log import Append, Appended, CallKey, Entry, Hint, StoredEvent
from engine.log_redis import RedisLog
from engine.store import connect
from tests.contract.entries import EPOCH
from tests.contract.stores import BOUND_S

PING_S, ANSWER_S = 0.2, 5.0  # a busy machine must not look like a dead store


def open_stream(url: str, cluster: bool = False, **more: Any) -> HintStream:
    return HintStream(
        lambda: connect(url, socket_timeout_s=ANSWER_S),
        cluster,
        **{"ping_s": PING_S, "answer_s": ANSWER_S} | more,
    )


def take(stream: HintStream, count: int) -> list[Any]:
    """The next `count` arrivals, or a failure that shows what came instead."""
    found: list[Any] = []
    deadline = time.monotonic() + BOUND_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {found}"
        found += stream.next(0.5)
    assert len(found) == count, found
    return found


def append(log: RedisLog, call: CallKey, seq: int, count: int = 1) -> None:
    made = tuple(Entry(f"key-{seq + n}", "", "call:status", b"%d" % n) for n in range(count))
    request = Append(call, EPOCH, seq - 1, made, create=seq == 1)
    assert log.append([request]) == [Appended(seq + count - 1)]


def hint(call: CallKey, seq: int, count: int = 1) -> Hint:
    events = [
        StoredEvent(seq + n, "call:status", b"%d" % n, f"key-{seq + n}", "") for n in range(count)
    ]
    return Hint(call, EPOCH, seq, "node-1", tuple(events))

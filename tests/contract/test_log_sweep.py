"""What the sweep asks of many logs at once, on real stores."""

from __future__ import annotations

from collections.abc import Callable

from engine.log import Append, CallKey
from engine.log_redis import RedisLog
from tests.contract.entries import EPOCH, entries


def test_a_log_is_over_when_the_call_has_ended_or_was_erased(
    redis_log: RedisLog, new_call: Callable[[], CallKey]
) -> None:
    lives, ended, erased, never = (new_call() for _ in range(4))
    for call in (lives, ended, erased):
        redis_log.append([Append(call, EPOCH, 0, entries("created"), create=True)])
    redis_log.append([Append(ended, EPOCH, 1, entries("ended"), expire_s=100)])
    redis_log.delete(erased)
    assert redis_log.over([lives, ended, erased, never]) == [False, True, True, False]


def test_when_leases_end_is_told_of_those_that_were_not_given_back(
    redis_log: RedisLog, new_call: Callable[[], CallKey]
) -> None:
    led, left, never = (new_call() for _ in range(3))
    for call in (led, left):
        redis_log.append([Append(call, EPOCH, 0, entries("created"), create=True)])
        redis_log.lead(call, "node-1", 60_000)
    redis_log.resign(left, "node-1")
    until, *others = redis_log.leases_until([led, left, never])
    assert others == [None, None]
    lease = redis_log.lead(led, "node-2", 1000)
    assert lease is not None
    assert not lease.mine
    assert until is not None
    assert until > 1_700_000_000

"""The hint stream on a real store: what is confirmed, in which order, and what is left out."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

from engine.hints_redis import AT_ONCE, Following, HintStream, Listening, Notice
from engine.log import Append, CallKey, Entry, Hint, StoredEvent
from engine.log_redis import RedisLog, interim_hint, keys_of
from engine.store import connect
from engine.store_greeting import greet
from tests.contract.entries import EPOCH
from tests.contract.hinting import ANSWER_S, append, hint, take
from tests.contract.stores import BOUND_S


def test_what_is_appended_after_following_is_confirmed_is_hinted(
    redis_log: RedisLog, stream: HintStream, call: CallKey
) -> None:
    append(redis_log, call, 1)
    stream.follow(call)
    assert take(stream, 1) == [Following(call)]
    append(redis_log, call, 2, count=3)
    assert take(stream, 1) == [hint(call, 2, count=3)]


def test_hints_arrive_in_the_order_of_the_log(
    redis_log: RedisLog, stream: HintStream, new_call: Callable[[], CallKey]
) -> None:
    calls = [new_call(), new_call()]
    for call in calls:
        stream.follow(call)
    assert take(stream, 2) == [Following(call) for call in calls]
    for seq, call in itertools.product(range(1, 101), calls):
        append(redis_log, call, seq)
    assert take(stream, 200) == [hint(c, s) for s, c in itertools.product(range(1, 101), calls)]


def test_one_next_returns_no_more_than_its_bound(
    redis_log: RedisLog, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    count = AT_ONCE + 50
    appends = [
        Append(call, EPOCH, n, (Entry(f"k{n}", "", "e", b""),), create=n == 0) for n in range(count)
    ]
    redis_log.append(appends)
    first = stream.next(BOUND_S)
    assert 0 < len(first) <= AT_ONCE
    rest = take(stream, count - len(first))
    assert [one.seq for one in [*first, *rest]] == list(range(1, count + 1))


def test_next_waits_no_longer_than_asked(store_url: str, call: CallKey) -> None:
    with contextlib.closing(HintStream(lambda: connect(store_url), ping_s=BOUND_S)) as stream:
        stream.follow(call)
        take(stream, 1)
        begun = time.monotonic()
        assert stream.next(0.05) == []
        assert 0.05 <= time.monotonic() - begun < BOUND_S / 2, "nor for the next sign of life"


def test_a_wish_takes_effect_while_the_reader_is_blocked(store_url: str, call: CallKey) -> None:
    stream = HintStream(lambda: connect(store_url), ping_s=BOUND_S)
    stream.next(0)
    arrivals: list[Any] = []
    reader = threading.Thread(target=lambda: arrivals.extend(stream.next(BOUND_S)))
    reader.start()
    time.sleep(0.05)  # let it block; should it not have, the test proves less, never fails
    begun = time.monotonic()
    stream.follow(call)
    reader.join(timeout=2 * BOUND_S)
    assert arrivals == [Following(call)]
    assert time.monotonic() - begun < BOUND_S / 2
    stream.close()


def test_an_unfollowed_call_is_heard_no_more(
    redis_log: RedisLog, stream: HintStream, new_call: Callable[[], CallKey]
) -> None:
    left, kept = new_call(), new_call()
    stream.follow(left)
    stream.follow(kept)
    take(stream, 2)
    stream.unfollow(left)
    append(redis_log, left, 1)
    append(redis_log, kept, 1)
    assert take(stream, 1) == [hint(kept, 1)]


def test_whoever_follows_again_is_confirmed_again(
    redis_log: RedisLog, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    stream.unfollow(call)
    stream.follow(call)
    assert take(stream, 1) == [Following(call)]
    append(redis_log, call, 1)
    assert take(stream, 1) == [hint(call, 1)]


def test_many_calls_are_followed_at_once(
    stream: HintStream, new_call: Callable[[], CallKey]
) -> None:
    calls = [new_call() for _ in range(1200)]
    for call in calls:
        stream.follow(call)
    assert take(stream, 1200) == [Following(call) for call in calls]


def test_nonsense_on_a_calls_channel_is_counted_and_dropped(
    redis_log: RedisLog, client: redis.Redis, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    client.publish(keys_of(call).hint, "nonsense")
    append(redis_log, call, 1)
    assert take(stream, 1) == [hint(call, 1)]
    assert stream.nonsense == 1


def test_an_extra_channel_brings_messages_as_they_are(
    client: redis.Redis, stream: HintStream
) -> None:
    stream.listen("news")
    assert take(stream, 1) == [Listening("news")]
    client.publish("news", b"\x00\xff\n")
    assert take(stream, 1) == [Notice("news", b"\x00\xff\n")]


def test_hints_of_our_own_are_dropped_and_all_others_come(
    store_url: str, client: redis.Redis, call: CallKey
) -> None:
    ours, theirs = RedisLog(client, "node-1"), RedisLog(client, "node-11")
    stream = HintStream(lambda: connect(store_url), own="node-1")
    with contextlib.closing(stream):
        stream.follow(call)
        take(stream, 1)
        append(ours, call, 1)
        append(theirs, call, 2)
        append(ours, call, 3)
        client.publish(keys_of(call).hint, interim_hint("node-1", b"{}"))
        client.publish(keys_of(call).hint, interim_hint("node-2", b" node-1 "))
        client.publish(keys_of(call).hint, "nonsense of node-1 ")
        first, second = take(stream, 2)
        assert first == hint(call, 2)._replace(origin="node-11")
        told = StoredEvent(0, "transcription:update", b" node-1 ", "", "")
        assert second == Hint(call, "-", 0, "node-2", (told,))
        assert stream.next(0.1) == []
        assert (stream.dropped, stream.nonsense) == (3, 1)


def test_the_newer_protocol_serves_as_well(store_url: str, call: CallKey) -> None:
    client = redis.Redis.from_url(store_url, protocol=3, redis_connect_func=greet)
    stream = HintStream(
        lambda: redis.Redis.from_url(store_url, protocol=3), ping_s=0.05, answer_s=ANSWER_S
    )
    stream.follow(call)
    assert take(stream, 1) == [Following(call)]
    assert stream.next(0.3) == [], "PINGs are answered"
    append(RedisLog(client, "node-1"), call, 1)
    assert take(stream, 1) == [hint(call, 1)]
    stream.close()
    client.close()

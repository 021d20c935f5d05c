"""The link of the hint stream breaks, hangs and comes back: each loss is told once."""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from engine.hints_redis import Following, HintStream, Listening, Lost
from engine.log import CallKey
from engine.log_redis import RedisLog
from engine.store import connect
from tests.contract.hinting import append, hint, open_stream, take

QUIET_S = 60.0  # of a stream whose clock the test moves: before it asks, and for the answer


def test_a_killed_connection_is_reported_and_every_subscription_confirmed_anew(
    redis_log: RedisLog, client: redis.Redis, stream: HintStream, new_call: Callable[[], CallKey]
) -> None:
    calls = [new_call(), new_call()]
    for call in calls:
        stream.follow(call)
    stream.listen("news")
    take(stream, 3)
    client.client_kill_filter(_type="pubsub")
    lost, *back = take(stream, 4)
    assert isinstance(lost, Lost)
    assert back == [Following(calls[0]), Following(calls[1]), Listening("news")]
    append(redis_log, calls[1], 1)
    assert take(stream, 1) == [hint(calls[1], 1)]


def test_what_arrived_before_the_loss_comes_before_it(
    redis_log: RedisLog, client: redis.Redis, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    append(redis_log, call, 1)
    client.client_kill_filter(_type="pubsub")
    first, lost, back = take(stream, 3)
    assert (first, type(lost), back) == (hint(call, 1), Lost, Following(call))


def test_a_wish_made_while_the_link_is_down_holds_when_it_is_back(
    own_store: Any, new_call: Callable[[], CallKey]
) -> None:
    early, late, left = new_call(), new_call(), new_call()
    own_store.start()
    with contextlib.closing(open_stream(own_store.url)) as stream:
        stream.follow(early)
        stream.follow(left)
        take(stream, 2)
        own_store.kill()
        assert isinstance(take(stream, 1)[0], Lost)
        stream.follow(late)
        stream.unfollow(left)
        assert stream.next(0.3) == [], "one loss is told once"
        own_store.start()
        assert take(stream, 2) == [Following(early), Following(late)]


def test_a_store_that_was_never_there_is_a_loss(own_store: Any, call: CallKey) -> None:
    with contextlib.closing(open_stream(own_store.url)) as stream:
        stream.follow(call)
        assert [type(one) for one in take(stream, 1)] == [Lost]
        own_store.start()
        assert take(stream, 1) == [Following(call)]


@pytest.mark.parametrize("idle", [False, True])
def test_a_store_that_hangs_is_noticed_in_time(own_store: Any, call: CallKey, idle: bool) -> None:
    ahead_s = [0.0]
    own_store.start()
    with contextlib.closing(stream_ahead(own_store.url, ahead_s)) as stream:
        if not idle:
            stream.follow(call)
            take(stream, 1)
        assert stream.next(0) == []
        own_store.send(signal.SIGSTOP)
        ahead_s[0] += QUIET_S
        assert stream.next(0) == [], "it is asked"
        ahead_s[0] += QUIET_S - 10
        assert stream.next(0) == [], "it may answer yet"
        ahead_s[0] += 10
        assert [type(one) for one in stream.next(0)] == [Lost]
        own_store.send(signal.SIGCONT)
        if not idle:
            assert take(stream, 1) == [Following(call)]


def test_a_quiet_link_is_kept(store_url: str, redis_log: RedisLog, call: CallKey) -> None:
    ahead_s = [0.0]
    with contextlib.closing(stream_ahead(store_url, ahead_s)) as stream:
        stream.follow(call)
        take(stream, 1)
        for seq in (1, 2, 3):
            ahead_s[0] += QUIET_S
            assert stream.next(0) == [], "it is asked, and what it answered before was heard"
            append(redis_log, call, seq)
            assert take(stream, 1) == [hint(call, seq)], "which comes behind the answer"


def stream_ahead(url: str, ahead_s: list[float]) -> HintStream:
    """A stream whose clock the test moves on: none of its time-outs ends by itself."""
    clock = lambda: time.monotonic() + ahead_s[0]  # noqa: E731
    return open_stream(url, ping_s=QUIET_S, answer_s=QUIET_S, clock=clock)


def test_attempts_to_come_back_grow_apart(new_call: Callable[[], CallKey]) -> None:
    """A listener that hangs up at once; the clock goes on by steps of 50 ms."""
    now_s, attempts, tried_at = [0.0], [0], []
    found: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                connection = listener.accept()[0]
                attempts[0] += 1  # before the caller can see that it was hung up on
                connection.close()
                if done.is_set():
                    return

        done = threading.Event()
        thread = threading.Thread(target=hang_up)
        thread.start()
        address = listener.getsockname()
        stream = open_stream(
            f"redis://127.0.0.1:{address[1]}", clock=lambda: now_s[0], random=lambda: 1.0
        )
        for step in range(160):
            now_s[0] = step / 20
            before = attempts[0]
            stream.follow(new_call())  # a wish does not hurry it
            found += stream.next(0)
            tried_at += [now_s[0]] * (attempts[0] - before)
        stream.close()
        done.set()
        socket.create_connection(address).close()
        thread.join()
    assert [type(one) for one in found] == [Lost]
    pauses = [after - before for before, after in itertools.pairwise(tried_at)]
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2, 2], abs=0.06)


def test_a_subscription_that_the_cluster_ends_is_a_loss(cluster_url: str, call: CallKey) -> None:
    with (
        contextlib.closing(connect(cluster_url)) as client,
        contextlib.closing(open_stream(cluster_url, cluster=True)) as stream,
    ):
        stream.follow(call)
        stream.listen("news")
        assert set(take(stream, 2)) == {Following(call), Listening("news")}
        append(RedisLog(client, "node-1", cluster=True), call, 1)
        assert take(stream, 1) == [hint(call, 1)]
        client.execute_command("CLUSTER", "DELSLOTSRANGE", 0, 16383)
        assert isinstance(take(stream, 1)[0], Lost)

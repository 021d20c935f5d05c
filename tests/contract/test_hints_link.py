"""The link of the hint stream breaks, hangs and comes back: each loss is told once."""

from __future__ import annotations

import contextlib
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
from tests.contract.hinting import ANSWER_S, PING_S, append, hint, open_stream, take


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
    own_store.start()
    with contextlib.closing(open_stream(own_store.url)) as stream:
        if not idle:
            stream.follow(call)
            take(stream, 1)
        stream.next(2 * PING_S)  # it has been asked and has answered
        own_store.send(signal.SIGSTOP)
        begun = time.monotonic()
        [lost] = take(stream, 1)
        assert isinstance(lost, Lost)
        assert time.monotonic() - begun < PING_S + ANSWER_S + 1.5
        own_store.send(signal.SIGCONT)
        if not idle:
            assert take(stream, 1) == [Following(call)]


def test_a_quiet_link_is_kept(stream: HintStream, call: CallKey) -> None:
    stream.follow(call)
    take(stream, 1)
    assert stream.next(PING_S + ANSWER_S + 0.3) == []


def test_attempts_to_come_back_grow_apart(new_call: Callable[[], CallKey]) -> None:
    """A listener that hangs up at once, for one second: without backoff there are hundreds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        stream = open_stream(f"redis://127.0.0.1:{listener.getsockname()[1]}")
        attempts = 0
        done = threading.Event()

        def hang_up() -> None:
            nonlocal attempts
            while not done.is_set():
                with contextlib.suppress(TimeoutError):
                    listener.accept()[0].close()
                    attempts += 1

        thread = threading.Thread(target=hang_up)
        thread.start()
        deadline = time.monotonic() + 1
        found: list[Any] = []
        while time.monotonic() < deadline:
            stream.follow(new_call())  # a wish does not hurry it
            found += stream.next(0.02)
        done.set()
        thread.join()
        stream.close()
    assert [type(one) for one in found] == [Lost]
    assert 2 <= attempts <= 7


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

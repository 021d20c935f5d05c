"""The hint stream on a real store: what is confirmed, in which order, and what is lost."""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from engine.hints_redis import AT_ONCE, Following, HintStream, Listening, Lost, Notice
from engine.log import Append, Appended, CallKey, Entry, Hint, StoredEvent
from engine.log_redis import RedisLog, interim_hint, keys_of
from engine.store import connect
from engine.store_greeting import greet

EPOCH = "0001"
BOUND_S = 10.0
PING_S, ANSWER_S = 0.2, 1.0  # a busy machine must not look like a dead store
ROOT = Path(__file__).parents[2]


def open_stream(url: str, cluster: bool = False) -> HintStream:
    return HintStream(
        lambda: connect(url, socket_timeout_s=ANSWER_S),
        cluster,
        ping_s=PING_S,
        answer_s=ANSWER_S,
    )


@pytest.fixture
def client(store_url: str) -> Iterator[redis.Redis]:
    made = connect(store_url)
    yield made
    made.close()


@pytest.fixture
def log(client: redis.Redis) -> RedisLog:
    return RedisLog(client, "node-1")


@pytest.fixture
def stream(store_url: str) -> Iterator[HintStream]:
    made = open_stream(store_url)
    yield made
    made.close()


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


# --- following ----------------------------------------------------------------------------


def test_what_is_appended_after_following_is_confirmed_is_hinted(
    log: RedisLog, stream: HintStream, call: CallKey
) -> None:
    append(log, call, 1)
    stream.follow(call)
    assert take(stream, 1) == [Following(call)]
    append(log, call, 2, count=3)
    assert take(stream, 1) == [hint(call, 2, count=3)]


def test_hints_arrive_in_the_order_of_the_log(
    log: RedisLog, stream: HintStream, new_call: Callable[[], CallKey]
) -> None:
    calls = [new_call(), new_call()]
    for call in calls:
        stream.follow(call)
    assert take(stream, 2) == [Following(call) for call in calls]
    for seq, call in itertools.product(range(1, 101), calls):
        append(log, call, seq)
    assert take(stream, 200) == [hint(c, s) for s, c in itertools.product(range(1, 101), calls)]


def test_one_next_returns_no_more_than_its_bound(
    log: RedisLog, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    count = AT_ONCE + 50
    appends = [
        Append(call, EPOCH, n, (Entry(f"k{n}", "", "e", b""),), create=n == 0) for n in range(count)
    ]
    log.append(appends)
    first = stream.next(1)
    assert 0 < len(first) <= AT_ONCE
    rest = take(stream, count - len(first))
    assert [one.seq for one in [*first, *rest]] == list(range(1, count + 1))


def test_next_waits_no_longer_than_asked(stream: HintStream, call: CallKey) -> None:
    stream.follow(call)
    take(stream, 1)
    begun = time.monotonic()
    assert stream.next(0.05) == []
    assert 0.05 <= time.monotonic() - begun < 1


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
    log: RedisLog, stream: HintStream, new_call: Callable[[], CallKey]
) -> None:
    left, kept = new_call(), new_call()
    stream.follow(left)
    stream.follow(kept)
    take(stream, 2)
    stream.unfollow(left)
    append(log, left, 1)
    append(log, kept, 1)
    assert take(stream, 1) == [hint(kept, 1)]


def test_whoever_follows_again_is_confirmed_again(
    log: RedisLog, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    stream.unfollow(call)
    stream.follow(call)
    assert take(stream, 1) == [Following(call)]
    append(log, call, 1)
    assert take(stream, 1) == [hint(call, 1)]


def test_many_calls_are_followed_at_once(
    stream: HintStream, new_call: Callable[[], CallKey]
) -> None:
    calls = [new_call() for _ in range(1200)]
    for call in calls:
        stream.follow(call)
    assert take(stream, 1200) == [Following(call) for call in calls]


def test_nonsense_on_a_calls_channel_is_counted_and_dropped(
    log: RedisLog, client: redis.Redis, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    client.publish(keys_of(call).hint, "nonsense")
    append(log, call, 1)
    assert take(stream, 1) == [hint(call, 1)]
    assert stream.nonsense == 1


def test_an_extra_channel_brings_messages_as_they_are(
    client: redis.Redis, stream: HintStream
) -> None:
    stream.listen("news")
    assert take(stream, 1) == [Listening("news")]
    client.publish("news", b"\x00\xff\n")
    assert take(stream, 1) == [Notice("news", b"\x00\xff\n")]


# --- losing the link ----------------------------------------------------------------------


def test_a_killed_connection_is_reported_and_every_subscription_confirmed_anew(
    log: RedisLog, client: redis.Redis, stream: HintStream, new_call: Callable[[], CallKey]
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
    append(log, calls[1], 1)
    assert take(stream, 1) == [hint(calls[1], 1)]


def test_what_arrived_before_the_loss_comes_before_it(
    log: RedisLog, client: redis.Redis, stream: HintStream, call: CallKey
) -> None:
    stream.follow(call)
    take(stream, 1)
    append(log, call, 1)
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


class _Impatient(BaseException):
    """What gevent's time-outs are to a reader."""


def test_a_reader_interrupted_while_it_waits_loses_nothing(
    log: RedisLog, stream: HintStream, call: CallKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.follow(call)
    take(stream, 1)

    def interrupted(*_: object) -> None:
        append(log, call, 1)
        raise _Impatient

    waiter: Any = stream._waiter
    with monkeypatch.context() as patch:
        patch.setattr(waiter, "wait", interrupted)
        with pytest.raises(_Impatient):
            stream.next(1)
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
            stream.next(1)
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

"""The log on a real store: how it lies there, and what is said when the store fails."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from engine.log import (
    Append,
    Appended,
    CallKey,
    Entry,
    Known,
    LogUnavailable,
    Missing,
    Reopened,
    Top,
)
from engine.log_redis import RedisLog, keys_of
from engine.redis_pipe import RedisPipe, Stamped, bulk, pack
from engine.store import connect

EPOCH = "0001"
ANSWER_S = 2.0  # the clients' longest wait for an answer


def entry(key: str) -> Entry:
    return Entry(key, "digest", "call:status", b"{}")


def creation(call: CallKey) -> Append:
    return Append(call, EPOCH, 0, (entry("created"),), create=True)


def follow_up(call: CallKey, seq: int = 1) -> Append:
    return Append(call, EPOCH, seq, (entry(f"key-{seq + 1}"),))


@pytest.fixture
def own_client(own_store: Any) -> Iterator[redis.Redis]:
    made = connect(own_store.url, socket_timeout_s=ANSWER_S, max_connections=2, pool_wait_s=0.05)
    yield made
    made.close()


@pytest.fixture
def own_log(own_client: redis.Redis) -> RedisLog:
    return RedisLog(own_client, "node-1")


def refused(ask: Callable[[], object]) -> bool:
    """Whether the outcome is uncertain."""
    with pytest.raises(LogUnavailable) as caught:
        ask()
    assert caught.value.reason
    return caught.value.uncertain


# --- how a log lies in the store ----------------------------------------------------------


def test_a_log_is_a_stream_a_hash_of_meta_and_a_hash_of_keys(
    redis_log: RedisLog, client: Any, call: CallKey
) -> None:
    redis_log.append([creation(call), follow_up(call)])
    redis_log.lead(call, "node-1", 60_000)
    keys = keys_of(call)
    fields = {b"e": b"call:status", b"d": b"{}", b"k": b"key-2", b"g": b"digest"}
    assert client.xrange(keys.log)[1] == (b"2-0", fields)
    assert client.hgetall(keys.keys) == {b"created": b"1 digest", b"key-2": b"2 digest"}
    meta = client.hgetall(keys.meta)
    assert int(meta.pop(b"lease_until_ms")) > time.time() * 1000
    assert meta == {
        b"epoch": b"0001",
        b"top": b"2",
        b"first": b"1",
        b"fence": b"1",
        b"leader": b"node-1",
        b"run_id": client.info("server")["run_id"].encode(),
    }


def test_all_keys_of_a_call_end_in_the_same_millisecond(
    redis_log: RedisLog, client: Any, call: CallKey
) -> None:
    redis_log.append([creation(call)._replace(expire_s=100)])
    ends = {client.pexpiretime(key) for key in keys_of(call)[:3]}
    assert len(ends) == 1
    assert 90 < ends.pop() / 1000 - time.time() <= 100


def test_a_lease_lapses_by_the_stores_clock(redis_log: RedisLog, call: CallKey) -> None:
    redis_log.append([creation(call)])
    redis_log.lead(call, "node-1", 40)
    deadline = time.monotonic() + 5
    lease = redis_log.lead(call, "node-2", 40)
    while lease is not None and not lease.mine and time.monotonic() < deadline:
        time.sleep(lease.ttl_ms / 1000)
        lease = redis_log.lead(call, "node-2", 40)
    assert lease is not None
    assert (lease.mine, lease.fence) == (True, 2)


def test_scripts_that_the_store_lost_are_loaded_again(
    redis_log: RedisLog, client: Any, call: CallKey
) -> None:
    for again in range(2):
        client.script_flush()
        assert redis_log.append([creation(call)]) == [
            Known({"created": (1, True)}) if again else Appended(1)
        ]
        client.script_flush()
        assert redis_log.read(call, 0, 10) is not None
        client.script_flush()
        assert redis_log.lead(call, "node-1", 60_000) is not None


def test_after_a_lost_script_only_what_did_not_run_is_run_again(
    own_store: Any, call: CallKey
) -> None:
    """The scripts vanish in the middle of a pipeline."""
    own_store.start()
    client = connect(own_store.url)
    log = RedisLog(client, "node-1")
    log.append([creation(call)])
    pipe: Any = log._pipe
    commands = [log.append_command(follow_up(call, 1)), pack(("SCRIPT", "FLUSH"))]
    commands.append(log.append_command(follow_up(call, 2)))
    first, flushed, second = pipe.run(commands, changes=True)
    assert (first, flushed, second) == ([b"appended", 2], b"OK", [b"appended", 3])
    assert client.xlen(keys_of(call).log) == 3
    client.close()


def test_many_appends_travel_together(redis_log: RedisLog, new_call: Callable[[], CallKey]) -> None:
    calls = [new_call() for _ in range(300)]
    assert redis_log.append([creation(call) for call in calls]) == [Appended(1)] * 300
    assert redis_log.tops(calls) == [Top(EPOCH, 1)] * 300


def test_a_client_that_decodes_is_refused(store_url: str) -> None:
    client = connect(store_url, decode_responses=True)
    with pytest.raises(ValueError, match="decode"):
        RedisLog(client, "node-1")
    client.close()


@pytest.mark.parametrize("node", ["", "node 1", "node\n1"])
def test_a_node_whose_name_would_break_a_hint_is_refused(client: redis.Redis, node: str) -> None:
    with pytest.raises(ValueError, match="node"):
        RedisLog(client, node)


# --- failures before anything was sent ----------------------------------------------------


def test_without_a_store_nothing_has_happened(own_log: RedisLog, call: CallKey) -> None:
    assert refused(lambda: own_log.append([creation(call)])) is False
    assert refused(lambda: own_log.read(call, 0, 1)) is False
    assert refused(lambda: own_log.tops([call])) is False
    assert refused(lambda: own_log.lead(call, "node-1", 1000)) is False


def test_without_a_free_connection_nothing_has_happened(
    own_store: Any, own_log: RedisLog, own_client: redis.Redis, call: CallKey
) -> None:
    own_store.start()
    pool: Any = own_client.connection_pool
    taken = [pool.get_connection(), pool.get_connection()]
    assert refused(lambda: own_log.append([creation(call)])) is False
    for connection in taken:
        pool.release(connection)
    assert own_log.append([creation(call)]) == [Appended(1)]


def test_a_stamped_command_gets_the_run_id_of_the_server_that_runs_it(
    own_store: Any, own_log: RedisLog, own_client: redis.Redis
) -> None:
    """Also on a connection that redis-py has renewed in secret."""
    stamped = Stamped(b"*2\r\n" + bulk("ECHO"), b"")
    pipe = RedisPipe(own_client, ())
    heard = []
    for _ in range(2):
        own_store.start()
        [echoed] = pipe.run([stamped], changes=False)
        info: Any = own_client.info("server")
        assert echoed.decode() == info["run_id"]
        heard.append(echoed)
        own_store.kill()
    assert heard[0] != heard[1]


def test_a_connection_that_the_store_closed_meanwhile_is_replaced(
    own_store: Any, own_log: RedisLog, call: CallKey
) -> None:
    own_store.start()
    own_log.append([creation(call)])
    own_store.kill()
    own_store.start()
    assert own_log.append([creation(call)]) == [Appended(1)], "it kept nothing: a new log"


# --- failures after something was sent ----------------------------------------------------


def test_a_store_that_does_not_answer_leaves_the_outcome_uncertain(
    own_store: Any, own_log: RedisLog, call: CallKey
) -> None:
    own_store.start()
    own_log.append([creation(call)])
    own_store.send(signal.SIGSTOP)
    assert refused(lambda: own_log.append([follow_up(call)])) is True
    assert refused(lambda: own_log.read(call, 0, 1)) is False, "a read has no effect"
    own_store.send(signal.SIGCONT)
    assert own_log.append([follow_up(call)]) in ([Known({"key-2": (2, True)})], [Appended(2)])
    assert own_log.tops([call]) == [Top(EPOCH, 2)], "once, however often it was asked"


def test_a_connection_lost_before_the_answer_leaves_the_outcome_uncertain(
    own_store: Any, own_log: RedisLog, call: CallKey
) -> None:
    own_store.start()
    own_log.append([creation(call)])
    with contextlib.closing(connect(own_store.url)) as other:
        other.execute_command("CLIENT", "PAUSE", 10_000, "WRITE")
        killer = threading.Timer(0.05, lambda: other.client_kill_filter(_type="normal"))
        killer.start()
        assert refused(lambda: own_log.append([follow_up(call)])) is True
        killer.join()
        other.client_unpause()
    answers = own_log.append([follow_up(call)])
    assert answers in ([Appended(2)], [Known({"key-2": (2, True)})])


def test_a_caller_that_gives_up_waiting_leaves_no_answer_behind(
    own_store: Any, own_log: RedisLog, own_client: redis.Redis, call: CallKey
) -> None:
    """gevent's time-outs are BaseExceptions raised in the middle of a read."""
    own_store.start()
    own_log.append([creation(call)])
    pool: Any = own_client.connection_pool
    connection = pool.get_connection()
    pool.release(connection)
    original = connection.read_response
    connection.read_response = _raising(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        own_log.append([follow_up(call)])
    connection.read_response = original
    assert own_log.append([Append(call, "0002", 0, (entry("x"),))])[0][0] == EPOCH
    assert own_log.tops([call, CallKey("t", "none")]) == [Top(EPOCH, 2), None]


def _raising(problem: BaseException) -> Callable[[], object]:
    def read_response() -> object:
        raise problem

    return read_response


def test_some_answers_and_some_failures_are_uncertain_for_all(
    own_store: Any, own_log: RedisLog, call: CallKey, new_call: Callable[[], CallKey]
) -> None:
    """One call's stream was replaced by something else; the others land all the same."""
    own_store.start()
    other = new_call()
    own_log.append([creation(call), creation(other)])
    with contextlib.closing(connect(own_store.url)) as client:
        client.set(keys_of(other).log, "not a stream")
    both = [follow_up(call), follow_up(other)]
    assert refused(lambda: own_log.append(both)) is True
    assert own_log.append(both[:1]) == [Known({"key-2": (2, True)})]


# --- refusals by name ---------------------------------------------------------------------


@pytest.fixture
def refusing(own_store: Any, own_log: RedisLog, call: CallKey) -> Iterator[redis.Redis]:
    """A running store with a log in it, for a test to turn against writers."""
    own_store.start()
    own_log.append([creation(call)])
    client = connect(own_store.url)
    yield client
    client.close()


def test_a_replica_refuses_and_nothing_has_happened(
    refusing: Any, own_log: RedisLog, call: CallKey, new_call: Callable[[], CallKey]
) -> None:
    refusing.replicaof("127.0.0.1", 1)
    assert refused(lambda: own_log.append([follow_up(call), creation(new_call())])) is False
    refusing.replicaof("NO", "ONE")
    assert own_log.append([follow_up(call)]) == [Appended(2)]


def test_a_full_store_refuses_and_nothing_has_happened(
    refusing: Any, own_log: RedisLog, call: CallKey
) -> None:
    refusing.config_set("maxmemory", 1)
    assert refused(lambda: own_log.append([follow_up(call)])) is False
    assert own_log.tops([call]) == [Top(EPOCH, 1)], "it can still be read"
    refusing.config_set("maxmemory", 0)
    assert own_log.append([follow_up(call)]) == [Appended(2)]


def test_a_refusal_beside_an_answer_is_uncertain(
    refusing: Any, own_log: RedisLog, call: CallKey, new_call: Callable[[], CallKey]
) -> None:
    refusing.config_set("maxmemory", 1)
    known_and_new = [creation(call), creation(new_call())]
    assert refused(lambda: own_log.append(known_and_new)) is True


def test_a_store_without_its_replicas_refuses_and_nothing_has_happened(
    refusing: Any, own_log: RedisLog, call: CallKey
) -> None:
    refusing.config_set("min-replicas-to-write", 1)
    assert refused(lambda: own_log.append([follow_up(call)])) is False
    refusing.config_set("min-replicas-to-write", 0)
    assert own_log.append([follow_up(call)]) == [Appended(2)]


def test_a_store_that_cannot_save_refuses_and_nothing_has_happened(
    refusing: Any, own_store: Any, own_log: RedisLog, call: CallKey
) -> None:
    """MISCONF: the snapshot cannot take its name, for a folder has it."""
    blocked = own_store.folder / "dump.rdb"
    blocked.mkdir()
    refusing.config_set("save", "3600 1")
    refusing.bgsave()
    _until(lambda: refusing.info("persistence")["rdb_last_bgsave_status"] == "err")
    assert refused(lambda: own_log.append([follow_up(call)])) is False
    refusing.config_set("save", "")
    assert own_log.append([follow_up(call)]) == [Appended(2)]


def test_a_store_that_is_loading_refuses_and_nothing_has_happened(
    refusing: Any, own_store: Any, own_log: RedisLog, call: CallKey
) -> None:
    for number in range(100):
        refusing.set(f"large-{number}", os.urandom(20_000))
    refusing.save()
    own_store.kill()
    slowly = ("--key-load-delay", "100000", "--loading-process-events-interval-bytes", "1024")
    own_store.start(*slowly)
    assert refused(lambda: own_log.append([follow_up(call)])) is False
    refusing.config_set("key-load-delay", 0)  # it would have taken 10 s
    _until(lambda: not refusing.info("persistence")["loading"])
    [reopened] = own_log.append([follow_up(call)])
    assert isinstance(reopened, Reopened)
    assert reopened.top == 1


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)


# --- a cluster ----------------------------------------------------------------------------


def test_on_a_cluster_everything_of_a_call_is_in_one_slot(cluster_url: str, call: CallKey) -> None:
    with contextlib.closing(connect(cluster_url)) as client:
        log = RedisLog(client, "node-1", cluster=True)
        assert log.append([creation(call)]) == [Appended(1)]
        assert log.append([follow_up(call)._replace(expire_s=100)]) == [Appended(2)]
        assert log.lead(call, "node-1", 1000) is not None
        page = log.read(call, 0, 10)
        assert page is not None
        assert len(page.events) == 2
        assert log.delete(call) is True
        assert log.append([follow_up(call)]) == [Missing()]
        # A slot that is elsewhere is a refusal.
        client.execute_command("CLUSTER", "DELSLOTSRANGE", 0, 16383)
        assert refused(lambda: log.append([creation(call)])) is False

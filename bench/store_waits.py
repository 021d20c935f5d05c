"""What an append costs when it waits for the disk or for replicas: `python bench/store_waits.py`.

Starts a Valkey and two replicas in a temporary folder and appends over the node's own link:
one after another (latency), and on 64 calls at once (rate). Every row is of one run, beside
the others.
"""

# ruff: noqa: E402 - nothing may be imported before gevent has patched
from gevent import monkey

monkey.patch_all()

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
from gevent.event import AsyncResult

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.log import Append, Appended, CallKey, Entry
from engine.log_redis import RedisLog, append_answer
from engine.redis_link import Replicas
from engine.store import connect, wait_for
from engine.store_process import valkey_binary
from web.cluster_link import open_link

ALONE, AT_ONCE, CALLS = 300, 3_200, 64
BODY = b"x" * 400  # as a segment's
ROUNDS = 6  # of all rows in turn; their medians are shown
ROWS = [("everysec", 0), ("everysec", 1), ("everysec", 2), ("always", 0), ("always", 1)]


@contextlib.contextmanager
def store(folder: Path, *options: str) -> Iterator[str]:
    """The URL of a server on a socket in `folder`."""
    folder.mkdir()
    path = folder / "s"
    arguments = ["--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", ""]
    command = [str(valkey_binary()), *arguments, "--appendonly", "yes", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"unix://{path}"
    finally:
        process.kill()
        process.wait()


class Writer:
    """One call, appended to over `link`."""

    def __init__(self, link, log: RedisLog, name: str) -> None:
        self._link, self._log = link, log
        self._call, self._seq = CallKey("bench", name), 0

    def append(self) -> None:
        entry = Entry(f"key-{self._seq}", "d", "transcription:update", BODY)
        request = Append(self._call, "0001", self._seq, (entry,), create=self._seq == 0)
        answered = AsyncResult()
        self._link.ask(self._log.append_command(request), answered.set, changes=True)
        answer = append_answer(request, answered.get(timeout=10))
        assert isinstance(answer, Appended), answer
        self._seq += 1


def measure(url: str, replicas: int, name: str) -> tuple[float, float, float]:
    """(p50 and p99 of one append alone in ms, appends a second on many calls at once)."""
    client = connect(url)
    link = open_link(client, answer_s=5.0, replicas=Replicas(replicas, 1000))
    log = RedisLog(client, "bench")
    alone = Writer(link, log, f"{name}-alone")
    times = []
    for _ in range(ALONE):
        began = time.perf_counter()
        alone.append()
        times.append((time.perf_counter() - began) * 1000)
    writers = [Writer(link, log, f"{name}-{number}") for number in range(CALLS)]
    began = time.perf_counter()

    def write(writer: Writer) -> None:
        for _ in range(AT_ONCE // CALLS):
            writer.append()

    gevent.joinall([gevent.spawn(write, writer) for writer in writers], raise_error=True)
    rate = AT_ONCE // CALLS * CALLS / (time.perf_counter() - began)
    link.close()
    client.close()
    return statistics.median(times), statistics.quantiles(times, n=100)[98], rate


def main() -> None:
    found: dict[tuple[str, int], list[tuple[float, float, float]]] = {row: [] for row in ROWS}
    with contextlib.ExitStack() as up:
        folder = Path(up.enter_context(tempfile.TemporaryDirectory()))
        with gevent.socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        options = ("--port", port, "--repl-diskless-sync-delay", "0")
        url = up.enter_context(store(folder / "primary", *options))
        wait_for(url, 10.0)
        for number in range(2):
            replica = ("--replicaof", "127.0.0.1", port)
            up.enter_context(store(folder / f"replica-{number}", *replica))
        primary = up.enter_context(contextlib.closing(connect(url)))
        while primary.info("replication")["connected_slaves"] < 2:
            gevent.sleep(0.05)
        gevent.sleep(1)
        for turn in range(ROUNDS):
            # Forth and back: a row inherits what the one before left to the disk.
            for fsync, replicas in ROWS[:: -1 if turn % 2 else 1]:
                primary.config_set("appendfsync", fsync)
                row = measure(url, replicas, f"{fsync}-{replicas}-{turn}")
                found[fsync, replicas].append(row)
    lines = ["fsync     replicas  p50 ms  p99 ms  appends/s"]
    for (fsync, replicas), rows in found.items():
        p50, p99, rate = (statistics.median(column) for column in zip(*rows, strict=True))
        lines.append(f"{fsync:9} {replicas:8}  {p50:6.2f}  {p99:6.2f}  {rate:9.0f}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

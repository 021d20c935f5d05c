"""The embedded store's one owner, and the Valkey that a killed server leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from engine import store_embedded
from engine.store import StoreUnusable, connect, wait_for
from engine.store_embedded import EmbeddedStore
from engine.store_process import command_of, listener_of, recorded_pid
from tests.live.stopwatch import Stopwatch

ROOT = Path(__file__).parents[2]
BOUND_S = 60.0
Start = Callable[..., EmbeddedStore]
PLAIN_AND_GEVENT = pytest.mark.parametrize(
    "prelude", ["", "from gevent import monkey; monkey.patch_all()\n"], ids=["plain", "gevent"]
)
OWNER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # what began in the background ignores it
from pathlib import Path
from engine.store import connect
from engine.store_embedded import EmbeddedStore
store = EmbeddedStore.start(Path(sys.argv[1]))
client = connect(store.url)
client.set("acknowledged", "yes")
try:
    print(store.pid, flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    time.sleep(0.5)  # a drain; Valkey's own answer to a signal takes 0.1 s
    client.set("drained", "yes")
    store.stop()
    print("stopped", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder; whatever Valkey a test leaves on it is ended with the test."""
    yield tmp_path / "store"
    for pid_file in tmp_path.rglob("valkey.pid"):
        pid = recorded_pid(pid_file)
        if command_of(pid) == f"valkey-server {pid_file.with_name('valkey.conf')}":
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def started(folder: Path) -> Iterator[Start]:
    """Starts stores that are stopped with the test; on `folder` unless told otherwise."""
    with contextlib.ExitStack() as running:

        def start(where: Path = folder, **options: object) -> EmbeddedStore:
            store = EmbeddedStore.start(where, **options)  # type: ignore[arg-type]
            running.callback(store.stop)
            return store

        yield start


def client_of(store: EmbeddedStore) -> contextlib.closing[redis.Redis]:
    return contextlib.closing(connect(store.url, decode_responses=True))


def read(store: EmbeddedStore, key: str = "acknowledged") -> str | None:
    with client_of(store) as client:
        return client.get(key)  # type: ignore[return-value]  # decode_responses


@contextlib.contextmanager
def owner(folder: Path, prelude: str = "") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server process in a process group of its own, and the pid of its Valkey."""
    process = subprocess.Popen(
        [sys.executable, "-c", prelude + OWNER, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(timeout=BOUND_S)
        process.stdout.close()


def killed_owner(folder: Path, prelude: str = "") -> int:
    """Kill -9 a server process; return the pid of the Valkey it leaves behind."""
    with owner(folder, prelude) as (process, pid):
        process.kill()
        process.wait(timeout=BOUND_S)
    assert command_of(pid)
    return pid


def assert_replaced(left: int, start: Start) -> None:
    with Stopwatch() as took:
        store = start()
    assert took.seconds < 10.0
    assert (store.taken_over, command_of(left), read(store)) == (False, "", "yes")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def bystander(*command: str) -> Iterator[int]:
    """A process that is none of ours; it must outlive the test's body."""
    process = subprocess.Popen(command)
    try:
        yield process.pid
        assert process.poll() is None
    finally:
        process.kill()
        process.wait(timeout=BOUND_S)


@PLAIN_AND_GEVENT
def test_after_kill_9_the_living_valkey_is_taken_over(
    started: Start, folder: Path, prelude: str
) -> None:
    left = killed_owner(folder, prelude)
    store = started()
    assert (store.pid, store.taken_over, read(store)) == (left, True, "yes")
    store.stop()
    assert not command_of(left)
    again = started()
    assert (again.taken_over, read(again)) == (False, "yes")


@PLAIN_AND_GEVENT
def test_ctrl_c_leaves_valkey_to_the_servers_drain(
    started: Start, folder: Path, prelude: str
) -> None:
    with owner(folder, prelude) as (process, pid):
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(timeout=BOUND_S) == 0
    assert not command_of(pid)
    assert read(started(), "drained") == "yes"


def test_a_folder_in_use_is_refused_naming_its_owner(started: Start, folder: Path) -> None:
    with owner(folder) as (process, pid):
        with pytest.raises(StoreUnusable) as refused:
            EmbeddedStore.start(folder)
        said = str(refused.value)
        assert f"{folder} is in use by another server (process {process.pid})" in said
        assert "store.data_dir" in said
        assert "REDIS_URL" in said
        assert command_of(pid)
    store = started()
    with pytest.raises(StoreUnusable, match=f"process {os.getpid()}"):
        EmbeddedStore.start(folder)
    assert read(store) == "yes"


def test_other_settings_reach_the_valkey_taken_over(started: Start, folder: Path) -> None:
    left = killed_owner(folder)
    store = started(fsync="always")
    assert (store.pid, store.taken_over) == (left, True)
    assert wait_for(store.url, BOUND_S).fsync == "always"


def test_a_valkey_of_another_version_is_replaced_and_its_data_kept(
    started: Start, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = killed_owner(folder)
    monkeypatch.setattr(store_embedded, "version_of", lambda _binary: "0.0.1")
    assert_replaced(left, started)


def test_a_stopped_leftover_goes_on_to_write_and_end(started: Start, folder: Path) -> None:
    left = killed_owner(folder)
    os.kill(left, signal.SIGSTOP)
    assert_replaced(left, started)
    assert "ready to exit" in (folder / "valkey.log").read_text()


def test_a_hung_leftover_that_hears_no_signal_is_killed_and_replaced(
    started: Start, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = killed_owner(folder)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(folder / "valkey.sock"))
        caller.sendall(b"EVAL 'while true do end' 0\r\n")
        monkeypatch.setattr(store_embedded, "END_GRACE_S", 0.5)
        assert_replaced(left, started)


@pytest.mark.parametrize("lost", ["valkey.sock", "valkey.pid"])
def test_a_leftover_is_found_by_either_trace(started: Start, folder: Path, lost: str) -> None:
    left = killed_owner(folder)
    (folder / lost).unlink()
    store = started()
    assert store.taken_over == (lost == "valkey.pid")
    assert read(store) == "yes"
    store.stop()
    assert not command_of(left)


def test_a_stale_pid_file_harms_no_stranger(started: Start, folder: Path, tmp_path: Path) -> None:
    other = started(tmp_path / "other")
    folder.mkdir()
    with bystander("sleep", "600") as stranger:
        for pid in (other.pid, stranger, 2**22 + 1, -1, 0):
            (folder / "valkey.pid").write_text(f"{pid}\n")
            store = started()
            assert not store.taken_over
            assert store.pid not in (other.pid, stranger)
            store.stop()
        assert command_of(other.pid)


def test_a_stranger_on_our_socket_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    path = folder / "valkey.sock"
    code = f"import socket, time; s = socket.socket(1); s.bind({str(path)!r}); s.listen()"
    with bystander(sys.executable, "-c", code + "; time.sleep(600)") as stranger:
        until(lambda: listener_of(path) if path.exists() else None)
        with pytest.raises(StoreUnusable, match=f"Process {stranger} listens on"):
            EmbeddedStore.start(folder)


def test_a_leftover_is_waited_for_while_its_loading_gets_on(started: Start, folder: Path) -> None:
    first = started()
    with client_of(first) as client, client.pipeline(transaction=False) as batch:
        for number in range(6000):
            batch.set(f"key:{number}", "x" * 100)
        batch.set("acknowledged", "yes")
        batch.bgrewriteaof()
        batch.execute()
        until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    binary = Path(f"/proc/{first.pid}/exe").readlink()
    first.stop()
    config = folder / "valkey.conf"
    slow = "key-load-delay 700\nloading-process-events-interval-bytes 1024\n"  # four seconds
    config.write_text(config.read_text() + slow)
    left = subprocess.Popen(["valkey-server", str(config)], executable=binary, cwd=folder)
    until((folder / "valkey.sock").exists)
    now = [0.0]  # moved by its looks alone: a machine that stands still is not what it waits for

    def sleep(pause_s: float) -> None:
        now[0] += pause_s
        time.sleep(pause_s)

    store = started(start_timeout_s=0.3, clock=lambda: now[0], sleep=sleep)
    assert now[0] > 0.3
    assert (store.pid, store.taken_over, read(store)) == (left.pid, True, "yes")
    left.terminate()
    left.wait(timeout=BOUND_S)


def test_a_path_too_long_for_a_socket_works_too(started: Start, tmp_path: Path) -> None:
    long = tmp_path / ("d" * 120) / "a b%"
    left = killed_owner(long)
    store = started(long)
    assert (store.pid, store.taken_over, read(store)) == (left, True, "yes")
    assert str(long) not in store.url
    store.stop()
    Path(store.url.removeprefix("unix://")).parent.rmdir()

"""REDIS_URL against real servers: Debian's redis-server and what is not one."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as Away

from engine.config import Settings, Store
from engine.store import StoreUnusable, connect, wait_for
from tests.held_ports import held_port
from tests.live.certificates import tls
from tests.live.stopwatch import Stopwatch
from tests.live.store_refusals import waited_in_vain
from web.start import OpenStore

BOUND_S = 60.0
AT_ONCE_S = 5.0  # far below the wait; the way to an answer is a few milliseconds
Start = Callable[..., int]


@contextlib.contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[None]:
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    with (folder / "redis.log").open("ab") as log:
        server = subprocess.Popen(
            [program, "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options],
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        server.kill()
        server.wait(timeout=BOUND_S)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts redis-server with options on a port that it returns; all end with the test."""
    with contextlib.ExitStack() as running:

        def run(*options: str) -> int:
            port = held_port()
            listen = ("--port", "0", "--tls-port") if "--tls-cert-file" in options else ("--port",)
            running.enter_context(redis_server(tmp_path, *listen, str(port), *options))
            return port

        yield run


def refused(url: str) -> str:
    """The refusal of `url`; it must come at once, not after the wait."""
    with Stopwatch() as took, pytest.raises(StoreUnusable) as raised:
        wait_for(url, BOUND_S)
    assert took.seconds < AT_ONCE_S
    return str(raised.value)


def test_a_redis_with_an_append_only_file_is_used_without_warning(start: Start) -> None:
    facts = wait_for(f"redis://127.0.0.1:{start('--appendonly', 'yes')}", BOUND_S)
    assert (facts.flavour, facts.append_only, facts.fsync) == ("redis", True, "everysec")
    assert facts.version.startswith("7.")
    assert len(facts.run_id) == 40
    assert facts.warnings == ()


def test_a_redis_without_an_append_only_file_is_used_with_a_warning(start: Start) -> None:
    facts = wait_for(f"redis://127.0.0.1:{start()}", BOUND_S)
    assert "no append-only file" in facts.warnings[0]


def test_of_several_processes_only_the_first_to_open_a_store_warns_of_it(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(store=Store(url=f"redis://127.0.0.1:{start()}"))
    with caplog.at_level("WARNING", "earshot.server"):
        OpenStore(settings).close()
        OpenStore(settings, warned=True).close()
    assert [record.getMessage() for record in caplog.records] == [
        "store.warning The store keeps no append-only file: when it restarts, calls that were"
        " acknowledged are lost. Set appendonly to yes there."
    ]


@pytest.mark.parametrize("rename", [(), ("--rename-command", "CONFIG", "")])
def test_a_store_that_evicts_is_refused_also_where_config_is_forbidden(
    start: Start, rename: tuple[str, ...]
) -> None:
    port = start("--maxmemory-policy", "allkeys-lru", *rename)
    said = refused(f"redis://127.0.0.1:{port}")
    assert "maxmemory-policy is allkeys-lru" in said
    assert f"redis://127.0.0.1:{port}" in said


def test_a_managed_service_that_forbids_config_is_used(start: Start) -> None:
    port = start("--appendonly", "yes", "--rename-command", "CONFIG", "")
    facts = wait_for(f"redis://127.0.0.1:{port}", BOUND_S)
    assert (facts.append_only, facts.fsync, facts.eviction_policy) == (True, None, "noeviction")


def test_a_wrong_password_is_final_at_once_and_is_not_shown(start: Start) -> None:
    port = start("--requirepass", "correct-horse")
    connectable(port)
    said = refused(f"redis://:battery-staple@127.0.0.1:{port}")
    assert "REDIS_URL" in said
    assert "password" in said
    assert "battery-staple" not in said
    assert "password" in refused(f"redis://127.0.0.1:{port}")
    assert wait_for(f"redis://:correct-horse@127.0.0.1:{port}", BOUND_S).flavour == "redis"


def test_a_database_that_does_not_exist_is_final_at_once(start: Start) -> None:
    port = start()
    connectable(port)
    assert "DB index is out of range" in refused(f"redis://127.0.0.1:{port}/99")


def test_an_unreachable_store_is_waited_for_within_the_bound_and_named_without_password() -> None:
    port, now = held_port(), [0.0]
    told: list[str] = []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(StoreUnusable) as raised:
        wait_for(f"redis://me:hush@127.0.0.1:{port}", 3.0, lambda: now[0], sleep, told.append)
    assert now[0] == pytest.approx(3.0)
    assert f"redis://127.0.0.1:{port} (REDIS_URL)" in str(raised.value)
    assert "connection refused" in str(raised.value)
    assert "hush" not in str(raised.value) + "".join(told)
    assert len(told) == 1


def test_a_store_that_accepts_and_never_answers_is_given_up_within_the_bound() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Stopwatch() as took, pytest.raises(StoreUnusable, match="no answer in time"):
            wait_for(f"redis://127.0.0.1:{silent.getsockname()[1]}", 0.5)
        assert took.seconds < 3.0


def test_a_store_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    port, told = held_port(), []
    with contextlib.ExitStack() as later:

        def notify(sentence: str) -> None:
            told.append(sentence)
            if len(told) == 1:
                later.enter_context(redis_server(tmp_path, "--port", str(port)))

        facts = wait_for(f"redis://127.0.0.1:{port}", BOUND_S, notify=notify)
    assert facts.flavour == "redis"
    assert "connection refused" in told[0]


def test_a_replica_is_waited_for_and_then_refused(start: Start) -> None:
    port = start("--replicaof", "127.0.0.1", str(held_port()))
    connectable(port)
    _, told = waited_in_vain(f"redis://127.0.0.1:{port}")
    assert "it is a replica" in told


def test_a_web_server_is_not_taken_for_a_store() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        web = threading.Thread(target=answer)
        web.start()
        said = refused(f"redis://127.0.0.1:{listener.getsockname()[1]}")
        web.join(BOUND_S)
    assert "does not speak Redis's protocol" in said


def test_an_exhausted_pool_fails_after_its_wait_instead_of_growing(start: Start) -> None:
    url = f"redis://127.0.0.1:{start()}"
    wait_for(url, BOUND_S)
    client = connect(url, max_connections=1, pool_wait_s=0.2)
    held = client.connection_pool.get_connection()
    began = time.monotonic()
    with Stopwatch() as took, pytest.raises(Away, match="No connection available"):
        client.ping()
    assert time.monotonic() - began > 0.15
    assert took.seconds < 2.0
    client.connection_pool.release(held)
    assert client.ping()
    client.close()


def test_a_store_behind_tls_is_used_when_its_authority_is_named(
    start: Start, tmp_path: Path
) -> None:
    port = start(*tls(tmp_path))
    facts = wait_for(f"rediss://localhost:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}", BOUND_S)
    assert facts.flavour == "redis"


def test_an_untrusted_certificate_is_refused_at_once_with_what_to_do(
    start: Start, tmp_path: Path
) -> None:
    port = start(*tls(tmp_path))
    connectable(port)
    said = refused(f"rediss://:hush@localhost:{port}")
    assert f"rediss://localhost:{port} (REDIS_URL) failed: " in said
    assert "certificate" in said
    assert "ssl_ca_certs" in said
    assert "hush" not in said


def test_a_certificate_for_another_host_is_refused_at_once(start: Start, tmp_path: Path) -> None:
    port = start(*tls(tmp_path, host="other.example"))
    connectable(port)
    said = refused(f"rediss://localhost:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}")
    assert "Hostname mismatch" in said


def test_a_plain_url_for_a_tls_port_gets_a_hint(start: Start, tmp_path: Path) -> None:
    port = start(*tls(tmp_path))
    connectable(port)
    _, told = waited_in_vain(f"redis://127.0.0.1:{port}")
    assert "compare redis:// and rediss://" in told


def connectable(port: int) -> None:
    """Wait until something listens, so that what follows is not about the start."""
    deadline = time.monotonic() + BOUND_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)

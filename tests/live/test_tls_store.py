"""The whole product over TLS to its store: pool, link and hints."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import connect, wait_for
from tests.contract.conftest import OwnStore
from tests.live.certificates import tls
from tests.live.raw_client import RawClient
from tests.live.said import Said
from tests.live.server import running
from tests.live.store_refusals import waited_in_vain
from tests.live.store_shapes import free_ports, program

WAIT_S = 30.0


@pytest.fixture
def tls_url(tmp_path: Path) -> Iterator[str]:
    """Debian's Redis: the wheel's Valkey is built without TLS."""
    [port] = free_ports(1)
    store = OwnStore(program("redis-server"), tmp_path)
    store.start("--port", "0", "--tls-port", str(port), "--appendonly", "yes", *tls(tmp_path))
    try:
        yield f"rediss://localhost:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}"
    finally:
        store.kill()


def test_sentinels_and_their_store_are_spoken_to_over_tls(tmp_path: Path) -> None:
    port, sentinel_port = free_ports(2)
    binary, files = program("redis-server"), tls(tmp_path)
    store = OwnStore(binary, tmp_path)
    lines = ["port 0", f"tls-port {sentinel_port}", "tls-replication yes"]
    lines += ["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"]
    lines += [f"sentinel monitor calls localhost {port} 1"]
    words = [word.removeprefix("--") for word in files]
    lines += _pairs(words)
    config = tmp_path / "sentinel.conf"
    config.write_text("\n".join(lines) + "\n")
    store.start("--port", "0", "--tls-port", str(port), *files)
    with (tmp_path / "sentinel.log").open("ab") as log:
        sentinel = subprocess.Popen([binary, str(config), "--sentinel"], stdout=log, stderr=log)
    try:
        url = f"rediss+sentinel://localhost:{sentinel_port}/calls"
        assert wait_for(f"{url}?ssl_ca_certs={tmp_path / 'ca.pem'}", WAIT_S).role == "master"
        refused, _ = waited_in_vain(url)  # who signed its certificate is not said
        assert "no sentinel answers" in refused
    finally:
        sentinel.kill()
        sentinel.wait()
        store.kill()


def test_a_cluster_is_spoken_to_over_tls(tmp_path: Path) -> None:
    port, bus = free_ports(2)
    store = OwnStore(program("redis-server"), tmp_path)
    store.start(
        *("--port", "0", "--tls-port", str(port), "--tls-cluster", "yes", *tls(tmp_path)),
        *("--cluster-enabled", "yes", "--cluster-port", str(bus)),
        *("--cluster-announce-hostname", "localhost"),
        *("--cluster-preferred-endpoint-type", "hostname"),
    )
    url = f"rediss+cluster://localhost:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}"
    try:
        with contextlib.closing(connect(store.url)) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        assert wait_for(url, WAIT_S).clustered
        with contextlib.closing(connect(url)) as client:
            assert client.set("key", "value")
            assert client.get("key") == b"value"
    finally:
        store.kill()


def _pairs(words: list[str]) -> list[str]:
    return [f"{name} {value}" for name, value in zip(words[::2], words[1::2], strict=True)]


def test_a_call_over_a_tls_store_is_written_and_heard_on_both_nodes(
    tls_url: str, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as up:
        here, there = (
            up.enter_context(running(tmp_path / name, REDIS_URL=tls_url))
            for name in ("here", "there")
        )
        call_id = here.caller().create("anna")
        client = up.enter_context(RawClient(there.url, {"token": there.token("anna")}))
        client.ok("call:subscribe", {"call_id": call_id})
        said = up.enter_context(contextlib.closing(Said(here, call_id)))
        said.say(50)
        heard = {}
        while len(heard) < 50:
            update = client.event("transcription:update")
            heard[update["segment_id"]] = update["seq"]
        assert heard == said.answered
        for server in (here, there):
            assert "hints_lost" not in server.log
            assert server.stop() == 0

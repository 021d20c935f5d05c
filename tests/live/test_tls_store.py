"""The whole product over TLS to its store: pool, link and hints."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.conftest import OwnStore
from tests.live.certificates import tls
from tests.live.raw_client import RawClient
from tests.live.said import Said
from tests.live.server import running
from tests.live.store_shapes import free_ports, program


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

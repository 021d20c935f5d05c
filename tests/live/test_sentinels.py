"""Real sentinels: who leads is asked of them, and a failover is survived."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import StoreUnusable, wait_for
from tests.live.raw_client import RawClient
from tests.live.said import Said
from tests.live.server import LiveServer, running, until
from tests.live.store_shapes import (
    SERVICE,
    SentinelStore,
    StoreServer,
    free_ports,
    sentinel_store,
)

SETTINGS = {
    "EARSHOT__STORE__PROBE_S": 0.5,
    "EARSHOT__STORE__ANSWER_TIMEOUT_S": 1,
    "EARSHOT__STORE__REPLICAS_TO_WAIT": 1,
}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelStore]:
    """For tests that harm no server of it."""
    with sentinel_store(tmp_path_factory.mktemp("sentinels")) as made:
        yield made


def test_a_store_behind_sentinels_is_used(quiet: SentinelStore) -> None:
    facts = wait_for(quiet.url, 5.0)
    assert (facts.flavour, facts.role) == ("redis", "master")


def test_a_service_that_no_sentinel_knows_is_refused_at_once(quiet: SentinelStore) -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnusable, match="know no service 'other'"):
        wait_for(quiet.url.replace(f"/{SERVICE}", "/other"), 10.0)
    assert time.monotonic() - began < 5.0


def test_a_sentinel_that_is_away_is_passed_over(quiet: SentinelStore) -> None:
    [nobody] = free_ports(1)
    url = quiet.url.replace("redis+sentinel://", f"redis+sentinel://127.0.0.1:{nobody},")
    assert wait_for(url, 5.0).role == "master"


def test_without_any_sentinel_it_is_said_that_none_answers() -> None:
    ports = free_ports(2)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    with pytest.raises(StoreUnusable, match="no sentinel answers at 127") as refused:
        wait_for(f"redis+sentinel://:hush@{hosts}/{SERVICE}?sentinel_password=hush", 0.3)
    assert "hush" not in str(refused.value)


def test_what_is_no_sentinel_is_said_to_be_none(quiet: SentinelStore) -> None:
    with pytest.raises(StoreUnusable, match=r"no sentinel answers at 127.*unknown command"):
        wait_for(f"redis+sentinel://127.0.0.1:{quiet.servers[0].port}/{SERVICE}", 0.3)


def test_sentinels_may_want_a_password_of_their_own(tmp_path: Path) -> None:
    with sentinel_store(tmp_path, password="open") as store:
        with pytest.raises(StoreUnusable, match="sentinel_password"):
            wait_for(store.url, 5.0)
        assert wait_for(store.url + "?sentinel_password=open", 5.0).role == "master"
        with pytest.raises(StoreUnusable) as refused:
            wait_for(store.url + "?sentinel_password=shut-up", 5.0)
        assert "shut-up" not in str(refused.value)


def test_when_the_primary_changes_the_node_goes_on_and_nothing_acknowledged_is_missing(
    tmp_path: Path,
) -> None:
    with contextlib.ExitStack() as up:
        store = up.enter_context(sentinel_store(tmp_path / "stores"))
        settings = SETTINGS | {"REDIS_URL": store.url}
        server = up.enter_context(running(tmp_path / "server", **settings))
        call_id = server.caller().create("anna")
        said = up.enter_context(contextlib.closing(Said(server, call_id)))
        for fault in (fail_over, kill, stop):
            said.say(20)
            before = store.primary
            fault(store, before)
            until(lambda before=before: said.say(1) and store.primary is not before)
            said.say(20)
            if fault is kill:
                store.heal(before)
            assert_heard(server, said)
        log = server.caller().log(call_id)
        written = {e["data"]["segment_id"]: e["data"]["seq"] for e in log[1:]}
        assert written == said.answered
        assert server.metric("store_away") == 0
        assert server.metric("store_moves_total") >= 3


def fail_over(store: SentinelStore, primary: StoreServer) -> None:
    """By command. The old primary takes writes until the sentinels tell it, some ten seconds
    later: the node must leave it before."""
    store.sentinels[0].client.execute_command("SENTINEL", "FAILOVER", SERVICE)


def kill(store: SentinelStore, primary: StoreServer) -> None:
    primary.kill()


def stop(store: SentinelStore, primary: StoreServer) -> None:
    """Every connection to it stays open."""
    primary.signal(signal.SIGSTOP)


def assert_heard(server: LiveServer, said: Said) -> None:
    """What is said now reaches who joins now: hints come from the new primary."""
    with RawClient(server.url, {"token": server.token("anna")}) as client:
        client.ok("call:subscribe", {"call_id": said.call_id})
        said.say(1)
        heard = client.event("transcription:update")
        assert said.answered[heard["segment_id"]] == heard["seq"]

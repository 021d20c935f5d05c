"""Real sentinels: who leads is asked of them, and a failover is survived."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from engine.store import StoreUnusable, wait_for
from tests.live.raw_client import RawClient
from tests.live.said import GOES_ON_S, Said
from tests.live.server import LiveServer, running, until
from tests.live.stopwatch import Stopwatch
from tests.live.store_refusals import waited_in_vain
from tests.live.store_shapes import (
    SERVICE,
    SentinelStore,
    StoreServer,
    free_ports,
    sentinel_store,
)

WAIT_S = 30.0  # for what must be there, or be refused at once
AGAIN_S = 3.0
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
    facts = wait_for(quiet.url, WAIT_S)
    assert (facts.flavour, facts.role) == ("redis", "master")


def test_a_service_that_no_sentinel_knows_is_refused_at_once(quiet: SentinelStore) -> None:
    with Stopwatch() as took, pytest.raises(StoreUnusable, match="know no service 'other'"):
        wait_for(quiet.url.replace(f"/{SERVICE}", "/other"), WAIT_S)
    assert took.seconds < 5.0


def test_a_sentinel_that_is_away_is_passed_over(quiet: SentinelStore) -> None:
    [nobody] = free_ports(1)
    url = quiet.url.replace("redis+sentinel://", f"redis+sentinel://127.0.0.1:{nobody},")
    assert wait_for(url, WAIT_S).role == "master"


def test_without_any_sentinel_it_is_said_that_none_answers() -> None:
    ports = free_ports(2)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    refused, told = waited_in_vain(
        f"redis+sentinel://:hush@{hosts}/{SERVICE}?sentinel_password=hush"
    )
    assert "no sentinel answers at 127" in refused
    assert "hush" not in refused + told


def test_what_is_no_sentinel_is_said_to_be_none(quiet: SentinelStore) -> None:
    url = f"redis+sentinel://127.0.0.1:{quiet.servers[0].port}/{SERVICE}"
    refused, told = waited_in_vain(url)
    assert "no sentinel answers at 127" in refused
    assert re.search(r"no sentinel answers at 127.*unknown command", told)


def test_sentinels_may_want_a_password_of_their_own(tmp_path: Path) -> None:
    with sentinel_store(tmp_path, password="open") as store:
        with pytest.raises(StoreUnusable, match="sentinel_password"):
            wait_for(store.url, WAIT_S)
        assert wait_for(store.url + "?sentinel_password=open", WAIT_S).role == "master"
        with pytest.raises(StoreUnusable) as refused:
            wait_for(store.url + "?sentinel_password=shut-up", WAIT_S)
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
            moved = Moved(store, before, again=fault is fail_over)
            until(lambda moved=moved: said.say(1) and moved(), GOES_ON_S)
            said.say(20)
            if fault is kill:
                store.heal(before)
            assert_heard(server, said)
        log = server.caller().log(call_id)
        written = {e["data"]["segment_id"]: e["data"]["seq"] for e in log[1:]}
        assert written == said.answered
        until(lambda: server.metric("store_away") == 0)
        assert server.metric("store_moves_total") >= 3


class Moved:
    """Whether another one is the primary. `again`: who fails over by command is given up by
    sentinels that stood still for a second in the middle of it, and not tried again by them."""

    def __init__(self, store: SentinelStore, before: StoreServer, *, again: bool) -> None:
        self._store, self._before, self._again = store, before, again
        self._asked_at = time.monotonic()

    def __call__(self) -> bool:
        if self._store.primary is not self._before:
            return True
        if self._again and time.monotonic() - self._asked_at > AGAIN_S:
            self._asked_at = time.monotonic()
            fail_over(self._store, self._before)
        return False


def fail_over(store: SentinelStore, primary: StoreServer) -> None:
    """By command. The old primary takes writes until the sentinels tell it, some ten seconds
    later: the node must leave it before."""
    with contextlib.suppress(redis.ResponseError):  # it is under way, or no replica is heard of
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

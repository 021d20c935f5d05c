"""An agent's standing on the store: a version that only rises, and what announces it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import redis

from engine.identity import Identity
from engine.log import LogUnavailable
from engine.standing import CHANNEL, Change, Standing, Standings, parse_announcement, standing_of
from engine.store import connect
from tests.contract.stores import BOUND_S

NOW = 1_700_000_000.25


@pytest.fixture
def standings(client: redis.Redis) -> Standings:
    return Standings(client, clock=lambda: NOW)


def test_each_change_of_rights_is_the_next_version(standings: Standings, tenant: str) -> None:
    assert standings.of(tenant, ["ann", "ben"]) == [Standing(), Standing()]
    standings.assigned(tenant, "ann", "call-1", True)
    standings.assigned(tenant, "ann", "call-1", False)
    standings.revoke(tenant, "ann")
    standings.assigned(tenant, "ann", "call-2", True)
    assert standings.of(tenant, ["ann", "ben"]) == [Standing(4, NOW), Standing()]


def test_a_revocation_never_becomes_earlier(standings: Standings, tenant: str) -> None:
    standings.revoke(tenant, "ann", NOW + 5)
    assert standings.revoke(tenant, "ann", NOW) == Standing(2, NOW + 5)


def test_tenants_have_standings_of_their_own(standings: Standings) -> None:
    standings.revoke("a", "b:c")
    assert standings.of("a:b", ["c"]) == standings.of("a", ["b"]) == [Standing()]


def test_what_is_announced_tells_the_version_it_made(
    standings: Standings, client: redis.Redis, tenant: str
) -> None:
    with contextlib.closing(client.pubsub(ignore_subscribe_messages=True)) as listener:
        listener.subscribe(CHANNEL)
        listener.get_message(timeout=BOUND_S)
        standings.assigned(tenant, "ann", "call-1", True)
        standings.revoke(tenant, "ann")
        heard = [listener.get_message(timeout=BOUND_S) for _ in range(2)]
    assert [parse_announcement(one["data"]) for one in heard] == [
        (Standing(1), Change(tenant, "ann", "call-1", True)),
        (Standing(2, NOW), Change(tenant, "ann")),
    ]


@pytest.mark.parametrize("raw", [b"", b"1", b"1 2", b"x 2 {}", b"1 2 {}", b'1 2 {"tenant":1}'])
def test_what_is_no_announcement_is_none(raw: bytes) -> None:
    assert parse_announcement(raw) is None


@pytest.mark.parametrize("raw", [None, b"", b"1", b"a b", b"1 2 3"])
def test_a_value_that_cannot_be_read_is_no_standing(raw: bytes | None) -> None:
    assert standing_of(raw) == Standing()


@pytest.mark.parametrize(
    ("issued_at", "admitted"), [(None, False), (NOW - 1, False), (NOW, False), (NOW + 0.001, True)]
)
def test_a_token_of_before_a_revocation_is_void(issued_at: Any, admitted: bool) -> None:
    identity = Identity("ann", "agent", "default", NOW + 60, issued_at)
    assert Standing(3, NOW).admits(identity) is admitted
    assert Standing(3).admits(identity)


def test_without_a_store_nothing_is_changed(own_store: Any, tenant: str) -> None:
    with contextlib.closing(connect(own_store.url)) as away:
        with pytest.raises(LogUnavailable):
            Standings(away).revoke(tenant, "ann")
        with pytest.raises(LogUnavailable):
            Standings(away).of(tenant, ["ann"])

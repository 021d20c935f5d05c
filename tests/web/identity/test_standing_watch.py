"""What a node knows of its agents' standing: announced, missed, asked for, away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from engine.errors import Revoked
from engine.identity import Identity
from engine.log import CallKey, LogUnavailable
from engine.standing import Standing
from engine.wire import CallView
from web import standing_watch
from web.standing_watch import StandingWatch

NOW = 1_700_000_000.0
OLD = Identity("ann", "agent", "acme", NOW + 600, NOW - 10)
NEW = OLD._replace(issued_at=NOW + 10)


class Place:
    """Store, lists and directory of one node, as far as standing is concerned."""

    def __init__(self) -> None:
        self.time = 0.0
        self.store: dict[tuple[str, str], Standing] = {}
        self.away = False
        self.asked: list[int] = []
        self.calls: list[str] = []
        self.here: set[tuple[str, str]] = set()
        self.told: list[tuple[str, str]] = []
        self.closed: list[tuple[str, str]] = []
        self.restored: list[float] = []
        self.watch = StandingWatch(self, self, self, self._ask, lambda: self.time)  # type: ignore[arg-type]

    def _ask(self, packed: bytes, done: Any) -> None:
        tenant = packed.split(b"{")[1].split(b"}")[0].decode()
        agent_ids = packed.decode().split("\r\n")[6:-1:2]
        self.asked.append(len(agent_ids))
        if self.away:
            done(LogUnavailable("away", uncertain=False))
        else:
            found = [self.store.get((tenant, one)) for one in agent_ids]
            done([f and f"{f.version} {f.revoked_at}".encode() for f in found])

    def present_agents(self) -> set[tuple[str, str]]:
        return set(self.here)

    def present(self, tenant: str, agent_id: str) -> Iterator[str]:
        yield from ["one"] if (tenant, agent_id) in self.here else []

    def assigned(self, key: CallKey, agent_id: str, view: Any) -> None:
        self.told.append(("assigned", key.call_id))

    def unassigned(self, key: CallKey, agent_id: str) -> None:
        self.told.append(("unassigned", key.call_id))

    def close_agent(self, tenant: str, agent_id: str, error: Revoked, unless: Any) -> int:
        gone = not unless(OLD)
        self.closed += [(tenant, agent_id)] * gone
        return int(gone)

    def calls_of_agent(self, tenant: str, agent_id: str) -> list[CallView]:
        return [self.view(one) for one in self.calls]

    def get(self, tenant: str, call_id: str) -> CallView:
        return self.view(call_id)

    def revoke(self, tenant: str, agent_id: str, at: float) -> None:
        self.restored.append(at)

    @staticmethod
    def view(call_id: str) -> CallView:
        return CallView(call_id, "active", 0, "2024-01-01T00:00:00.000Z", ["ann"])

    def judge(self, identity: Identity) -> bool:
        box: list[bool] = []
        self.watch.judge(identity, box.append)
        return box[0]

    def settle(self) -> None:
        for _ in range(3):
            gevent.sleep(0)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(standing_watch, "LOOK_S", 3600)
    found = Place()
    yield found
    found.watch.close()


def announce(
    version: int, revoked_at: float = 0, call_id: str = "", assigned: str = "false"
) -> bytes:
    change = f'{{"tenant":"acme","agent_id":"ann","call_id":"{call_id}","assigned":{assigned}}}'
    return f"{version} {revoked_at} {change}".encode()


def test_a_token_is_judged_by_the_store_once_and_then_by_what_is_known(place: Place) -> None:
    place.store["acme", "ann"] = Standing(3, NOW)
    assert [place.judge(one) for one in (OLD, NEW, OLD)] == [False, True, False]
    assert place.asked == [1]
    place.time = 5.0  # nobody looked meanwhile
    assert not place.judge(OLD)
    assert place.asked == [1, 1]


def test_an_agent_of_another_tenant_is_another_agent(place: Place) -> None:
    place.store["acme", "ann"] = Standing(3, NOW)
    assert not place.judge(OLD)
    assert place.judge(OLD._replace(tenant="other"))


def test_an_announced_revocation_closes_at_once(place: Place) -> None:
    place.here.add(("acme", "ann"))
    assert place.judge(OLD)
    place.watch.on_announcement(announce(1, NOW))
    assert place.closed == [("acme", "ann")]
    assert not place.judge(OLD)
    assert not place.watch.admits(OLD)
    assert place.watch.admits(NEW)


def test_a_revocation_that_was_never_announced_is_seen_by_the_look(place: Place) -> None:
    place.here.add(("acme", "ann"))
    assert place.judge(OLD)
    place.store["acme", "ann"] = Standing(1, NOW)
    place.watch.look()
    assert place.closed == [("acme", "ann")]


def test_all_agents_of_a_node_are_looked_at_in_one_batch_a_tenant(place: Place) -> None:
    place.here |= {("acme", f"agent-{number}") for number in range(500)} | {("other", "x")}
    place.watch.look()
    assert sorted(place.asked) == [1, 500]


def test_the_next_version_is_acted_on_and_an_old_one_is_not(place: Place) -> None:
    place.here.add(("acme", "ann"))
    place.judge(OLD)
    place.watch.on_announcement(announce(1, 0, "call-1", "true"))
    place.settle()
    place.watch.on_announcement(announce(1, 0, "call-1", "true"))
    place.watch.on_announcement(announce(2, 0, "call-1"))
    place.settle()
    assert place.told == [("assigned", "call-1"), ("unassigned", "call-1")]


def test_after_a_jump_the_calls_are_compared_with_what_was_told(place: Place) -> None:
    place.here.add(("acme", "ann"))
    place.judge(OLD)
    place.watch.listed(OLD, ["kept", "taken"])
    place.calls = ["kept", "given"]
    place.store["acme", "ann"] = Standing(3)
    place.watch.look()
    place.settle()
    assert place.told == [("unassigned", "taken"), ("assigned", "given")]
    place.watch.look()
    place.settle()
    assert len(place.told) == 2


def test_an_announcement_that_jumps_is_a_jump(place: Place) -> None:
    place.here.add(("acme", "ann"))
    place.judge(OLD)
    place.calls = ["one", "two"]
    place.watch.on_announcement(announce(2, 0, "two", "true"))
    place.settle()
    assert sorted(place.told) == [("assigned", "one"), ("assigned", "two")]


def test_a_store_that_is_away_lets_in_whom_we_do_not_know_until_it_is_back(place: Place) -> None:
    place.store["acme", "ann"] = Standing(1, NOW)
    place.away = True
    place.here.add(("acme", "ann"))
    assert place.judge(OLD)
    place.watch.look()
    assert place.closed == []
    place.away = False
    place.watch.look()
    assert place.closed == [("acme", "ann")]


def test_a_store_that_came_back_shorter_is_told_of_the_revocation_again(place: Place) -> None:
    place.here.add(("acme", "ann"))
    place.store["acme", "ann"] = Standing(7, NOW)
    assert not place.judge(OLD)
    place.store["acme", "ann"] = Standing(6, 0)
    place.watch.look()
    place.settle()
    assert place.restored == [NOW]
    assert not place.judge(OLD)


def test_who_is_gone_and_asks_nothing_is_forgotten(place: Place) -> None:
    place.judge(OLD)
    place.time = 61.0
    place.watch.look()
    assert place.asked == [1]

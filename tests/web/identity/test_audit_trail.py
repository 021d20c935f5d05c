"""What is noted gets to the store: in batches, through its absence, bounded, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import msgspec
import pytest
import redis

from engine.audit import Entry, Noted
from engine.config import Settings
from engine.identity import Identity
from engine.log import LogUnavailable
from web import audit
from web.audit import AuditTrail

SUE = Identity("sue", "supervisor", "acme", 1e10)


class Kept:
    """An audit's store; `away` refuses."""

    def __init__(self) -> None:
        self.entries: list[Noted] = []
        self.writes = 0
        self.away = False

    def append(self, noted: list[Noted]) -> None:
        if self.away:
            raise LogUnavailable("away", uncertain=True)
        self.writes += 1
        self.entries += noted


class Hash:
    """The one hash of a redis that settings are compared with."""

    def __init__(self) -> None:
        self.fields: dict[bytes, bytes] = {}

    def hgetall(self, _: str) -> Any:
        return dict(self.fields)

    def hset(self, _: str, mapping: dict[str, str]) -> None:
        self.fields |= {name.encode(): value.encode() for name, value in mapping.items()}


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def trail(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditTrail]:
    for name in ("PAUSE_S", "AWAY_S"):
        monkeypatch.setattr(audit, name, 0.001)
    monkeypatch.setattr(audit, "WAITING", 50)
    found = AuditTrail(kept, "node-1", lambda: 1_700_000_000.0)  # type: ignore[arg-type]
    yield found
    found.close()


def until(condition: Any) -> None:
    with gevent.Timeout(10):
        while not condition():
            gevent.sleep(0.001)


def test_what_is_noted_is_kept_with_who_and_when(trail: AuditTrail, kept: Kept) -> None:
    trail.note(SUE, "watch.began", call_id="call-1")
    until(lambda: kept.entries)
    assert kept.entries == [
        Noted(
            "acme",
            Entry(
                "2023-11-14T22:13:20.000Z", "watch.began", "sue", "supervisor",
                call_id="call-1", node="node-1",
            ),
        )
    ]  # fmt: skip


def test_a_store_that_is_away_is_waited_for(trail: AuditTrail, kept: Kept) -> None:
    kept.away = True
    for number in range(10):
        trail.note(SUE, "watch.began", call_id=f"call-{number}")
    gevent.sleep(0.02)
    kept.away = False
    until(lambda: len(kept.entries) == 10)
    assert [one.entry.call_id for one in kept.entries] == [f"call-{n}" for n in range(10)]


def test_what_finds_the_queue_full_is_counted(trail: AuditTrail, kept: Kept) -> None:
    for number in range(60):
        trail.note(SUE, "watch.began", call_id=f"call-{number}")
    assert trail.counts["audit_lost"] == 10
    until(lambda: len(kept.entries) == 50)


def test_many_documents_are_several_entries(trail: AuditTrail, kept: Kept) -> None:
    trail.note(SUE, "documents.put", doc_ids=[f"d{n}" for n in range(250)])
    until(lambda: kept.entries)
    assert [len(one.entry.doc_ids) for one in kept.entries] == [100, 100, 50]


def test_refused_sign_ins_are_counted_not_listed(trail: AuditTrail, kept: Kept) -> None:
    for number in range(10_000):
        trail.refused("unauthenticated", f"10.0.0.{number % 3}")
    trail.refused("expired", "")
    trail._flush_refused()
    until(lambda: kept.entries)
    found = [(one.tenant, one.entry.code, one.entry.count) for one in kept.entries]
    assert sum(count for _, _, count in found) == 10_001
    assert len(found) == 4
    assert {tenant for tenant, _, _ in found} == {"default"}


def test_ten_thousand_addresses_are_not_ten_thousand_entries(trail: AuditTrail) -> None:
    for number in range(10_000):
        trail.refused("unauthenticated", f"address-{number}")
    assert len(trail._refused) == audit.REFUSED_KINDS + 1


def test_a_call_read_again_and_again_is_noted_once(trail: AuditTrail, kept: Kept) -> None:
    for _ in range(20):
        trail.note(SUE, "call.read", call_id="call-1")
        trail.note(SUE._replace(tenant="other"), "call.read", call_id="call-1")
    until(lambda: kept.entries)
    assert [one.tenant for one in kept.entries] == ["acme", "other"]


def test_changed_settings_are_named_and_secrets_are_not_looked_at(
    trail: AuditTrail, kept: Kept
) -> None:
    store: Any = Hash()
    trail.compare_settings(Settings(jwt_secret="one"), store)
    trail.compare_settings(Settings(jwt_secret="two"), store)
    assert kept.entries == []
    changed = msgspec.convert(
        {"limits": {"slow_s": 5}, "tokens": {"leeway_s": 3}, "server": {"port": 1}}, Settings
    )
    trail.compare_settings(changed, store)
    until(lambda: kept.entries)
    [noted] = kept.entries
    assert noted.tenant == "default"
    assert noted.entry.settings == ["limits.slow_s", "tokens.leeway_s"]
    assert b"jwt_secret" not in store.fields


def test_settings_that_cannot_be_compared_do_not_stop_a_start(trail: AuditTrail) -> None:
    class Away:
        def hgetall(self, _: str) -> Any:
            raise redis.ConnectionError("away")

    trail.compare_settings(Settings(), Away())  # type: ignore[arg-type]


def test_what_waits_is_written_at_the_end(trail: AuditTrail, kept: Kept) -> None:
    trail.note(SUE, "watch.ended", call_id="call-1")
    trail.close()
    assert len(kept.entries) == 1

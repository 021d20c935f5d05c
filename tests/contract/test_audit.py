"""The audit on a real store: append-only, a trail for each tenant, bounded by count and age."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import redis

from engine.audit import AuditStore, Entry, Noted
from engine.log import LogUnavailable
from engine.store import connect

AT = "2026-01-05T09:30:12.000Z"


def store_of(client: redis.Redis, **bounds: Any) -> AuditStore:
    return AuditStore(client, **{"max_entries": 100_000, "retention_s": 3600} | bounds)


def entries(count: int, **more: Any) -> list[Entry]:
    return [Entry(AT, "watch.began", "sue", call_id=f"call-{n}", **more) for n in range(count)]


def test_entries_are_read_page_by_page_in_their_order(client: redis.Redis, tenant: str) -> None:
    store = store_of(client)
    store.append([Noted(tenant, one) for one in entries(5, role="supervisor", doc_ids=["d"])])
    first = store.read(tenant, "", 3)
    rest = store.read(tenant, first[-1].id, 3)
    assert [one.call_id for one in (*first, *rest)] == [f"call-{n}" for n in range(5)]
    assert (first[0].at, first[0].by, first[0].role, first[0].doc_ids) == (
        AT, "sue", "supervisor", ["d"],
    )  # fmt: skip
    assert store.read(tenant, rest[-1].id, 3) == []


def test_one_tenants_trail_is_not_in_anothers(client: redis.Redis) -> None:
    store = store_of(client)
    store.append([Noted("audit:a", Entry(AT, "call.erased")), Noted("audit", entries(1)[0])])
    assert [one.kind for one in store.read("audit:a", "", 9)] == ["call.erased"]
    assert [one.kind for one in store.read("audit", "", 9)] == ["watch.began"]


def test_the_oldest_leave_above_the_bound(client: redis.Redis, tenant: str) -> None:
    store = store_of(client, max_entries=200)
    for _ in range(4):
        store.append([Noted(tenant, one) for one in entries(200)])
    assert 200 <= len(store.read(tenant, "", 1000)) <= 400  # trimmed by whole nodes of the stream


def test_the_old_leave_by_age(client: redis.Redis, tenant: str) -> None:
    now = [0.0]
    store = store_of(client, clock=lambda: now[0])
    store.append([Noted(tenant, one) for one in entries(300)])
    now[0] = 4e9  # a century later
    store.append([Noted(tenant, entries(1)[0])])
    assert len(store.read(tenant, "", 1000)) < 150


def test_without_a_store_nothing_is_said_to_be_kept(own_store: Any, tenant: str) -> None:
    with contextlib.closing(connect(own_store.url)) as away:
        with pytest.raises(LogUnavailable):
            store_of(away).append([Noted(tenant, entries(1)[0])])
        with pytest.raises(LogUnavailable):
            store_of(away).read(tenant, "", 1)

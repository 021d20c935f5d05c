"""Rows of the wall on a real store: kept, told, gone with their calls, apart by tenant."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import redis

from engine import wall
from engine.call_index import CallIndex
from engine.decoding import encode
from engine.log import CallKey, LogUnavailable
from engine.redis_pipe import RedisPipe
from engine.store import connect
from engine.wire import CallView, LastLine
from tests.contract.stores import BOUND_S


def view(call_id: str, started: int = 0, **more: Any) -> CallView:
    at = f"2026-01-05T09:{started:02d}:00.000Z"
    return CallView(call_id, more.pop("status", "active"), 0, at, ["ann"], **more)


def write(client: redis.Redis, tenant: str, row: CallView) -> None:
    commands = wall.write_commands(CallKey(tenant, row.call_id), encode(row))
    RedisPipe(client, ()).run(commands, changes=True)


def spoken(call_id: str) -> CallView:
    return view(call_id, last_line=LastLine("customer", "hello", "2026-01-05T09:30:12.000Z"))


def test_live_calls_are_read_newest_first_with_their_rows_where_they_have_one(
    client: redis.Redis, tenant: str
) -> None:
    index, store = CallIndex(client), wall.WallStore(client, CallIndex(client))
    for minute, call_id in enumerate(("old", "new")):
        index.put(tenant, view(call_id, minute), ended=False)
    write(client, tenant, spoken("old"))
    rows = store.read(tenant)
    assert list(rows) == ["new", "old"]
    assert rows["old"].view == spoken("old")
    assert rows["new"].view == view("new", 1)


def test_a_row_leaves_with_its_call(client: redis.Redis, tenant: str) -> None:
    index, store = CallIndex(client), wall.WallStore(client, CallIndex(client))
    for call_id in ("ended", "erased"):
        index.put(tenant, view(call_id), ended=False)
        write(client, tenant, spoken(call_id))
    index.put(
        tenant, view("ended", status="ended", ended_at="2026-01-05T09:31:00.000Z"), ended=True
    )
    index.remove(tenant, "erased")
    assert store.read(tenant) == {}
    assert list(client.scan_iter(f"*{tenant}*rows")) == []


def test_a_row_put_back_behind_the_end_is_not_shown_and_swept(
    client: redis.Redis, tenant: str
) -> None:
    index, store = CallIndex(client), wall.WallStore(client, CallIndex(client))
    index.put(tenant, view("live"), ended=False)
    write(client, tenant, spoken("live"))
    write(client, tenant, spoken("gone"))
    assert list(store.read(tenant)) == ["live"]
    assert store.sweep(tenant) == 1
    assert store.sweep(tenant) == 0
    assert store.read(tenant)["live"].view == spoken("live")


def test_what_is_written_is_told_to_the_tenants_listeners_alone(client: redis.Redis) -> None:
    with contextlib.closing(client.pubsub(ignore_subscribe_messages=True)) as listener:
        listener.subscribe(wall.channel_of("a"))
        listener.get_message(timeout=BOUND_S)
        write(client, "a:b", spoken("other"))
        write(client, "a", spoken("mine"))
        removal = wall.removal_command(CallKey("a", "mine"))
        RedisPipe(client, ()).run([removal], changes=True)
        heard = [listener.get_message(timeout=BOUND_S) for _ in range(2)]
    changes = [wall.parse_change(one["data"]) for one in heard]
    assert [(one.call_id, one.row and one.row.view) for one in changes if one] == [
        ("mine", spoken("mine")),
        ("mine", None),
    ]


@pytest.mark.parametrize("raw", [b"", b"+", b"+{}", b"+[]", b"?x", b"+\xff", b"-\xff"])
def test_what_is_no_change_is_none(raw: bytes) -> None:
    assert wall.parse_change(raw) is None


def test_a_row_that_a_newer_node_wrote_and_we_cannot_read_is_shown_as_lists_have_it(
    client: redis.Redis, tenant: str
) -> None:
    index, store = CallIndex(client), wall.WallStore(client, CallIndex(client))
    index.put(tenant, view("c"), ended=False)
    client.hset(f"earshot:calls:{{{tenant}}}:rows", "c", b"\x00new format")
    assert store.read(tenant)["c"].view == view("c")


def test_without_a_store_there_is_no_wall(own_store: Any, tenant: str) -> None:
    with contextlib.closing(connect(own_store.url)) as away, pytest.raises(LogUnavailable):
        wall.WallStore(away, CallIndex(away)).read(tenant)

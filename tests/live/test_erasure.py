"""What was said can be erased, on every node and in the store; and it is never in a log file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from engine.store import connect
from engine.store_embedded import EmbeddedStore
from tests.live.raw_client import RawClient
from tests.live.server import LiveServer, line, new_id, running, until
from tests.live.stopwatch import Stopwatch

SECRET_WORDS = "kingfisher"  # said by the customer, and nowhere else
INTERIM_WORDS = "turtledove"
AT_ONCE_S = 2.0
DOCUMENT = {"id": "birds", "title": "About birds", "text": f"What to do about a {SECRET_WORDS}."}


class Place(NamedTuple):
    here: LiveServer
    there: LiveServer
    store: Any  # redis.Redis


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("erasure")
    with contextlib.ExitStack() as up:
        store = EmbeddedStore.start(folder / "store")
        up.callback(store.stop)
        settings = {
            "REDIS_URL": store.url,
            "EARSHOT__ASSIST__THRESHOLD": 0.01,
            "LOG_LEVEL": "DEBUG",
        }
        here, there = (
            up.enter_context(running(folder / name, **settings)) for name in ("here", "there")
        )
        client = connect(store.url, socket_timeout_s=5)
        up.callback(client.close)
        yield Place(here, there, client)


def everything_in(client: redis.Redis) -> bytes:
    """Names and contents of all keys but the documents', which are nobody's words."""
    reads = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": client.xrange,
        b"list": lambda key: client.lrange(key, 0, -1),
    }
    found = []
    for key in client.scan_iter():
        if b":documents" in key or b":vectors" in key:
            continue
        kind = client.type(key)
        if kind == b"none":  # it expired since it was named, and what is gone holds nothing
            continue
        found.append(b"%b %b" % (key, repr(reads[kind](key)).encode()))
    return b"\n".join(found)


def test_an_erased_call_is_gone_from_the_store_and_from_screens_on_every_node(place: Place) -> None:
    agent_id, producer = new_id("agent"), place.here.caller()
    admin = place.here.caller("root", "admin")
    answer = admin.ask("PUT", "/v1/documents", {"documents": [DOCUMENT]})
    assert answer.json()["accepted"] == 1
    call_id = producer.create(agent_id)
    with contextlib.ExitStack() as clients:
        screens = []
        for node in (place.here, place.there):
            auth = {"token": node.token(agent_id)}
            screens.append(clients.enter_context(RawClient(node.url, auth)))
            screens[-1].ok("call:subscribe", {"call_id": call_id, "interim": True})
        producer.say(call_id, line("s1", f"there is a {SECRET_WORDS} in my modem"))
        producer.say(call_id, line("s2", f"and a {INTERIM_WORDS}", final=False, revision=1))
        suggestion = screens[0].event("ai:suggestion")
        document = suggestion["documents"][0]["id"]
        screens[0].ok("doc:feedback", {"doc_id": document, "helpful": True, "call_id": call_id})
        screens[1].event("feedback:update")
        producer.patch(f"/v1/calls/{call_id}", {"status": "ended"})
        before = everything_in(place.store)
        assert SECRET_WORDS.encode() in before
        assert call_id.encode() in before

        with Stopwatch() as took:
            assert admin.ask("DELETE", f"/v1/calls/{call_id}").status_code == 204
            for screen in screens:
                assert screen.event("call:unassigned")["call_id"] == call_id
        assert took.seconds < AT_ONCE_S
        for screen in screens:
            assert screen.refusal("call:subscribe", {"call_id": call_id})["code"] == "unknown_call"
    for node in (place.here, place.there):
        answer = node.caller("boss", "supervisor").ask("GET", f"/v1/calls/{call_id}")
        assert answer.status_code == 404
    after = everything_in(place.store)
    assert SECRET_WORDS.encode() not in after
    assert INTERIM_WORDS.encode() not in after
    left = [entry for entry in after.split(b"\n") if call_id.encode() in entry]
    # That a call of this name was erased is remembered for a day, with nothing of it.
    mark = f"{{default/{call_id}}}".encode()
    assert {entry.split(b" ")[0].split(b":")[1] for entry in left} <= {b"audit", mark}


def test_a_producer_cannot_write_on_in_an_erased_call(place: Place) -> None:
    producer, admin = place.there.caller(), place.here.caller("root", "admin")
    call_id = producer.create(new_id("agent"))
    producer.say(call_id, line("s1"))
    assert admin.ask("DELETE", f"/v1/calls/{call_id}").status_code == 204
    body = {"segments": [line("s2")]}
    path = f"/v1/calls/{call_id}/segments"
    with Stopwatch() as took:
        until(lambda: producer.ask("POST", path, body).status_code == 404)
    assert took.seconds < AT_ONCE_S


def test_words_and_tokens_are_in_no_log_file_whatever_happened(
    place: Place, tmp_path: Path
) -> None:
    """The whole run of this module at LOG_LEVEL=DEBUG, with refusals and faults of clients."""
    token = place.here.token("anna")
    with RawClient(place.here.url, {"token": token}) as client:
        client.refusal("doc:feedback", {"doc_id": SECRET_WORDS, "call_id": SECRET_WORDS})
        client.ask("no:such", {"text": SECRET_WORDS})
        client.write(f'42["call:subscribe",{{"call_id":"{SECRET_WORDS}"')
    caller = place.here.caller()
    caller.ask("POST", "/v1/calls", {"agent_ids": [SECRET_WORDS], "colour": SECRET_WORDS})
    caller.ask("POST", f"/v1/calls/{SECRET_WORDS}/segments", {"segments": SECRET_WORDS})
    for node in (place.here, place.there):
        assert node.log, "the log is looked at, and there is one"
        for words in (SECRET_WORDS, INTERIM_WORDS, token, token.rpartition(".")[2]):
            assert words not in node.log

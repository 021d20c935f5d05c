"""kill -9 of the server and a restart on the same data: the calls go on where they were."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.live.raw_client import RawClient
from tests.live.server import Caller, LiveServer, line, until

CALLS = 4
BEFORE = 25  # segments a producer has had answered before the kill
AFTER = 25
DOCUMENT = {"id": "router", "title": "Router", "text": "Unplug the router and plug it in again."}


class Producer:
    """One recogniser of one call. Whatever was not answered it sends again with the same
    ids, until told to stop."""

    def __init__(self, server: LiveServer, call_id: str, token: str) -> None:
        self.call_id = call_id
        self.answered: dict[str, int] = {}  # segment_id -> seq
        self.resent = 0
        self._caller = Caller(server.url, token)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            segment = line(f"s{number}", f"sentence {number} of {self.call_id}", speaker="agent")
            while segment["segment_id"] not in self.answered:
                try:
                    result = self._caller.say(self.call_id, segment)[0]
                except (requests.RequestException, AssertionError):
                    self.resent += 1
                    if self._stop.wait(0.05):
                        return
                else:
                    self.answered[result["segment_id"]] = result["seq"]

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._caller.close()


@contextlib.contextmanager
def producing(server: LiveServer, call_ids: list[str]) -> Iterator[list[Producer]]:
    with contextlib.ExitStack() as producers:
        token = server.token("producer-1", "producer")
        made = []
        for call_id in call_ids:
            made.append(Producer(server, call_id, token))
            producers.callback(made[-1].close)
        yield made


def answered(producers: list[Producer], count: int) -> None:
    until(lambda: all(len(producer.answered) >= count for producer in producers))


def join(
    server: LiveServer, call_id: str, since: dict[str, Any] | None = None
) -> tuple[RawClient, Any]:
    """A connection subscribed to the call, and what the subscription was answered."""
    client = RawClient(server.url, {"token": server.token("anna")})
    return client, client.ok("call:subscribe", {"call_id": call_id, "since": since})


def seqs_of(client: RawClient) -> list[int]:
    return [p.data["seq"] for p in client.heard if p.kind == "event" and "seq" in p.data]


@pytest.mark.parametrize("kills", [1, 3])
def test_what_was_answered_is_in_the_log_exactly_once_and_seq_goes_on(
    own_server: LiveServer, kills: int
) -> None:
    caller = own_server.caller()
    call_ids = [caller.create("anna") for _ in range(CALLS)]
    with producing(own_server, call_ids) as producers:
        for kill in range(1, kills + 1):
            answered(producers, BEFORE * kill)
            own_server.kill()
            own_server.start()
        answered(producers, BEFORE * kills + AFTER)
    assert sum(producer.resent for producer in producers) > 0, "nothing was cut off"
    for producer in producers:
        log = caller.log(producer.call_id)
        assert [event["data"]["seq"] for event in log] == list(range(1, len(log) + 1))
        assert len({event["data"]["epoch"] for event in log}) == 1
        finals = [e["data"] for e in log if e["event"] == "transcription:update"]
        written = {final["segment_id"]: final["seq"] for final in finals}
        assert len(written) == len(finals), "a segment is in the log twice"
        assert written.items() >= producer.answered.items()
        # In the order in which they were said, and at most the last one unanswered.
        assert [final["segment_id"] for final in finals] == [
            f"s{n}" for n in range(1, len(finals) + 1)
        ]
        assert len(finals) - len(producer.answered) <= 1


def test_a_subscriber_with_its_cursor_gets_a_replay_without_hole_or_repeat(
    own_server: LiveServer,
) -> None:
    caller = own_server.caller()
    call_ids = [caller.create("anna") for _ in range(2)]
    with producing(own_server, call_ids) as producers:
        before, joined = join(own_server, call_ids[0])
        with before:
            start = joined["cursor"]
            before.until(lambda packet: len(seqs_of(before)) >= BEFORE)
            own_server.kill()
            before.closed()
        seen = seqs_of(before)
        # Half of what was seen is forgotten: the screen that comes back is an older one.
        since = {"epoch": start["epoch"], "seq": seen[len(seen) // 2 - 1]}
        own_server.start()
        answered(producers, BEFORE + AFTER)
        after, joined = join(own_server, call_ids[0], since)
        with after:
            assert (joined["mode"], joined["cursor"]) == ("replay", since)
            after.until(lambda packet: len(seqs_of(after)) >= BEFORE + AFTER)
    replayed = seqs_of(after)
    assert seen == list(range(start["seq"] + 1, start["seq"] + 1 + len(seen)))
    assert replayed == list(range(since["seq"] + 1, since["seq"] + 1 + len(replayed)))
    first, again = (
        {d["seq"]: d for d in client.events("transcription:update")} for client in (before, after)
    )
    both = first.keys() & again.keys()
    assert both
    assert all(first[seq] == again[seq] for seq in both)


def test_a_verdict_sent_again_is_answered_as_the_first_time(own_server: LiveServer) -> None:
    admin = own_server.caller("admin-1", "admin")
    admin.ask("PUT", "/v1/documents", {"documents": [DOCUMENT]}).raise_for_status()
    until(lambda: admin.finds("router"))
    call_id = admin.create("anna")
    admin.say(call_id, line("s1", "my router is broken, the router"))
    until(lambda: admin.get(f"/v1/calls/{call_id}")["suggestion"])
    verdict = {"doc_id": "router", "helpful": True, "call_id": call_id, "feedback_id": "f1"}

    client, _ = join(own_server, call_id)
    with client:
        first = client.ok("doc:feedback", verdict)
    own_server.kill()
    own_server.start()
    client, joined = join(own_server, call_id)
    with client:
        assert client.ok("doc:feedback", verdict) == first
        other = client.refusal("doc:feedback", verdict | {"helpful": False})
        assert other["code"] == "conflict"
    assert joined["cursor"]["seq"] == first["seq"]
    assert [v["feedback_id"] for v in joined["snapshot"]["verdicts"]] == ["f1"]
    assert admin.get(f"/v1/calls/{call_id}")["seq"] == first["seq"]


def test_a_segment_sent_again_is_answered_as_the_first_time(own_server: LiveServer) -> None:
    caller = own_server.caller()
    call_id = caller.create("anna")
    first = caller.say(call_id, line("s1", "hello"))[0]
    own_server.kill()
    own_server.start()
    again = caller.say(call_id, line("s1", "hello"))[0]
    assert again == first | {"outcome": "repeated"}
    changed = caller.ask(
        "POST", f"/v1/calls/{call_id}/segments", {"segments": [line("s1", "other")]}
    )
    assert (changed.status_code, changed.json()["error"]["code"]) == (409, "final")
    assert caller.say(call_id, line("s2", "and"))[0]["seq"] == first["seq"] + 1

"""Subscriptions no honest client asks for: each is answered with a code or a snapshot, and nobody
else notices.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.raw_client import RawClient, refusal_in
from tests.live.server import Caller, LiveServer, line, new_id
from tests.web.conftest import Bystander

STORM = 100  # subscriptions a second, at most: a busy machine takes longer
STORM_S = 2
AT_ONCE = 50  # of them, at the beginning
MAY_A_S = 10  # limits.subscribes_per_s; twice that at once


class Watched:
    """A call with something said in it, and its agent's connection."""

    def __init__(self, server: LiveServer, producer: Caller) -> None:
        self.agent_id = new_id("agent")
        self._producer = producer
        self._said = 0
        self.call_id = producer.create(self.agent_id)
        self.client = RawClient(server.url, {"token": server.token(self.agent_id)})
        self.say()
        snapshot = producer.get(f"/v1/calls/{self.call_id}")
        self.epoch, self.seq = snapshot["epoch"], snapshot["seq"]

    def say(self) -> int:
        self._said += 1
        segment = line(f"s{self._said}", f"sentence {self._said}", speaker="agent")
        seq: int = self._producer.say(self.call_id, segment)[0]["seq"]
        return seq

    def hears_each_once(self) -> bool:
        """What is said now arrives in order, and once."""
        said = [self.say(), self.say()]
        self.client.until(lambda packet: packet.name and packet.data.get("seq") == said[-1])
        assert self.client.ok("client:report", {"paint_ms": []}) == {}
        heard = [update["seq"] for update in self.client.events("transcription:update")]
        return [seq for seq in heard if seq >= said[0]] == said


@pytest.fixture
def watched(listening: LiveServer, producer: Caller) -> Iterator[Watched]:
    found = Watched(listening, producer)
    with contextlib.closing(found.client):
        yield found


@pytest.mark.parametrize(
    "since",
    [
        {"seq": 1_000_000},
        {"seq": 2**53 - 1},
        {"epoch": "never-seen", "seq": 1},
        {"epoch": "never-seen", "seq": 0},
        {"epoch": "", "seq": 1},
        {"epoch": "f" * 64, "seq": 1_000_000},
        {"epoch": "0", "seq": 1_000_000},
    ],
)
def test_a_cursor_that_the_log_does_not_know_is_answered_with_a_snapshot(
    watched: Watched, bystander: Bystander, since: dict[str, Any]
) -> None:
    cursor = {"epoch": watched.epoch} | since
    answer = watched.client.ok("call:subscribe", {"call_id": watched.call_id, "since": cursor})
    assert answer["mode"] == "snapshot"
    assert answer["cursor"] == {"epoch": watched.epoch, "seq": watched.seq}
    assert [s["segment_id"] for s in answer["snapshot"]["segments"]] == ["s1"]
    assert watched.hears_each_once()
    assert bystander.is_unharmed()


@pytest.mark.parametrize(
    ("since", "field"),
    [
        ({"seq": -1}, "since.seq"),
        ({"seq": 2**63}, "since.seq"),
        ({"seq": 10**30}, "since.seq"),
        ({"seq": 1.5}, "since.seq"),
        ({"seq": "1"}, "since.seq"),
        ({"epoch": "e" * 65}, "since.epoch"),
        ({"epoch": 7}, "since.epoch"),
    ],
)
def test_a_cursor_that_is_none_is_refused_by_its_field_and_what_was_subscribed_stays(
    watched: Watched, bystander: Bystander, since: dict[str, Any], field: str
) -> None:
    watched.client.ok("call:subscribe", {"call_id": watched.call_id})
    cursor = {"epoch": watched.epoch, "seq": 1} | since
    ill = {"call_id": watched.call_id, "since": cursor}
    refusal = watched.client.refusal("call:subscribe", ill)
    assert (refusal["code"], refusal["field"]) == ("bad_request", field)
    assert watched.hears_each_once()
    assert bystander.is_unharmed()


def test_the_same_subscription_again_and_again_leaves_one(watched: Watched) -> None:
    client, body = watched.client, {"call_id": watched.call_id}
    for _ in range(3):
        assert client.ok("call:subscribe", body)["cursor"]["seq"] == watched.seq
    # All at once: the last is answered ok, those it replaced too or with a code.
    for number in range(90, 95):
        client.write(f"42{number}" + json.dumps(["call:subscribe", body]))
    answers = [client.until(lambda packet: packet.kind == "ack") for _ in range(5)]
    assert next(a.data[0]["ok"] for a in answers if a.ack_id == 94)
    for answer in answers:
        if not answer.data[0]["ok"]:
            assert refusal_in(answer.data[0])["retryable"], answer
    assert watched.hears_each_once()


def test_the_same_without_acknowledgements_is_told_the_call_and_then_each_event_once(
    watched: Watched,
) -> None:
    for _ in range(3):
        watched.client.emit("call:subscribe", {"call_id": watched.call_id})
    watched.client.event("transcription:update")
    assert watched.client.ok("client:report", {"paint_ms": []}) == {}
    assert watched.hears_each_once()


def test_unsubscribing_from_what_was_never_subscribed_is_answered_and_nothing_else(
    watched: Watched, bystander: Bystander
) -> None:
    client = watched.client
    client.ok("call:subscribe", {"call_id": watched.call_id})
    for call_id in (new_id(), bystander.call_id):
        assert client.ok("call:unsubscribe", {"call_id": call_id}) == {}
    assert watched.hears_each_once()
    for _ in range(2):
        assert client.ok("call:unsubscribe", {"call_id": watched.call_id}) == {}
    told = len(client.events("transcription:update"))
    watched.say()
    assert client.ok("client:report", {"paint_ms": []}) == {}
    assert len(client.events("transcription:update")) == told
    assert bystander.is_unharmed()


def test_a_storm_of_subscriptions_is_limited_with_the_time_to_wait_and_hurts_nobody_else(
    listening: LiveServer, watched: Watched, bystander: Bystander
) -> None:
    """Calls that are not there cost a look into the store each."""
    stormer = new_id("agent")
    with RawClient(listening.url, {"token": listening.token(stormer)}) as client:
        began = time.monotonic()
        for number in range(STORM * STORM_S):
            body = {"call_id": f"{stormer}-{number}"}
            client.write(f"42{number}" + json.dumps(["call:subscribe", body]))
            if number % AT_ONCE == AT_ONCE - 1:
                assert bystander.is_unharmed()
                watched.client.ok("call:subscribe", {"call_id": watched.call_id})
            left = began + (number + 1) / STORM - time.monotonic()
            if number > AT_ONCE and left > 0:
                time.sleep(left)
        codes: Counter[str] = Counter()
        for _ in range(STORM * STORM_S):
            answer = client.until(lambda packet: packet.kind == "ack")
            refusal = refusal_in(answer.data[0])
            codes[refusal["code"]] += 1
            if refusal["code"] == "rate_limited":
                assert refusal["retry_after_ms"] > 0
        took_s = time.monotonic() - began
        assert set(codes) == {"unknown_call", "rate_limited"}
        assert codes["unknown_call"] <= MAY_A_S * (2 + took_s) + 1
        # It stays, and is served again when it asks at a person's pace.
        assert client.ok("client:report", {"paint_ms": []}) == {}
    assert watched.hears_each_once()
    assert bystander.is_unharmed()

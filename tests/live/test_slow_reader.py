"""A browser that stops reading: it misses nothing, and nobody else notices."""

from __future__ import annotations

from typing import Any

from tests.live.raw_client import RawClient
from tests.live.server import Caller, LiveServer, line, until

SEGMENTS = 600
TEXT = "so what happens is that it goes off every evening at about eight " * 280  # 18 kB


def test_a_reader_that_pauses_gets_every_event_once_and_in_order(
    shared_server: LiveServer,
) -> None:
    with shared_server.caller() as producer:
        call_id = producer.create("agent-1")
        auth = {"token": shared_server.token("agent-1")}
        with RawClient(shared_server.url, auth) as slow, RawClient(shared_server.url, auth) as fast:
            for client in (slow, fast):
                assert client.ok("call:subscribe", {"call_id": call_id})["cursor"]["seq"] == 1
            for first in range(0, SEGMENTS, 20):
                numbers = range(first, first + 20)
                said = [line(f"s{n}", TEXT, speaker="agent") for n in numbers]
                until(lambda said=said: _answered(producer, call_id, said))
                # 11 MB go by the slow one, more than sockets and outlet hold; the fast one
                # has everything all the same.
                _read(fast, 20)
            _read(slow, SEGMENTS)
            for client in (slow, fast):
                assert _seqs(client) == list(range(2, SEGMENTS + 2))
            assert slow.ok("call:unsubscribe", {"call_id": call_id}) == {}


def _answered(producer: Caller, call_id: str, said: list[dict[str, Any]]) -> bool:
    """A store whose disk is kept busy by others may not answer in time; then, and then alone,
    the same is said again."""
    answer = producer.ask("POST", f"/v1/calls/{call_id}/segments", {"segments": said})
    assert answer.status_code in (200, 504), answer.text
    return answer.status_code == 200


def _read(client: RawClient, count: int) -> None:
    for _ in range(count):
        client.event("transcription:update")


def _seqs(client: RawClient) -> list[int]:
    return [packet.data["seq"] for packet in client.heard if packet.name == "transcription:update"]

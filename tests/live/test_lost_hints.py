"""A hint that is lost and followed by no other leaves no gap to see: it is found all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.decoding import encode
from engine.log import Append, Appended, CallKey, Entry
from engine.log_redis import RedisLog
from engine.store import connect
from engine.wire import TranscriptionUpdate
from tests.live.raw_client import RawClient
from tests.live.server import new_id, running, tcp_store
from tests.live.stopwatch import Stopwatch

FOUND_S = 5.0
AGAIN = 2


class MuteLog(RedisLog):
    """A node whose every hint is lost: where a script publishes, it sets a key of that name."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        published = b"$7\r\nPUBLISH\r\n"
        assert self._append_tail.count(published) == 1
        self._append_tail = self._append_tail.replace(published, b"$3\r\nSET\r\n")


def test_a_lost_last_hint_is_found_within_five_seconds(tmp_path: Path) -> None:
    agent_id = new_id("agent")
    with (
        tcp_store(tmp_path / "store") as url,
        running(tmp_path / "node", REDIS_URL=url) as node,
        connect(url) as client,
        RawClient(node.url, {"token": node.token(agent_id)}) as browser,
    ):
        call_id = node.caller().create(agent_id)
        cursor = browser.ok("call:subscribe", {"call_id": call_id})["cursor"]
        log = MuteLog(client, "mute")
        for seq in range(2, 2 + AGAIN):
            write(log, call_id, cursor["epoch"], seq)
            with Stopwatch() as took:
                assert browser.event("transcription:update")["seq"] == seq
            assert took.seconds < FOUND_S
        assert node.metric("hints_received_total") == 0
        assert node.metric('events_folded_total{way="read"}') == AGAIN


def write(log: RedisLog, call_id: str, epoch: str, seq: int) -> None:
    said = TranscriptionUpdate(
        call_id, "agent", "unheard", "2026-01-01T00:00:00.000Z", f"s{seq}", 0, True, epoch, seq
    )
    entry = Entry(f"segment:s{seq}", "x", "transcription:update", encode(said))
    [answer] = log.append([Append(CallKey("default", call_id), epoch, seq - 1, (entry,))])
    assert isinstance(answer, Appended), answer

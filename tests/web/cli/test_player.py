"""One call played to a real HTTP server, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from web.cli.client import Api
from web.cli.failures import Refused, Stopped
from web.cli.patience import Outage
from web.cli.player import LATE_CALL_S, Pace, Player
from web.cli.scripts import Line, Script
from web.cli.timeline import timeline

SCRIPT = Script(
    "card",
    (
        Line("customer", "my card was swallowed", 1.0, 1.6),
        Line("agent", "sorry to hear that", 4.0, 2.0),
    ),
)
NOON = 1_700_000_000.0  # 2023-11-14T22:13:20Z


class Time:
    """A clock moved by waiting, and by `passes` while a request is on its way."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.stop_at_s = float("inf")
        self.waited: list[float] = []

    def wait(self, pause_s: float) -> bool:
        self.waited.append(pause_s)
        self.now_s += pause_s
        return self.now_s >= self.stop_at_s

    def pace(self, speed: float = 1.0) -> Pace:
        return Pace(lambda: self.now_s, lambda: NOON + self.now_s - 100.0, self.wait, speed)


@pytest.fixture
def api(server: Any) -> Iterator[Api]:
    with Api(server.url) as found:
        yield found


Played = tuple[Player, list[float]]


def play(
    api: Api, time: Time, *, interim: bool = False, speed: float = 1.0, said: Any = None
) -> Played:
    said = said if said is not None else []
    player = Player(api, "card-1", time.pace(speed), Outage(said.append))
    player.create("agent-1", "Ada", "ours", "demo")
    at: list[float] = []
    if player.play(timeline(SCRIPT, interim=interim), lambda piece: at.append(time.now_s - 100.0)):
        player.end()
    return player, at


def segments(server: Any) -> list[dict[str, Any]]:
    return [body["segments"][0] for body in server.said("POST", "/v1/calls/card-1/segments")]


def test_a_call_is_created_spoken_and_ended(server: Any, api: Api) -> None:
    play(api, Time())
    assert server.said("POST", "/v1/calls") == [
        {
            "call_id": "card-1",
            "agent_ids": ["agent-1"],
            "customer": "Ada",
            "metadata": {"replay": "demo", "source": "ours"},
        }
    ]
    assert [s["text"] for s in segments(server)] == ["my card was swallowed", "sorry to hear that"]
    assert server.said("PATCH", "/v1/calls/card-1") == [{"status": "ended"}]


def test_a_final_text_is_posted_when_its_line_was_said(api: Api) -> None:
    _, at = play(api, Time())
    assert at == pytest.approx([2.6, 6.0])


def test_twice_the_speed_takes_half_the_time(api: Api) -> None:
    _, at = play(api, Time(), speed=2.0)
    assert at == pytest.approx([1.3, 3.0])


def test_a_segments_timestamp_is_when_its_line_began(server: Any, api: Api) -> None:
    play(api, Time())
    assert [s["timestamp"] for s in segments(server)] == [
        "2023-11-14T22:13:21.000Z",
        "2023-11-14T22:13:24.000Z",
    ]


def test_interim_texts_carry_the_final_texts_id_and_timestamp(server: Any, api: Api) -> None:
    play(api, Time(), interim=True)
    first = [s for s in segments(server) if s["segment_id"] == "line-001"]
    assert len(first) > 2
    assert len({s["timestamp"] for s in first}) == 1
    assert [s["final"] for s in first] == [False] * (len(first) - 1) + [True]


def away_for(server: Any, api: Api, attempts: int) -> Callable[[Any], tuple[int, Any]]:
    left = [attempts]

    def answer(asked: Any) -> tuple[int, Any]:
        if asked.path.endswith("/segments") and left[0]:
            left[0] -= 1
            return 0, None
        return 200, {}

    return answer


def test_a_final_text_is_sent_again_unchanged_until_it_is_taken(server: Any, api: Api) -> None:
    said: list[str] = []
    server.answer = away_for(server, api, 3)
    play(api, Time(), said=said)
    first = [s for s in segments(server) if s["segment_id"] == "line-001"]
    assert len(first) == 4
    assert first == [first[0]] * 4
    assert len(said) == 2


def test_after_an_outage_the_call_goes_on_from_where_it_was(server: Any, api: Api) -> None:
    server.answer = away_for(server, api, 12)
    _, (first, second) = play(api, Time())
    assert first > 2.6 + LATE_CALL_S
    assert second - first == pytest.approx(6.0 - 2.6)


def test_an_interim_text_is_not_insisted_on(server: Any, api: Api) -> None:
    server.answer = lambda asked: (
        (0, None)
        if asked.body.get("segments") and not asked.body["segments"][0]["final"]
        else (200, {})
    )
    play(api, Time(), interim=True)
    interim = [(s["segment_id"], s["revision"]) for s in segments(server) if not s["final"]]
    assert len(interim) == len(set(interim)) > 2
    assert [s["text"] for s in segments(server) if s["final"]] == [
        "my card was swallowed",
        "sorry to hear that",
    ]


def test_interim_texts_that_are_late_are_passed_over(server: Any, api: Api) -> None:
    time = Time()

    def slow(asked: Any) -> tuple[int, Any]:
        time.now_s += 1.0
        return 200, {}

    server.answer = slow
    play(api, time, interim=True)
    sent = [s for s in segments(server) if not s["final"]]
    assert 0 < len(sent) < len([p for p in timeline(SCRIPT, interim=True) if not p.final])


def test_a_refusal_of_a_final_text_ends_the_call(server: Any, api: Api, refuse: Any) -> None:
    server.answer = lambda asked: (
        refuse("call_ended", 409) if asked.path.endswith("/segments") else (200, {})
    )
    with pytest.raises(Refused, match="call_ended"):
        play(api, Time())
    assert server.said("PATCH", "/v1/calls/card-1") == []


def test_being_stopped_ends_the_play_before_the_next_piece(server: Any, api: Api) -> None:
    time = Time()
    time.stop_at_s = 104.0
    player, at = play(api, time)
    assert len(at) == 1
    player.farewell()
    assert server.said("PATCH", "/v1/calls/card-1") == [{"status": "ended"}]


def test_being_stopped_ends_the_waiting_for_a_server(server: Any, api: Api) -> None:
    server.answer = lambda asked: (0, None)
    time = Time()
    time.stop_at_s = 130.0
    with pytest.raises(Stopped):
        play(api, time)


def test_a_farewell_to_a_server_that_is_away_says_so_after_one_attempt(
    server: Any, api: Api
) -> None:
    server.answer = lambda asked: (0, None)
    player = Player(api, "card-1", Time().pace(), Outage(print))
    assert player.farewell() == "the server is away"
    assert len(server.asked) == 1

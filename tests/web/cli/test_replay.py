"""Several calls at once, on their own threads, against a real HTTP server."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from web.cli.bearer import Bearer
from web.cli.display import Lines
from web.cli.failures import Refused
from web.cli.replay import Plan, Replay, fresh_call_id
from web.cli.scripts import Line, Script
from web.cli.timeline import Piece

FAST = 200.0
BOUND_S = 60.0
SCRIPTS = [Script(f"talk {n}", (Line("customer", f"hello {n}", 0.0, 1.0),)) for n in range(3)]
LONG = Script("long", (Line("customer", "hello", 0.0, 1.0), Line("agent", "yes", 9_000.0, 1.0)))


class Memory(Lines):
    """A display that keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.spoke = threading.Event()

    def heard(self, slot: int, piece: Piece) -> None:
        self.spoke.set()

    def say(self, text: str) -> None:
        self.said.append(text)


def replay(server: Any, plan: Plan) -> tuple[Replay, Memory]:
    memory = Memory()
    return Replay(server.url, Bearer("mine", None), plan, memory), memory


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {BOUND_S:g} s"
        time.sleep(0.01)


def test_every_dialogue_is_played_to_its_end(server: Any) -> None:
    running, memory = replay(server, Plan(SCRIPTS, speed=FAST, at_once=2))
    running.start()
    assert running.join() == (3, 0, 0)
    texts = [body["segments"][0]["text"] for body in server.said("POST", "/segments")]
    assert {"hello 0", "hello 1", "hello 2"} <= set(texts)
    assert [a.body for a in server.asked if a.method == "PATCH"] == [{"status": "ended"}] * 3
    assert len([line for line in memory.said if line.endswith(" ended")]) == 3


def test_agents_take_turns(server: Any) -> None:
    running, _ = replay(server, Plan(SCRIPTS, ("ada", "bo"), speed=FAST))
    running.start()
    running.join()
    created = server.said("POST", "/v1/calls")
    assert [body["agent_ids"] for body in created] == [["ada"], ["bo"], ["ada"]]


def test_a_replay_for_ever_begins_again_with_fresh_ids(server: Any) -> None:
    running, _ = replay(server, Plan(SCRIPTS[:1], speed=FAST, forever=True))
    running.start()
    until(lambda: len(server.said("POST", "/v1/calls")) >= 3)
    running.stop()
    running.join()
    ids = [body["call_id"] for body in server.said("POST", "/v1/calls")]
    assert len(set(ids)) == len(ids)


def test_a_dialogue_is_not_played_twice_at_once(server: Any) -> None:
    plan = Plan([LONG, SCRIPTS[0]], speed=FAST, at_once=4, forever=True)
    running, memory = replay(server, plan)
    assert running.at_once == 2
    running.start()
    until(lambda: len([line for line in memory.said if " began" in line]) >= 4)
    running.stop()
    running.join()
    assert len([line for line in memory.said if "long-" in line and " began" in line]) == 1


def test_a_call_whose_server_died_is_not_said_to_have_ended(server: Any) -> None:
    running, memory = replay(server, Plan([LONG], speed=1.0))
    running.start()
    assert memory.spoke.wait(BOUND_S)
    server.close()
    running.stop()
    assert running.join() == (0, 0, 1)
    assert memory.said[-1].endswith("could not be ended: the server is away")


def test_being_stopped_ends_the_running_calls(server: Any) -> None:
    running, memory = replay(server, Plan([LONG], speed=1.0))
    running.start()
    assert memory.spoke.wait(BOUND_S)
    running.stop()
    assert running.join() == (0, 1, 0)
    assert [a.body for a in server.asked if a.method == "PATCH"] == [{"status": "ended"}]
    assert not running.running


def test_a_call_that_is_refused_makes_room_for_the_next(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: (
        refuse("call_ended", 409)
        if asked.path.endswith("/segments") and asked.body["segments"][0]["text"] == "hello 0"
        else (200, {})
    )
    running, memory = replay(server, Plan(SCRIPTS, speed=FAST, interim=False))
    running.start()
    assert running.join() == (2, 1, 0)
    assert any("It is call_ended (call_ended)" in line for line in memory.said)


def test_a_right_that_is_missing_ends_the_replay(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("forbidden", 403)
    running, _ = replay(server, Plan(SCRIPTS, speed=FAST, at_once=2))
    running.start()
    with pytest.raises(Refused, match="forbidden"):
        running.join()
    assert not running.running


def test_a_server_that_comes_back_is_told_what_it_missed(
    server: Any, start_server: Callable[[int], Any]
) -> None:
    # It hangs up on every line, so that none is taken before it is closed.
    server.answer = lambda asked: (0, None) if asked.path.endswith("/segments") else (200, {})
    running, memory = replay(server, Plan([SCRIPTS[0]], speed=2.0))
    running.start()
    until(lambda: any("Trying again" in line for line in memory.said))
    server.close()
    again = start_server(server.port)
    assert running.join() == (1, 0, 0)
    assert [body["segments"][0]["text"] for body in again.said("POST", "/segments")] == ["hello 0"]
    assert len([line for line in memory.said if "Trying again" in line]) == 1


def test_a_call_id_is_readable_and_its_own() -> None:
    assert re.fullmatch(r"lost-card-0-[0-9a-f]{6}", fresh_call_id("lost card/0"))
    assert fresh_call_id("a") != fresh_call_id("a")
    assert re.fullmatch(r"call-[0-9a-f]{6}", fresh_call_id("äöü"))
    assert len(fresh_call_id("x" * 500)) <= 128

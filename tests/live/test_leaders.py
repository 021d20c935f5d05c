"""Who leads a call: takeover within two leases, and a leader of before that writes nothing."""

from __future__ import annotations

import contextlib
import itertools
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.log import CallKey
from engine.log_redis import keys_of
from engine.store import connect
from tests.chaos.link import Link, linked
from tests.live.raw_client import RawClient
from tests.live.server import LiveServer, line, new_id, running, tcp_store, until
from tests.live.stopwatch import Stopwatch

LEASE_S = 3
# Two thirds of it are enough to suggest something, on a machine that stands still meanwhile: who
# does not know that it leads would write nothing, and there would be nothing to refuse.
LONG_LEASE_S = 6
SLACK_S = 1.0  # a busy machine, and the pause between two looks at /metrics
DEBOUNCE_S = 1.0  # between two suggestions: time to say something and stall the store's link
CALLS = 5
TOPICS = ("router", "invoice", "parcel")
DOCUMENTS = [
    {"id": topic, "title": f"About the {topic}", "text": f"What to do about the {topic}."}
    for topic in TOPICS
]


class Pair(NamedTuple):
    """`first` leads what is created there; its way to the store is `link`. `second` suggests
    nothing, so what stands in a log was written by `first`."""

    first: LiveServer
    second: LiveServer
    link: Link


@pytest.fixture
def pair(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """With the lease that the test asks for."""
    with contextlib.ExitStack() as up:
        url = up.enter_context(tcp_store(tmp_path / "store"))
        link = up.enter_context(linked(int(url.rsplit(":", 1)[1])))
        settings = {
            "EARSHOT__ACTORS__LEASE_S": request.param,
            # What is on its way must not be given up before another leads.
            "EARSHOT__STORE__ANSWER_TIMEOUT_S": 5 * request.param,
            "EARSHOT__ASSIST__DEBOUNCE_MS": int(DEBOUNCE_S * 1000),
            # One document by words alone: each question has another answer, loaded or not.
            "EARSHOT__ASSIST__LIMIT": 1,
            "EARSHOT__EMBEDDING__USE": "none",
        }
        first = running(
            tmp_path / "first",
            REDIS_URL=f"redis://127.0.0.1:{link.port}",
            EARSHOT__ASSIST__THRESHOLD=0.01,
            **settings,
        )
        second = running(
            tmp_path / "second", REDIS_URL=url, EARSHOT__ASSIST__THRESHOLD=1, **settings
        )
        yield Pair(up.enter_context(first), up.enter_context(second), link)


def led(server: LiveServer) -> float:
    return server.metric("calls_led")


@contextlib.contextmanager
def watched_calls(pair: Pair) -> Iterator[list[str]]:
    """Calls that `first` leads and that a browser of `second` watches."""
    agent_id = new_id("agent")
    call_ids = [pair.first.caller().create(agent_id) for _ in range(CALLS)]
    until(lambda: led(pair.first) == CALLS)
    with RawClient(pair.second.url, {"token": pair.second.token(agent_id)}) as client:
        for call_id in call_ids:
            client.ok("call:subscribe", {"call_id": call_id})
        assert led(pair.second) == 0
        yield call_ids


def lease_ends_ms(pair: Pair, call_ids: list[str]) -> dict[str, int]:
    """By the store's clock."""
    with contextlib.closing(connect(pair.second.setting("REDIS_URL"))) as store:
        metas = {one: keys_of(CallKey("default", one)).meta for one in call_ids}
        return {one: int(store.hget(meta, "lease_until_ms")) for one, meta in metas.items()}


@pytest.mark.parametrize("pair", [LEASE_S], indirect=True, ids=[""])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_leader_that_says_nothing_is_replaced_within_two_leases(
    pair: Pair, how: signal.Signals
) -> None:
    with watched_calls(pair) as call_ids:
        ends_ms = lease_ends_ms(pair, call_ids)
        with Stopwatch() as took:
            pair.first.signal(how)
            until(lambda: led(pair.second) == CALLS)
        assert took.seconds < 2 * LEASE_S + SLACK_S
        for call_id, end_ms in lease_ends_ms(pair, call_ids).items():
            taken_ms = end_ms - LEASE_S * 1000  # or later, if it was renewed since
            assert taken_ms >= ends_ms[call_id], "the lease was not kept"
        assert pair.second.metric('leases_total{change="taken_over"}') == CALLS
        if how is signal.SIGSTOP:
            pair.first.signal(signal.SIGCONT)
            until(lambda: pair.first.metric('leases_total{change="lost"}') == CALLS)
            assert (led(pair.first), led(pair.second)) == (0, CALLS)


@pytest.mark.parametrize("pair", [LONG_LEASE_S], indirect=True, ids=[""])
def test_what_a_leader_of_before_wrote_too_late_is_refused_by_its_fence(pair: Pair) -> None:
    """Its suggestion is on its way to the store while another takes over: at the store it
    finds a higher fence than its own, and nothing of it is in the log."""
    admin = pair.first.caller("admin-1", "admin")
    admin.ask("PUT", "/v1/documents", {"documents": DOCUMENTS}).raise_for_status()
    until(lambda: admin.finds("router"))
    with watched_calls(pair) as [call_id, *_]:
        producer, reader = pair.first.caller(), pair.second.caller("reader", "supervisor")

        def because() -> list[str]:
            """Of the suggestions in the log."""
            log = reader.log(call_id)
            return [one["data"]["because"] for one in log if one["event"] == "ai:suggestion"]

        answered: list[str] = []
        for number, topic in enumerate(itertools.cycle(TOPICS), start=1):
            producer.say(call_id, line(f"s{number}", f"and what about the {topic}?"))
            if number > 2:
                pair.link.stall()
                if because() == answered:
                    break  # it is on its way
                pair.link.heal()  # the machine stood still in between: once more
            answered.append(f"s{number}")
            until(lambda: because() == answered)
        until(lambda: led(pair.second) == CALLS)
        pair.link.heal()
        until(lambda: pair.first.metric('appends_total{answer="fenced"}') == 1)
        assert because() == answered
        assert led(pair.first) == 0

"""What happens between browsers and nodes."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.chaos.link import Link
from tests.chaos.stage import Scenario, Setting, Stage
from tests.live.server import until

LONG = "so what happens is that it goes off every evening when the news comes on " * 240  # 18 kB
SLOW_S = 6  # so long that a busy machine's late tick still comes before the socket's own time-out
CROWD = 1000
MISSED = 300  # of each call: more than the ring of 256


def cut(stage: Stage) -> None:
    for _ in range(3):
        for link in stage.client_links:
            link.cut()
        stage.speak(2.0)
    stage.client_links[0].cut()
    stage.healed()


def stall(stage: Stage) -> None:
    """Shorter than pings allow: connections live, and everything must come after it."""
    _while_they_are(stage, Link.stall)


def half_open(stage: Stage) -> None:
    """Longer than pings allow: both sides give up by themselves."""
    _while_they_are(stage, Link.half_open)


def _while_they_are(stage: Stage, ill: Callable[[Link], None]) -> None:
    for link in stage.client_links:
        ill(link)
    stage.speak(4.0)
    for link in stage.client_links:
        link.heal()
    stage.healed()


def delay(stage: Stage) -> None:
    for link in stage.client_links:
        link.delay(0.2)
    stage.speak(3.0)
    for link in stage.client_links:
        link.heal()
    stage.healed()


def read_slowly(stage: Stage) -> None:
    """Some read nothing while more goes by than all buffers on the way hold."""
    slow = stage.bring_browsers(6, plain=False, small=True)
    for browser in slow:
        browser.paused.set()
    caller, [call_id] = stage.nodes[0].caller(), stage.call_ids
    for number in range(500):
        segment = {"segment_id": f"long{number}", "speaker": "agent", "text": LONG}
        [result] = caller.say(call_id, segment)
        stage.spoken[call_id].answered[segment["segment_id"]] = result["seq"]
    behind = sum(node.metric("connections_behind") for node in stage.nodes)
    memory = max(node.metric("process_resident_memory_bytes") for node in stage.nodes)
    stage.figures["connections behind"] = f"{behind:g} of {len(slow)} that read nothing"
    stage.figures["resident memory of a node"] = f"{memory / 2**20:.0f} MiB"
    assert behind == len(slow), f"{behind:g} fell behind"
    for browser in slow:
        browser.paused.clear()
    stage.healed()


def take_nothing(stage: Stage) -> None:
    """Longer than the server waits: it ends them with `slow`, and they come back."""
    slow = stage.bring_browsers(6, plain=False, small=True)
    for browser in slow:
        browser.paused.set()
    caller, [call_id] = stage.nodes[0].caller(), stage.call_ids
    for number in range(500):
        segment = {"segment_id": f"long{number}", "speaker": "agent", "text": LONG}
        [result] = caller.say(call_id, segment)
        stage.spoken[call_id].answered[segment["segment_id"]] = result["seq"]
    until(lambda: _closed_as_slow(stage) == len(slow), SLOW_S * 6)
    stage.figures["closed as slow"] = f"{_closed_as_slow(stage):g}"
    for browser in slow:
        browser.paused.clear()
    stage.healed()


def _closed_as_slow(stage: Stage) -> float:
    return sum(node.metric('sessions_closed_total{code="slow"}') for node in stage.nodes)


def come_back_at_once(stage: Stage) -> None:
    """A thousand more, who all lose their connection in the same moment and miss more than a
    ring of events, so that the log must be read for them."""
    began = time.monotonic()
    crowd = stage.bring_browsers(CROWD, plain=False, eager=True)
    stage.figures["the first coming of all"] = f"{time.monotonic() - began:.1f} s"
    for browser in crowd:
        browser.hold()
    stage.say_many(MISSED)
    before = stage.store.calls_of("evalsha"), stage.store.calls_of("xrange"), _reads(stage)
    stage.healed()
    for browser in crowd:
        browser.release()
    top = {call_id: max(stage.spoken[call_id].answered.values()) for call_id in stage.call_ids}
    until(lambda: all(one.top >= top[one.journal.call_id] for one in crowd), 60)
    took_s = time.monotonic() - stage.healed_at
    scripts = stage.store.calls_of("evalsha") - before[0]
    ranges = stage.store.calls_of("xrange") - before[1]
    reads = _reads(stage) - before[2]
    stage.figures["all back and current"] = f"{took_s:.1f} s"
    stage.figures["catch-up reads"] = f"{reads:g} for {CROWD} browsers, {reads / took_s:.0f}/s"
    stage.figures["at the store"] = (
        f"{scripts / took_s:.0f} scripts/s (appends too), {ranges / took_s:.0f} XRANGE/s"
    )
    assert reads < CROWD, "every browser cost a read"


def _reads(stage: Stage) -> float:
    return sum(node.metric('store_reads_total{purpose="catch_up"}') for node in stage.nodes)


PINGS = {"EARSHOT__SERVER__PING_INTERVAL_S": 1, "EARSHOT__SERVER__PING_TIMEOUT_S": 1}
# Who reads nothing answers no ping either; on a busy machine the writing takes its time.
PATIENT = {"EARSHOT__LIMITS__SLOW_S": 300, "EARSHOT__SERVER__PING_TIMEOUT_S": 300}
BY_LINKS = Setting(linked=("clients",))

SCENARIOS = [
    Scenario("cut-clients", "all connections of browsers reset, four times", cut, BY_LINKS),
    Scenario("stall-clients", "nothing moves between browsers and nodes for 4 s", stall, BY_LINKS),
    Scenario(
        "half-open-clients",
        "all bytes between browsers and nodes are swallowed for 4 s; pings allow 2 s",
        half_open,
        Setting(linked=("clients",), settings=PINGS),
    ),
    Scenario("delay-clients", "every byte to and from browsers takes 200 ms", delay, BY_LINKS),
    Scenario(
        "slow-reader",
        "six of the browsers read nothing while 9 MB go by, more than all buffers hold",
        read_slowly,
        Setting(calls=1, browsers=4, plain=2, settings=PATIENT),
    ),
    Scenario(
        "slow-closed",
        "six of the browsers read nothing for longer than the server waits (6 s here): closed as "
        "slow, and back",
        take_nothing,
        Setting(
            calls=1, browsers=4, plain=2, after_s=4.0, settings={"EARSHOT__LIMITS__SLOW_S": SLOW_S}
        ),
    ),
    Scenario(
        "crowd-returns",
        "1,000 browsers lose their connections at once, miss 300 events and come back at once",
        come_back_at_once,
        Setting(settings={"EARSHOT__LIMITS__MAX_CONNECTIONS": 3000}),
    ),
]

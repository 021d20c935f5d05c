"""/metrics of a real server: what happened is in it, as Prometheus' own parser reads it."""

from __future__ import annotations

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.live.conftest import Start
from tests.live.raw_client import RawClient
from tests.live.server import BOUND_S, LiveServer, line, new_id, until


def numbers(server: LiveServer) -> dict[tuple[str, ...], float]:
    """(name, label values) -> value, names without `earshot_`."""
    text = requests.get(f"{server.url}/metrics", timeout=BOUND_S).text
    return {
        (sample.name.removeprefix("earshot_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_an_event_is_seen_from_its_append_to_its_delivery(own_server: LiveServer) -> None:
    agent_id, caller = new_id("agent"), own_server.caller()
    call_id = caller.create(agent_id)
    with RawClient(own_server.url, {"token": own_server.token(agent_id)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        until(lambda: numbers(own_server)[("calls_led",)] == 1)
        for number in range(3):
            caller.say(call_id, line(f"s{number}", speaker="agent"))
            client.event("transcription:update")
        caller.say(call_id, line("s0", speaker="agent"))
        # Observed when everybody has had their turn, which may be after the answer.
        lag = ("delivery_lag_seconds_count", "here")
        found = until(lambda: (now := numbers(own_server)).get(lag) == 3 and now)
        assert found[("connections",)] == 1
        assert found[("appends_total", "appended")] == 4
        assert found[("events_appended_total",)] == 4  # its creation, and what was said
        assert found[("leases_total", "taken")] == 1
        # The creation reached nobody; what was sent again was not told again.
        assert found[("delivery_lag_seconds_count", "here")] == 3
        assert found[("delivery_lag_seconds_bucket", "30.0", "here")] == 3
        assert 0 < found[("delivery_lag_seconds_sum", "here")] < 30
        assert found[("store_link_up", "commands")] == found[("store_link_up", "hints")] == 1
        assert found[("store_away",)] == found[("connections_behind",)] == 0


def test_what_another_node_wrote_is_seen_from_its_arrival_there(start: Start) -> None:
    here = start("here")
    there = start("there", REDIS_URL=f"unix://{here.store_folder / 'valkey.sock'}")
    agent_id, caller = new_id("agent"), here.caller()
    call_id = caller.create(agent_id)
    looks = ("store_looks_total",)
    before = numbers(there)[looks]
    with RawClient(there.url, {"token": there.token(agent_id)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        # A look at the log may find what is written before its hint comes. One look is at the
        # subscription, the others are seconds apart: after one of them there is time.
        until(lambda: numbers(there)[looks] >= before + 2)
        caller.say(call_id, line("s1", speaker="agent"))
        client.event("transcription:update")
        # Observed when everybody has had their turn, which may be after the delivery.
        lag = ("delivery_lag_seconds_count", "elsewhere")
        found = until(lambda: (now := numbers(there)).get(lag) and now)
        assert found[("hints_received_total",)] == 1
        assert found[lag] == found[("events_folded_total", "hint")] == 1
        assert ("events_folded_total", "read") not in found
        assert 0 < found[("delivery_lag_seconds_sum", "elsewhere")] < 30

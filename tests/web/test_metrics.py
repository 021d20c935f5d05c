"""What /metrics shows: every number has a name, a help and one way to be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.lag import BOUNDS_S, WAITING, Lag
from web.metrics import COUNTERS, GAUGES, HISTOGRAMS, Histogram, Numbers, exposition

ROOT = Path(__file__).parents[2]
COUNTED = re.compile(r'counts\[\s*f?"([a-z_]+)')


def shown(
    counters: dict[str, float] | None = None,
    gauges: dict[str, float] | None = None,
    histograms: dict[str, Histogram] | None = None,
) -> dict[str, Any]:
    """Family name -> what Prometheus' own parser makes of it."""
    text = exposition(lambda: Numbers(counters or {}, gauges or {}, histograms or {})).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples(family: Any) -> dict[tuple[str, ...], float]:
    return {(s.name, *s.labels.values()): s.value for s in family.samples}


def test_a_counter_with_a_label_is_one_family() -> None:
    found = shown({"appends:moved": 2, "appends:appended": 5})["earshot_appends"]
    assert (found.type, found.documentation) == ("counter", COUNTERS["appends"].help)
    assert samples(found) == {
        ("earshot_appends_total", "moved"): 2,
        ("earshot_appends_total", "appended"): 5,
    }
    assert {name for s in found.samples for name in s.labels} == {"answer"}


def test_what_has_not_happened_yet_is_shown_as_0() -> None:
    found = shown()
    assert samples(found["earshot_behind"]) == {("earshot_behind_total",): 0}
    assert samples(found["earshot_store_away"]) == {("earshot_store_away",): 0}


def test_a_name_that_nobody_described_is_shown_all_the_same() -> None:
    found = shown({"surprises": 1, "oddities:of a kind": 2})
    assert samples(found["earshot_surprises"]) == {("earshot_surprises_total",): 1}
    assert samples(found["earshot_oddities"]) == {("earshot_oddities_total", "of a kind"): 2}


def test_a_labels_value_is_escaped() -> None:
    found = shown({'appends:"\n\\': 1})["earshot_appends"]
    assert samples(found) == {("earshot_appends_total", '"\n\\'): 1}


def test_a_histogram_adds_up_from_bucket_to_bucket() -> None:
    lag = Histogram((0.1, 1.0), (1, 2, 4), 9.5)
    found = shown(histograms={"delivery_lag_seconds:here": lag})["earshot_delivery_lag_seconds"]
    assert found.type == "histogram"
    name = "earshot_delivery_lag_seconds"
    assert samples(found) == {
        (f"{name}_bucket", "0.1", "here"): 1,
        (f"{name}_bucket", "1.0", "here"): 3,
        (f"{name}_bucket", "+Inf", "here"): 7,
        (f"{name}_count", "here"): 7,
        (f"{name}_sum", "here"): 9.5,
    }


def test_the_process_itself_is_shown() -> None:
    assert samples(shown()["process_resident_memory_bytes"])[("process_resident_memory_bytes",)] > 0


def test_everything_that_is_counted_is_described() -> None:
    counted = {
        name
        for folder in ("actors", "web")
        for path in (ROOT / folder).glob("*.py")
        for name in COUNTED.findall(path.read_text())
    }
    assert {"appends", "suggestions", "behind"} <= counted, "the pattern finds nothing any more"
    assert counted <= COUNTERS.keys() | {"appends"}


@pytest.mark.parametrize("table", [COUNTERS, GAUGES, HISTOGRAMS])
def test_names_follow_the_custom(table: dict[str, Any]) -> None:
    for name, named in table.items():
        assert re.fullmatch(r"[a-z_]+", name)
        assert not name.endswith("_total"), "the exposition adds it"
        assert named.help[0].isupper() or named.help[0].isdigit()


# --- lag --------------------------------------------------------------------------------------


def test_an_event_is_observed_once_when_all_have_been_told() -> None:
    lag = Lag()
    lag.told(10.0)
    lag.left(10.002, all_told=False)
    assert sum(lag.counts) == 0
    lag.left(10.004, all_told=True)
    lag.left(11.0, all_told=True)
    assert sum(lag.counts) == 1
    assert lag.counts[BOUNDS_S.index(0.005)] == 1
    assert lag.sum_s == pytest.approx(0.004)


def test_a_node_that_is_never_done_observes_all_the_same() -> None:
    lag = Lag()
    for _ in range(WAITING + 1):
        lag.told(0.0)
    lag.left(60.0, all_told=False)
    assert lag.counts[-1] == WAITING + 1
    assert not lag.arrived

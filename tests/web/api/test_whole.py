"""Several processes answer as one."""

from __future__ import annotations

from web.api.whole import merge

ONE = """# HELP earshot_calls Calls in memory.
# TYPE earshot_calls gauge
earshot_calls 2.0
# TYPE earshot_events_total counter
earshot_events_total{event="ai:suggestion",kind="a}b"} 3.0
# TYPE earshot_lag_seconds histogram
earshot_lag_seconds_bucket{le="0.1"} 1.0
earshot_lag_seconds_bucket{le="+Inf"} 2.0
earshot_lag_seconds_sum 0.5
earshot_lag_seconds_count 2.0
"""
MERGED = """# HELP earshot_calls Calls in memory.
# TYPE earshot_calls gauge
earshot_calls{process="1"} 2.0
earshot_calls{process="2"} 2.0
# TYPE earshot_events_total counter
earshot_events_total{event="ai:suggestion",kind="a}b",process="1"} 3.0
earshot_events_total{event="ai:suggestion",kind="a}b",process="2"} 3.0
# TYPE earshot_lag_seconds histogram
earshot_lag_seconds_bucket{le="0.1",process="1"} 1.0
earshot_lag_seconds_bucket{le="+Inf",process="1"} 2.0
earshot_lag_seconds_sum{process="1"} 0.5
earshot_lag_seconds_count{process="1"} 2.0
earshot_lag_seconds_bucket{le="0.1",process="2"} 1.0
earshot_lag_seconds_bucket{le="+Inf",process="2"} 2.0
earshot_lag_seconds_sum{process="2"} 0.5
earshot_lag_seconds_count{process="2"} 2.0
"""


def test_every_sample_says_which_process_and_a_family_stays_together() -> None:
    assert merge({"1": ONE, "2": ONE}) == MERGED


def test_a_family_that_one_process_lacks_is_the_others() -> None:
    found = merge({"1": "# TYPE a counter\na 1\n", "2": "# TYPE b counter\nb 2\n"})
    assert found == '# TYPE a counter\na{process="1"} 1\n# TYPE b counter\nb{process="2"} 2\n'

"""Instants: one width, in UTC, and back again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from engine.times import instant, instant_at, seconds_of
from tests.engine.histories import quick

_times = st.floats(0, 4e9)


@quick
@given(_times, _times)
def test_written_instants_sort_as_times_do(one: float, other: float) -> None:
    if abs(one - other) >= 0.001:
        assert (instant_at(one) < instant_at(other)) == (one < other)


@quick
@given(_times)
def test_an_instant_read_back_is_at_most_a_millisecond_off(at: float) -> None:
    assert abs(seconds_of(instant_at(at)) - at) <= 0.001


def test_every_zone_is_written_as_utc() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    assert instant(datetime(2024, 1, 1, 5, 30, tzinfo=there)) == "2024-01-01T00:00:00.000Z"
    assert instant(datetime(2024, 1, 1, tzinfo=UTC)) == "2024-01-01T00:00:00.000Z"

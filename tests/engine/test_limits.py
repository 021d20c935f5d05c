"""The token bucket: what it lets through, and what it says of the wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.limits import TokenBucket
from tests.engine.histories import quick

_pauses = st.lists(st.floats(0, 5), min_size=1, max_size=50)


@quick
@given(st.floats(0.1, 100), st.integers(1, 50), _pauses)
def test_no_stretch_of_time_lets_more_through_than_burst_and_rate_allow(
    rate: float, burst: int, pauses: list[float]
) -> None:
    bucket, now, taken = TokenBucket(rate, burst, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now) == 0.0
        assert taken <= burst + rate * now + 1e-6


@quick
@given(st.floats(0.1, 100), st.integers(1, 20), st.floats(0, 1e9))
def test_who_waits_as_long_as_it_is_told_gets_a_token(rate: float, burst: int, now: float) -> None:
    bucket = TokenBucket(rate, burst, now)
    for _ in range(burst):
        assert bucket.take(now) == 0.0
    wait_s = bucket.take(now)
    assert 0 < wait_s <= 1 / rate
    assert bucket.take(now + wait_s + 0.001) == 0.0


def test_a_refusal_takes_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=1, now=0)
    bucket.take(0)
    waits = [bucket.take(0.5) for _ in range(10)]
    assert waits == [pytest.approx(0.5)] * 10


def test_a_long_quiet_fills_no_more_than_the_burst() -> None:
    bucket = TokenBucket(rate=10, burst=3, now=0)
    assert [bucket.take(10_000) == 0.0 for _ in range(5)] == [True, True, True, False, False]


def test_a_clock_that_goes_back_takes_no_tokens_away() -> None:
    bucket = TokenBucket(rate=1, burst=2, now=100)
    assert bucket.take(40) == 0.0
    assert bucket.take(40) == 0.0
    assert bucket.take(40) > 0

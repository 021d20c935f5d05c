"""One agent's allowance over all of their connections, and over nodes."""

from __future__ import annotations

import pytest

from engine.allowances import KEPT, UNLIMITED, Allowances, Spender
from engine.errors import RateLimited

ANN = Spender("default", "ann", "commands")
BOB = Spender("default", "bob", "commands")


@pytest.fixture
def allowances() -> Allowances:
    return Allowances({**UNLIMITED, "commands": 10.0})


def taken(allowances: Allowances, spender: Spender, now: float, tries: int = 100) -> int:
    return sum(allowances.take(spender, now) == 0 for _ in range(tries))


def test_two_seconds_worth_at_once_then_the_rate(allowances: Allowances) -> None:
    assert taken(allowances, ANN, 0.0) == 20
    assert taken(allowances, ANN, 0.5) == 5


def test_one_agents_flood_is_not_anothers(allowances: Allowances) -> None:
    taken(allowances, ANN, 0.0)
    assert taken(allowances, BOB, 0.0) == 20
    assert taken(allowances, ANN._replace(tenant="other"), 0.0) == 20


def test_a_refusal_says_how_long_to_wait(allowances: Allowances) -> None:
    taken(allowances, ANN, 0.0)
    with pytest.raises(RateLimited) as refused:
        allowances.spend(ANN, 0.0)
    assert refused.value.retry_after_ms == 101
    allowances.spend(ANN, 0.102)


def test_a_batch_larger_than_the_bucket_waits_and_is_not_impossible(allowances: Allowances) -> None:
    assert allowances.take(ANN, 0.0, 50) == 0
    assert allowances.take(ANN, 0.0) == pytest.approx(3.1)


def test_a_node_refills_by_its_share_of_what_all_used(allowances: Allowances) -> None:
    taken(allowances, ANN, 0.0)
    allowances.share(ANN, own=5, of_all=20, now=0.0)
    assert taken(allowances, ANN, 2.0) == 5
    allowances.share(ANN, own=5, of_all=5, now=2.0)
    assert taken(allowances, ANN, 3.0) == 10


def test_a_node_that_used_little_may_still_begin(allowances: Allowances) -> None:
    taken(allowances, ANN, 0.0)
    allowances.share(ANN, own=0, of_all=1_000_000, now=0.0)
    assert taken(allowances, ANN, 4.0) == 2


def test_what_was_used_is_told_once_and_refusals_are_not(allowances: Allowances) -> None:
    taken(allowances, ANN, 0.0)
    allowances.take(BOB, 0.0, 3)
    assert allowances.take_used() == {ANN: 20, BOB: 3}
    assert allowances.take_used() == {}


def test_a_crowd_of_names_takes_bounded_memory(allowances: Allowances) -> None:
    for number in range(KEPT + 10):
        allowances.take(ANN._replace(who=str(number)), 0.0)
    assert len(allowances._buckets) == KEPT

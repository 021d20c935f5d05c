"""Trying again: how long, how often said, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from web.cli.failures import Away, Refused, Stopped
from web.cli.patience import LONGEST_PAUSE_S, Outage, insist


def failing(*outcomes: Exception | str) -> Callable[[], str]:
    left = list(outcomes)

    def attempt() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return attempt


class Waits:
    """Remembers the pauses; asks to stop after `most` of them."""

    def __init__(self, most: int = 1000) -> None:
        self.pauses: list[float] = []
        self._most = most

    def __call__(self, pause_s: float) -> bool:
        self.pauses.append(pause_s)
        return len(self.pauses) >= self._most


AWAY = Away("http://here", "connection refused")


def run(attempt: Callable[[], str], waits: Waits, said: list[str], chance: float = 1.0) -> Any:
    return insist(attempt, waits, Outage(said.append), chance=lambda: chance)


def test_a_server_that_is_away_is_tried_until_it_answers() -> None:
    waits = Waits()
    assert run(failing(*[AWAY] * 20, "there"), waits, []) == "there"
    assert len(waits.pauses) == 20


def test_the_pauses_grow_to_a_bound() -> None:
    waits = Waits()
    run(failing(*[AWAY] * 9, "there"), waits, [])
    assert waits.pauses == sorted(waits.pauses)
    assert waits.pauses[0] < 0.5
    assert waits.pauses[-1] == LONGEST_PAUSE_S


def test_the_pauses_differ_between_calls() -> None:
    early, late = Waits(), Waits()
    run(failing(AWAY, "there"), early, [], chance=0.0)
    run(failing(AWAY, "there"), late, [], chance=1.0)
    assert early.pauses[0] < late.pauses[0]


def test_an_outage_and_its_end_are_said_once_for_all_calls() -> None:
    said: list[str] = []
    outage = Outage(said.append)
    for _ in range(3):
        outage.begins("http://here does not answer.")
    outage.ends()
    outage.ends()
    assert said == [
        "http://here does not answer. Trying again until it does (Ctrl-C to stop).",
        "The server answers again.",
    ]


def test_a_second_outage_is_said_again() -> None:
    said: list[str] = []
    outage = Outage(said.append)
    for _ in range(2):
        outage.begins("Away.")
        outage.ends()
    assert len(said) == 4


def test_what_trying_again_cannot_change_is_raised_at_once() -> None:
    waits = Waits()
    with pytest.raises(Refused):
        run(failing(Refused("forbidden", "no")), waits, [])
    assert waits.pauses == []


def test_a_call_that_was_erased_is_not_waited_for() -> None:
    with pytest.raises(Refused):
        run(failing(Refused("unknown_call", "no", retryable=True)), Waits(), [])


def test_the_servers_own_pause_is_kept() -> None:
    waits = Waits()
    run(failing(Refused("busy", "later", retryable=True, retry_after_ms=2500), "in"), waits, [])
    assert waits.pauses == [2.5]


def test_a_busy_server_is_not_called_away() -> None:
    said: list[str] = []
    run(failing(Refused("busy", "later", retryable=True), "in"), Waits(), said)
    assert said == []


def test_being_stopped_ends_the_trying() -> None:
    with pytest.raises(Stopped):
        run(failing(*[AWAY] * 9), Waits(most=3), [])

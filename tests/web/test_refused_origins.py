"""Whoever runs the server reads which page's origin was refused, and nothing else of it."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable

import pytest

from engine.config_sources import load
from web.refused_origins import ILL, MORE, MOST, QUIET_S, RefusedOrigins

CRM = "https://crm.example"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def note(clock: Clock) -> Callable[[str], None]:
    return RefusedOrigins(clock, []).note


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(record.args[0]) for record in caplog.records if isinstance(record.args, tuple)]


def test_an_origin_is_told_once_a_minute(
    note: Callable[[str], None], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(50):
        note(CRM)
    note("https://crm.example:8443")
    assert told(caplog) == [CRM, "https://crm.example:8443"]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    clock.now += QUIET_S
    note(CRM)
    assert told(caplog)[2:] == [CRM]


@pytest.mark.parametrize("before", [[], ["https://desk.example", "https://it's.example"]])
def test_the_line_ends_with_the_setting_that_lets_the_page_in(
    before: list[str], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    RefusedOrigins(clock, before).note(CRM)
    said = caplog.messages[0]
    name, value = shlex.split(said[said.index("EARSHOT__") :])[0].split("=", 1)
    assert load(None, {name: value}).server.origins == [*before, CRM]


def test_origins_that_are_made_up_do_not_fill_the_log(
    note: Callable[[str], None], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(10 * MOST):
        note(f"https://site-{n}.example")
    assert len(told(caplog)) == MOST + 1
    assert told(caplog)[-1] == MORE
    clock.now += QUIET_S
    note(CRM)
    assert told(caplog)[-1] == CRM


@pytest.mark.parametrize(
    "sent",
    [
        "https://me:secret@crm.example",
        "https://crm.example/path?token=secret",
        "https://crm.example\nINFO server.forged",
        "x" * 10_000,
        "https://" + "x" * 10_000,
        "",
    ],
)
def test_what_is_no_origin_is_not_written(
    sent: str, note: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    note(sent)
    assert told(caplog) == [ILL]


def test_a_page_without_an_origin_of_its_own_is_told_as_browsers_do(
    note: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    note("null")
    assert told(caplog) == ["null"]
    assert caplog.messages[0].endswith("; server.origins names those that may")

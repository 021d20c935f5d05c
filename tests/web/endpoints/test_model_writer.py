"""The bounds around a model that writes: whether there is one, and when it is left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from engine.assist.view import CallLine
from engine.config import Chat
from tests.web.endpoints import endpoint_place as place
from web.model_writer import ModelWriter, configured

LINES = (CallLine("customer", "my router is broken", "s1", 1),)


class NoCeiling:
    def may_spend(self, tenant: str) -> bool:
        return True

    def note(self, tenant: str, tokens: int) -> None: ...


@pytest.fixture
def service() -> Iterator[place.EndpointPlace]:
    made = place.EndpointPlace(place.chat("A broken router"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        (Chat(), False),
        (Chat(base_url="http://x/v1", model="m"), True),
        (Chat(base_url="http://x/v1"), False),
        (Chat(model="m"), False),
    ],
)
def test_half_a_configuration_is_said_in_the_log(
    caplog: pytest.LogCaptureFixture, settings: Chat, there: bool
) -> None:
    assert configured(settings) is there
    half = bool(settings.base_url) != bool(settings.model)
    assert [record.getMessage().startswith("model.none chat.") for record in caplog.records] == (
        [True] if half else []
    )


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_says_when_to_come_again_is_left_alone_until_then(
    service: place.EndpointPlace, status: int
) -> None:
    now, counts = [100.0], Counter[str]()
    settings = Chat(base_url=service.url, model="m", timeout_s=10)
    ledger: Any = NoCeiling()
    writer = ModelWriter(settings, ledger, counts, lambda: now[0])
    well, service.behave = service.behave, place.saying({}, status, **{"Retry-After": "30"})
    assert writer.line("default", LINES) == ""
    service.behave = well
    now[0] += 29
    assert writer.line("default", LINES) == ""
    assert counts["model_requests:resting"] == 1
    now[0] += 2
    assert writer.line("default", LINES) == "A broken router"

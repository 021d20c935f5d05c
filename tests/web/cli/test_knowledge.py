"""How far a knowledge base is, in words for people."""

from __future__ import annotations

from typing import Any

import pytest

from web.cli.client import Api
from web.cli.knowledge import await_vectors, lines

SERVED = {
    "ranking": "ok", "documents": 9, "passages": 12, "waiting": 0,
    "model": "some-model", "why": "", "current": True,
}  # fmt: skip
AWAY = "The embedding endpoint: fault, answered 503"


def awaited(server: Any, *states: dict[str, Any]) -> tuple[list[str], int]:
    """What was said, and how often the server was asked until it was enough."""
    said: list[str] = []
    server.answer = lambda asked: (200, states[min(len(server.asked), len(states)) - 1])
    with Api(server.url) as api:
        await_vectors(api, lambda done, of: None, said.append, sleep=lambda pause_s: None)
    return said, len(server.asked)


@pytest.mark.parametrize(
    "before",
    [
        {"ranking": "down"},
        {"current": False},
        {"waiting": 4},
        {"model": "", "why": "the model is being loaded"},
    ],
)
def test_vectors_are_waited_for_until_the_newest_change_has_its_own(
    server: Any, before: dict[str, Any]
) -> None:
    assert awaited(server, SERVED | before, SERVED) == ([], 2)


def test_where_there_is_no_model_nobody_waits(server: Any) -> None:
    assert awaited(server, SERVED | {"model": "", "why": "embedding.use is none"}) == ([], 1)


def test_an_endpoint_that_died_is_told_once(server: Any) -> None:
    dead = SERVED | {"waiting": 4, "why": AWAY}
    said, asked = awaited(server, dead, dead, dead, SERVED)
    assert asked == 4
    assert len(said) == 1
    assert said[0].startswith(f"{AWAY}. Waiting for it")


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({}, "9 documents in 12 passages. All have vectors of some-model."),
        ({"waiting": 1}, "1 document without vectors: found by words so far."),
        ({"waiting": 1, "why": AWAY}, AWAY),
        ({"model": "", "why": "embedding.use is none"}, "words alone: embedding.use is none."),
        ({"documents": 0, "why": "whatever"}, "There are no documents, so nothing is suggested."),
        ({"ranking": "down"}, "Ranking is being started."),
    ],
)
def test_what_is_served_is_told_in_words(state: dict[str, Any], told: str) -> None:
    assert told in " ".join(lines(SERVED | state))

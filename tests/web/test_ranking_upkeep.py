"""What the threads of the ranking process outlive."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Unavailable
from web.ranking import upkeep
from web.ranking.frames import Serving
from web.ranking.upkeep import Upkeep


class FaultyBrain:
    """Its way to a model has a fault the first time, and no model the second."""

    model = why = ""
    words_for_good = words_only = False

    def __init__(self) -> None:
        self.tries = 0

    def equip(self) -> bool:
        self.tries += 1
        if self.tries == 1:
            raise RecursionError
        return self.tries == 3


def test_a_fault_on_the_way_to_a_model_is_said_and_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "EMBED_AGAIN_S", (0.0,))
    told: list[Serving] = []
    brain: Any = FaultyBrain()

    Upkeep(brain, told.append)._equip()

    assert brain.tries == 3
    assert told[0].why == "A fault of ours; it is in the log"


class Looked(BaseException):
    """Somebody's documents were looked for: seen, and enough."""


class LateBrain:
    """Its store does not answer the first time."""

    why, words_for_good, words_only = "", False, False

    def __init__(self) -> None:
        self.documents = self.keeper = self
        self.asked = self.said = 0

    @property
    def model(self) -> str:
        self.said += 1
        assert self.said < 100, "nobody is looked for"
        return ""

    def tenants(self) -> list[str]:
        self.asked += 1
        if self.asked == 1:
            raise Unavailable("The store does not answer")
        return ["default"]

    def count(self, tenant: str) -> int:
        return 0

    def look(self, tenant: str) -> bool:
        raise Looked(tenant)


def test_whose_documents_there_are_is_asked_until_the_store_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "LOOK_S", 0.0)
    brain: Any = LateBrain()

    with pytest.raises(Looked, match="default"):
        Upkeep(brain, lambda serving: None).keep()

    assert brain.asked == 2

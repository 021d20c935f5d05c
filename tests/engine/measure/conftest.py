"""The demo's knowledge base with the shipped model's vectors, made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.assist.suggest import AssistSettings, CallSuggester
from engine.knowledge.minilm import Shipped
from engine.measure.corpus import shelf_of

DEMO = Path(__file__).parents[3] / "demo"


class Demo:
    def __init__(self) -> None:
        model = Shipped.installed()
        assert model is not None, "requirements.lock installs the model"
        self._model = model
        self._shelf: Any = shelf_of(DEMO, model.documents, lambda _what, _done, _of: None)

    def suggester(self, settings: AssistSettings) -> CallSuggester:
        return CallSuggester(self._shelf, settings, self._model.questions)


@pytest.fixture(scope="session")
def demo() -> Demo:
    return Demo()

"""The example in docs/testing-actors.md is run as it stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from actors.testing import SimulatedDispatcher

PAGE = Path(__file__).parents[2] / "docs" / "testing-actors.md"
NAME = "docs_testing_actors_example"


def example() -> dict[str, Any]:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 1
    module = ModuleType(NAME)
    sys.modules[NAME] = module  # dataclasses look their module up
    try:
        exec(compile(blocks[0], str(PAGE), "exec"), vars(module))
    finally:
        del sys.modules[NAME]
    return vars(module)


TESTS = [name for name in example() if name.startswith("test_")]


@pytest.mark.parametrize("name", TESTS)
def test_the_example_of_the_page_passes(name: str) -> None:
    example()[name]()


def test_the_example_has_its_three_parts() -> None:
    assert len(TESTS) == 3


def test_what_the_page_lists_exists() -> None:
    world = SimulatedDispatcher()
    for name in re.findall(r"`world\.(\w+)", PAGE.read_text(encoding="utf-8")):
        assert hasattr(world, name), name

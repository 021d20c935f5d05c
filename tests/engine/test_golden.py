"""The calls that TypeScript's reducer is measured with are what this engine would write."""

from __future__ import annotations

from tests.engine import golden


def test_the_golden_calls_are_current() -> None:
    written = golden.FILE.read_text(encoding="utf-8")
    assert written == golden.text(), "stale: run `python -m tests.engine.golden`"

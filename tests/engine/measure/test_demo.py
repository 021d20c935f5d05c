"""The shipped suggestions on the demo corpus: worse by more than three points fails.

The bounds are what was measured on 28 November 2026, three points to the worse; who improves
suggestions tightens them, who has a reason to loosen one says so in docs/quality.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.measure.evaluate import evaluate

DEMO = Path(__file__).parents[3] / "demo"
AT_LEAST = {
    "recall_at_1": 0.54,
    "recall_at_5": 0.84,
    "silence_auc": 0.895,
    "shown_when_due": 0.86,
    "on_screen": 0.72,
    "summary_title_recall": 0.52,
}
AT_MOST = {"shown_when_silent": 0.19}


def test_the_demo_corpus_is_served_as_well_as_it_was(demo: Any) -> None:
    figures = evaluate(DEMO, make=lambda _library, settings: demo.suggester(settings))

    found = {name: getattr(figures, name) for name in AT_LEAST | AT_MOST}
    worse = {name: found[name] for name, least in AT_LEAST.items() if found[name] < least}
    worse |= {name: found[name] for name, most in AT_MOST.items() if found[name] > most}
    assert worse == {}

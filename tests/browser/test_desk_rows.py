"""A transcript of 5,000 lines stays small and quick, and still under the reader's eyes: counted,
and measured beside an unvirtualised list of the same lines in the same page and run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.script import seen_by

SCRIPT = Path(__file__).parent / "desk" / "rows.mjs"
MOST_ROWS = 150
SHARE = 5  # of the other list's time


@pytest.fixture(scope="module")
def seen(node: str, chromium: str) -> Any:
    return seen_by(SCRIPT, str(SHARE), node=node, chromium=chromium, timeout_s=480)


def test_five_thousand_lines_are_few_rows(seen: Any) -> None:
    assert seen["plain"]["rows"] > 5_000, "the other list shows them all"
    assert seen["ours"]["last"] == seen["said"], "the interim text is on the screen"
    assert 0 < seen["ours"]["rows"] <= MOST_ROWS


def test_no_update_is_slower_than_a_fifth_of_the_plain_lists(seen: Any) -> None:
    """The slowest beside the slowest. Beside its ordinary one ours is 5 to 10 times quicker too,
    but for one run in ten on a machine with ten times too much to do (4.7)."""
    slowest = seen["ours"]["max_ms"]
    assert slowest <= seen["plain"]["max_ms"] / SHARE, seen
    assert slowest <= seen["plain"]["p50_ms"] / (SHARE - 1), seen


def test_the_line_that_is_read_stays_where_it_stands(seen: Any) -> None:
    """While one scrolls over lines that were never measured, words come at the end, older lines
    come in above and the box becomes narrower. Pixels; the screen has whole ones."""
    reading = seen["reading"]
    moved = {deed: px for deed, px in reading["drifts"].items() if px is None or px >= 1}
    assert moved == {}
    assert reading["isCovered"], "after a jump the box is full of lines"
    assert max(reading["begins"], reading["ends"]) < 1, "the end is the end"

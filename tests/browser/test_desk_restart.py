"""Fifty clients and a desk lose their server in mid-call. tests/long has the long outage."""

from __future__ import annotations

from pathlib import Path

from tests.browser.restart import judge, seen_through_a_restart

# A short outage leaves some in narrow windows: there chance alone puts a fifth into one bucket
# in one run of 300, a quarter in none of 100,000.
MOST_OF_A_BUCKET = 0.24


def test_all_come_back_spread_out_with_every_line_once(
    tmp_path: Path, node: str, chromium: str
) -> None:
    judge(seen_through_a_restart(tmp_path, node, chromium), MOST_OF_A_BUCKET)

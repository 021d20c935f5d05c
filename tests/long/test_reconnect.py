"""Fifty clients and a desk are without their server for twenty seconds of a call."""

from __future__ import annotations

from pathlib import Path

from tests.browser.conftest import needed
from tests.browser.restart import judge, seen_through_a_restart

AWAY_S = 20.0


def test_all_come_back_spread_out_with_every_line_once(tmp_path: Path) -> None:
    judge(seen_through_a_restart(tmp_path, needed("node"), needed("chromium"), AWAY_S))

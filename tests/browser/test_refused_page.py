"""A page of an origin that the server does not take, in a real browser: its client stops and says
why, instead of trying for ever."""

from __future__ import annotations

from pathlib import Path

from tests.browser.script import seen_by
from tests.live.server import SECRET, running


def test_the_client_of_a_page_that_is_not_taken_says_so_and_stops(
    node: str, chromium: str, tmp_path: Path
) -> None:
    with running(tmp_path) as server:
        seen = seen_by(
            Path(__file__).with_name("refused.mjs"),
            server.url,
            node=node,
            chromium=chromium,
            timeout_s=90,
            environment={"JWT_SECRET": SECRET},
        )
        assert f"origin.refused origin={seen['origin']}: " in server.log
    assert seen["first"]["status"] == "closed"
    assert seen["first"]["reason"] == "forbidden"
    assert "server.origins" in seen["first"]["message"]
    # Told once a frame: a try that was refused within one is told by its end alone.
    told = [status for status in seen["statuses"] if status != "connecting"]
    assert (told, seen["statuses"][-1]) == (["closed", "closed"], "closed")
    assert seen["asked"] == 1

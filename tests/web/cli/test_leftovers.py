"""Calls that an earlier replay left live, against a real HTTP server."""

from __future__ import annotations

from typing import Any

from web.cli.client import Api
from web.cli.leftovers import end_replayed


def test_the_calls_of_a_replay_are_ended_on_every_page_and_no_others(
    server: Any, refuse: Any
) -> None:
    first = [
        {"call_id": "a", "metadata": {"replay": "demo"}},
        {"call_id": "gone", "metadata": {"replay": "demo"}},
        {"call_id": "real", "metadata": {"source": "telephone"}},
    ]

    def answer(asked: Any) -> tuple[int, Any]:
        if asked.path.endswith("/gone"):
            return refuse("call_ended", 409)
        if asked.method == "PATCH":
            return 200, {}
        if "page=more" in asked.query:
            return 200, {"calls": [{"call_id": "b", "metadata": {"replay": ""}}, {"call_id": "c"}]}
        return 200, {"calls": first, "next": "more"}

    server.answer = answer
    with Api(server.url) as api:
        assert end_replayed(api) == 2
    ended = [asked.path for asked in server.asked if asked.method == "PATCH"]
    assert ended == ["/v1/calls/a", "/v1/calls/gone", "/v1/calls/b"]

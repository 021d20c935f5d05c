"""One request: what is sent, and the two ways it can fail."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from web.cli.bearer import Bearer
from web.cli.client import Api, await_ready, segment
from web.cli.failures import Away, Refused


def bearer(*tokens: str) -> Bearer:
    left = list(tokens)
    return Bearer(None, lambda: left.pop(0))


def test_an_answer_is_decoded_and_the_token_is_sent(server: Any) -> None:
    server.answer = lambda asked: (200, {"calls": []})
    with Api(server.url + "/", bearer("first")) as api:
        assert api.get("/v1/calls", status="active", page=None) == {"calls": []}
    assert server.asked[0].path == "/v1/calls"
    assert server.asked[0].query == "status=active"
    assert server.asked[0].token == "first"


def test_a_refusal_carries_code_field_and_patience(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse(
        "busy", 429, field="segments[0]", retryable=True, retry_after_ms=300
    )
    with Api(server.url) as api, pytest.raises(Refused) as refused:
        api.post("/v1/calls", {})
    assert refused.value.code == "busy"
    assert refused.value.retryable
    assert refused.value.retry_after_ms == 300
    assert refused.value.format_message() == "It is busy (busy, field `segments[0]`)"


def test_a_token_that_ended_is_made_anew_once(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: (
        refuse("expired", 401) if asked.token == "old" else (200, {"token": asked.token})
    )
    with Api(server.url, bearer("old", "new")) as api:
        assert api.get("/v1/calls") == {"token": "new"}


def test_a_token_refused_twice_is_a_refusal(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("unauthenticated", 401)
    with Api(server.url, bearer("one", "two", "three")) as api, pytest.raises(Refused):
        api.get("/v1/calls")
    assert len(server.asked) == 2


def test_a_given_token_is_not_replaced(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("expired", 401)
    with Api(server.url, Bearer("mine", None)) as api, pytest.raises(Refused):
        api.get("/v1/calls")
    assert [asked.token for asked in server.asked] == ["mine"]


def test_a_netrc_does_not_replace_the_token(
    server: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine localhost login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Api(server.url, Bearer("mine", None)) as api:
        api._session.trust_env = True
        api._url = f"http://localhost:{server.port}"
        api.get("/v1/calls")
    assert server.asked[0].token == "mine"


def test_this_machine_is_not_reached_through_a_proxy(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Api(server.url) as api:
        assert api.get("/healthz") == {}


def test_a_server_that_is_not_there_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Api(url) as api, pytest.raises(Away) as away:
            api.get("/v1/calls")
    assert away.value.format_message() == f"{url} does not answer: connection refused."


def test_a_server_that_hangs_up_is_away(server: Any) -> None:
    server.answer = lambda asked: (0, None)
    with Api(server.url) as api, pytest.raises(Away, match="the connection broke"):
        api.get("/v1/calls")


def test_a_proxy_without_its_server_is_away(server: Any) -> None:
    server.answer = lambda asked: (502, b"<h1>Bad Gateway</h1>")
    with Api(server.url) as api, pytest.raises(Away, match="answered 502"):
        api.get("/v1/calls")


def test_something_else_than_an_earshot_is_told(server: Any) -> None:
    server.answer = lambda asked: (404, b"<h1>nginx</h1>")
    with Api(server.url) as api, pytest.raises(Refused, match="is it an Earshot"):
        api.get("/v1/calls")


def test_an_address_of_another_kind_is_told() -> None:
    with Api("ftp://127.0.0.1:1") as api, pytest.raises(Away, match="not an http"):
        api.get("/v1/calls")


def test_an_id_stays_one_segment_of_the_path() -> None:
    assert segment("a/b?c|d") == "a%2Fb%3Fc%7Cd"


def test_waiting_ends_when_the_server_is_ready(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: (
        (200, {}) if len(server.asked) > 2 else refuse("unavailable", 503, retryable=True)
    )
    assert await_ready(server.url, within_s=10, alive=lambda: True)
    assert [asked.path for asked in server.asked] == ["/readyz"] * 3


def test_waiting_ends_when_the_process_has_ended(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("unavailable", 503)
    assert not await_ready(server.url, within_s=10, alive=lambda: len(server.asked) < 2)

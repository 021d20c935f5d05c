"""What a browser is told about our answers, and which other origins may read them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response

from engine.config import Server
from web import headers

OURS, THEIRS = "https://desk.example", "https://evil.example"

REFUSED: list[str] = []


def client_of(**server: Any) -> Any:
    app = Flask("headers")
    headers.install(app, Server(**server), REFUSED.append)

    @app.get("/")
    def page() -> Response:
        return Response("<!doctype html>", mimetype="text/html")

    @app.get("/v1/calls")
    def calls() -> dict[str, list[str]]:
        return {"calls": []}

    return app.test_client()


def policy_of(response: Any) -> dict[str, str]:
    found = (rule.strip().partition(" ") for rule in response.headers[CSP].split(";"))
    return {name: values for name, _, values in found}


CSP = "Content-Security-Policy"


def test_a_page_loads_its_own_files_and_nothing_inline_or_from_elsewhere() -> None:
    policy = policy_of(client_of().get("/"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not any("unsafe" in values or "*" in values for values in policy.values())


def test_only_named_pages_may_frame_the_desk() -> None:
    assert policy_of(client_of().get("/"))["frame-ancestors"] == "'self'"
    docked = client_of(embedders=["https://crm.example"]).get("/")
    assert policy_of(docked)["frame-ancestors"] == "'self' https://crm.example"


def test_an_answer_that_is_no_page_can_do_nothing_as_one() -> None:
    response = client_of().get("/v1/calls")
    assert policy_of(response)["default-src"] == "'none'"
    assert "sandbox" in policy_of(response)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_https_is_kept_to_only_where_it_is_spoken() -> None:
    client = client_of()
    assert "Strict-Transport-Security" not in client.get("/").headers
    behind = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert behind.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("path", ["/v1/calls", "/v1/no-such-address"])
def test_a_listed_origin_may_read_the_api_and_no_other(path: str) -> None:
    client = client_of(origins=[OURS])
    allowed = client.get(path, headers={"Origin": OURS})
    assert allowed.headers["Access-Control-Allow-Origin"] == OURS
    assert "Origin" in allowed.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    refused = client.get(path, headers={"Origin": THEIRS})
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_the_pages_are_shared_with_nobody() -> None:
    page = client_of(origins=[OURS]).get("/", headers={"Origin": OURS})
    assert "Access-Control-Allow-Origin" not in page.headers


def test_a_preflight_is_answered_for_listed_origins() -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    REFUSED.clear()
    client = client_of(origins=[OURS])
    yes = client.options("/v1/calls", headers={**asked, "Origin": OURS})
    assert yes.status_code == 204
    assert "Authorization" in yes.headers["Access-Control-Allow-Headers"]
    no = client.options("/v1/calls", headers={**asked, "Origin": THEIRS})
    assert no.status_code == 403
    assert REFUSED == [THEIRS]
    assert "Access-Control-Allow-Origin" not in no.headers


def test_a_star_allows_every_origin_by_its_name() -> None:
    response = client_of(origins=["*"]).get("/v1/calls", headers={"Origin": THEIRS})
    assert response.headers["Access-Control-Allow-Origin"] == THEIRS


def test_sockets_take_listed_origins_beside_our_own() -> None:
    allows = headers.socket_origins([OURS])
    us = {"HTTP_HOST": "calls.example:5000"}
    assert allows(OURS, us)
    assert allows("http://calls.example:5000", us)
    assert allows("https://public.example", us | {"HTTP_X_FORWARDED_HOST": "public.example"})
    assert not allows(THEIRS, us)
    assert not allows("http://calls.example", us)
    assert not allows(None, us)
    assert headers.socket_origins([]) is None
    assert headers.socket_origins(["*"]) == "*"

"""People sign in at a small real provider and out again: the whole way."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis

from tests.web.identity.sign_in_place import URL, cookie, refusal


@pytest.mark.parametrize("path", ["/", "/supervisor"])
def test_a_person_is_sent_to_the_provider_comes_back_and_sees_the_page(
    place: Any, path: str
) -> None:
    here = place()
    browser = here.browser()
    first = here.go(browser, path)
    assert (first.status_code, urlsplit(first.location).path) == (303, "/sign-in")
    begun = here.go(browser, first.location)
    back = here.go(browser, here.at_provider(browser, begun))
    assert back.location == path
    assert here.go(browser, path).status_code == 200
    assert here.noted == [("ann", "sign_in.accepted")]


def test_the_page_gets_a_short_token_that_the_server_takes(place: Any) -> None:
    here = place()
    answer = here.post(here.sign_in(), "/sign-in/token")
    body = answer.get_json()
    assert (body["agent_id"], body["role"], body["tenant"]) == ("ann", "agent", "acme")
    assert answer.headers["Cache-Control"] == "no-store"
    who = here.desk.verify(body["token"], here.wall())
    assert who[:3] == ("ann", "agent", "acme")
    assert 290 < who.expires_at - here.wall() <= 300
    # The desk reads `sub` without checking: the middle part stays where it is in a JWT.
    assert len(body["token"].split(".")) == 3


def test_cookies_are_out_of_scripts_reach_and_only_over_https_where_it_is(place: Any) -> None:
    for url, prefix in ((URL, ""), ("https://desk.example", "__Host-")):
        here = place(url=url)
        begun = here.go(here.browser(), "/sign-in")
        [head] = begun.headers.getlist("Set-Cookie")
        assert head.startswith(f"{prefix}earshot-sign-in=")
        for word in ("HttpOnly", "SameSite=Lax", "Path=/"):
            assert word in head
        assert ("Secure" in head) is bool(prefix)
        assert "Domain" not in head


def test_nothing_secret_stands_in_an_address_or_in_the_store(
    place: Any, store_client: redis.Redis
) -> None:
    here = place()
    browser = here.browser()
    begun = here.go(browser, "/sign-in")
    asked = parse_qs(urlsplit(begun.location).query)
    assert "code_verifier" not in asked
    here.go(browser, here.at_provider(browser, begun))
    name = cookie(browser).value
    assert name.encode() not in b"".join(store_client.scan_iter("earshot:session:*"))


def test_signing_out_ends_the_session_here_and_says_where_to_end_it_there(place: Any) -> None:
    here = place()
    browser = here.sign_in()
    kept = cookie(browser).value
    at = here.post(browser, "/sign-out").get_json()["at"]
    assert at.startswith(here.issuer.url + "/end?")
    assert cookie(browser) is None
    browser.set_cookie("earshot", kept, domain="127.0.0.1")  # whoever has kept it
    assert refusal(here.post(browser, "/sign-in/token"), 401) == "unauthenticated"
    assert here.noted[-1] == ("ann", "sign_out")

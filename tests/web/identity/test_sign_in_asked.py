"""Who asks: another site, another browser, or somebody with an old code, gets nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.identity.sign_in_place import OWN, cookie, refusal


@pytest.mark.parametrize(
    "change",
    [
        {"X-Earshot-Page": None},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/sign-in/token", "/sign-out"])
def test_another_site_gets_no_token_and_signs_nobody_out(
    place: Any, change: dict[str, Any], path: str
) -> None:
    here = place()
    browser = here.sign_in()
    head = {name: value for name, value in (OWN | change).items() if value is not None}
    answer = here.post(browser, path, head)
    assert refusal(answer, 403) == "forbidden"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert here.post(browser, "/sign-in/token").status_code == 200


def test_a_token_is_not_given_to_a_get(place: Any) -> None:
    here = place()
    assert here.go(here.sign_in(), "/sign-in/token").status_code == 405


@pytest.mark.parametrize("following", ["https://evil.example", "//evil.example", "/v1/calls", ""])
def test_the_way_back_leads_to_our_own_pages_only(place: Any, following: str) -> None:
    here = place()
    browser = here.browser()
    begun = here.go(browser, "/sign-in", query_string={"next": following})
    assert here.go(browser, here.at_provider(browser, begun)).location == "/"


def test_an_answer_meant_for_another_browser_signs_nobody_in(place: Any) -> None:
    """Else somebody could be signed in as the attacker, and write into their calls."""
    here = place()
    attackers = here.at_provider(here.browser())
    victim = here.browser()
    assert here.go(victim, attackers).status_code == 400
    here.go(victim, "/sign-in")
    assert here.go(victim, attackers).status_code == 400
    assert cookie(victim) is None


def test_a_code_counts_once(place: Any) -> None:
    here = place()
    browser = here.browser()
    begun = here.go(browser, "/sign-in")
    kept = cookie(browser, "earshot-sign-in").value
    back = here.at_provider(browser, begun)
    here.go(browser, back)
    browser.set_cookie("earshot-sign-in", kept, domain="127.0.0.1")
    assert here.go(browser, back).status_code == 403


def test_a_cookie_that_we_did_not_seal_opens_nothing(place: Any) -> None:
    here = place()
    browser = here.browser()
    for value in ("", "x", "e30.e30.x"):
        browser.set_cookie("earshot-sign-in", value, domain="127.0.0.1")
        assert here.go(browser, "/sign-in/callback?code=a&state=b").status_code == 400
    for value in ("", "x" * 3000, "é", "../../x"):
        browser.set_cookie("earshot", value, domain="127.0.0.1")
        assert here.post(browser, "/sign-in/token").status_code == 401

"""What the provider says: ID tokens that are not ours, refusals, and a provider that fails."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.web.identity.issuer import SECRET
from tests.web.identity.sign_in_place import cookie
from web.sign_in import provider


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 9_999_999_999},
        {"nonce": "another"},
        {"nonce": None},
        {"azp": "another-client"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_ours_signs_nobody_in(place: Any, claims: dict[str, Any]) -> None:
    here = place()
    here.issuer.claims = claims
    browser = here.browser()
    back = here.go(browser, here.at_provider(browser))
    assert back.status_code == 403
    assert cookie(browser) is None
    assert here.refused


def test_an_id_token_of_another_key_or_algorithm_signs_nobody_in(place: Any) -> None:
    here = place()
    stranger = rsa.generate_private_key(65537, 2048)
    for signing in ((stranger, "RS256"), (here.issuer.key, "RS512"), (SECRET * 3, "HS256")):
        here.issuer.signing = signing
        browser = here.browser()
        assert here.go(browser, here.at_provider(browser)).status_code == 403


@pytest.mark.parametrize(
    ("person", "says"),
    [
        ({"sub": "ann"}, "`role` is missing or unknown"),
        ({"sub": "ann", "role": "boss"}, "`role` is missing or unknown"),
        ({"sub": "a b", "role": "agent"}, "`sub` is not an id"),
    ],
)
def test_who_has_no_role_is_told_what_to_ask_for(
    place: Any, person: dict[str, Any], says: str
) -> None:
    here = place()
    here.issuer.person = person
    browser = here.browser()
    page = here.go(browser, here.at_provider(browser))
    assert page.status_code == 403
    assert says in page.text
    assert "Ask your administrator" in page.text


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>"])
def test_a_refusal_of_the_provider_is_a_page_and_not_a_stack_trace(place: Any, error: str) -> None:
    here = place()
    here.issuer.denies = error
    browser = here.browser()
    page = here.go(browser, here.at_provider(browser))
    assert page.status_code == 403
    assert "<script>" not in page.text
    assert "Sign in again" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("mood", "status"), [("down", 503), ("ill", 503), ("no_id_token", 403)])
def test_a_provider_that_fails_is_told_to_the_person(place: Any, mood: str, status: int) -> None:
    here = place()
    browser = here.browser()
    back = here.at_provider(browser)
    here.issuer.mood = mood
    assert here.go(browser, back).status_code == status


def test_a_provider_that_hangs_is_given_up(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = place()
    browser = here.browser()
    back = here.at_provider(browser)
    here.issuer.mood = "hang"
    monkeypatch.setattr(provider, "TIMEOUT_S", 0.2)
    with gevent.Timeout(10):
        assert here.go(browser, back).status_code == 503


def test_a_description_of_another_issuer_is_not_believed(place: Any) -> None:
    here = place()
    here.issuer.url += "/tenant-2"
    assert here.go(here.browser(), "/sign-in").status_code == 503

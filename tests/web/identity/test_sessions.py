"""A session lives as long as the provider lets its person stay, and no token outlives it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.identity.sign_in_place import refusal


def test_the_provider_is_asked_again_and_a_new_role_counts(place: Any) -> None:
    here = place(confirm_s=900)
    browser = here.sign_in()
    here.post(browser, "/sign-in/token")
    assert here.issuer.asked == ["authorization_code"]
    here.issuer.person = {"sub": "ann", "role": "supervisor", "tenant": "acme"}
    here.ahead_s = 901
    assert here.post(browser, "/sign-in/token").get_json()["role"] == "supervisor"
    here.post(browser, "/sign-in/token")
    assert here.issuer.asked == ["authorization_code", "refresh_token"]


def test_who_may_no_longer_stay_is_signed_out(place: Any) -> None:
    here = place(confirm_s=900)
    browser = here.sign_in()
    here.issuer.mood, here.ahead_s = "revoked", 901
    assert refusal(here.post(browser, "/sign-in/token"), 401) == "unauthenticated"
    here.issuer.mood = "well"
    assert refusal(here.post(browser, "/sign-in/token"), 401) == "unauthenticated"


def test_a_session_does_not_become_another_persons(place: Any) -> None:
    here = place(confirm_s=900)
    browser = here.sign_in()
    here.issuer.person = {"sub": "ben", "role": "admin", "tenant": "acme"}
    here.ahead_s = 901
    assert refusal(here.post(browser, "/sign-in/token"), 401) == "unauthenticated"


@pytest.mark.parametrize("mood", ["down", "ill"])
def test_a_provider_that_is_away_ends_no_session(place: Any, mood: str) -> None:
    here = place(confirm_s=900)
    browser = here.sign_in()
    here.issuer.mood, here.ahead_s = mood, 901
    assert here.post(browser, "/sign-in/token").status_code == 200


def test_a_session_ends_and_its_last_token_with_it(place: Any) -> None:
    here = place(session_s=600)
    here.issuer.gives_refresh = False
    browser = here.sign_in()
    here.ahead_s = 500
    token = here.post(browser, "/sign-in/token").get_json()["token"]
    assert here.pages.verify(token, here.wall()).expires_at - here.wall() < 101
    here.ahead_s = 601
    assert refusal(here.post(browser, "/sign-in/token"), 401) == "unauthenticated"


def test_a_revocation_ends_the_sessions_of_before(place: Any) -> None:
    here = place()
    browser = here.sign_in()
    here.revoked_at = here.wall() + 0.001
    assert refusal(here.post(browser, "/sign-in/token"), 401) == "revoked"
    here.revoked_at = 0.0
    assert refusal(here.post(browser, "/sign-in/token"), 401) == "unauthenticated"

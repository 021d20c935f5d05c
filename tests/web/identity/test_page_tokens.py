"""How a page comes to its token, and that a page's token and a provider's stay apart."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from flask import Flask

from engine.config import Development, Settings
from engine.errors import Unauthenticated
from engine.identity import Tokens
from engine.page_tokens import PREFIX
from tests.web.identity.sign_in_place import JWT_SECRET
from web.sign_in.install import install
from web.token_desk import TokenDesk


def test_neither_kind_of_token_passes_for_the_other(place: Any) -> None:
    here = place()
    desk, now = here.desk, here.wall()
    page, _ = here.pages.issue("ann", "admin", "acme", now, 60)
    ours, _ = desk.issue("ann", "admin", "acme", now)
    claims = jwt.decode(ours, options={"verify_signature": False}) | {"aud": "earshot-page"}
    forged = jwt.encode(claims, JWT_SECRET, "HS256")
    assert desk.verify(page, now).agent_id == desk.verify(ours, now).agent_id == "ann"
    for token in (PREFIX + ours, page.removeprefix(PREFIX), PREFIX + forged, PREFIX, PREFIX + "é"):
        with pytest.raises(Unauthenticated):
            desk.verify(token, now)


def test_without_sign_in_a_page_token_is_none(place: Any) -> None:
    here = place()
    page, _ = here.pages.issue("ann", "admin", "acme", here.wall(), 60)
    plain = TokenDesk(Tokens(here.settings), here.wall)
    with pytest.raises(Unauthenticated):
        plain.verify(page, here.wall())


def test_the_way_to_a_token_says_what_is_configured(place: Any) -> None:
    here = place()
    answer = here.go(here.browser(), "/sign-in/way").get_json()
    assert answer == {"way": "sign_in", "embedders": ["https://crm.example"]}


@pytest.mark.parametrize(("development", "way"), [(True, "development"), (False, "none")])
def test_without_a_provider_the_desk_can_say_what_to_configure(development: bool, way: str) -> None:
    settings = Settings(development=Development(tokens=development), jwt_secret=JWT_SECRET)
    app = Flask("earshot")
    install(app, SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    answer = app.test_client().get("/sign-in/way").get_json()
    assert answer["way"] == way
    assert ("sign_in.issuer" in answer.get("message", "")) is not development
    assert app.test_client().get("/sign-in").status_code == 404


def test_an_embedded_page_is_shown_without_a_session(place: Any) -> None:
    here = place()
    shown = here.go(here.browser(), "/", headers={"Sec-Fetch-Dest": "iframe"})
    assert shown.status_code == 200
    assert "https://crm.example" in shown.headers["Content-Security-Policy"]

"""A server's pages before one provider, and a browser that signs in there."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import redis
import requests
from flask import Flask
from flask.testing import FlaskClient

from engine.config import Server, Settings, SignIn
from engine.identity import Tokens
from engine.page_tokens import PageTokens
from tests.web.identity.issuer import BACK, CLIENT, SECRET, Issuer
from web import headers
from web.sign_in.install import install
from web.token_desk import TokenDesk

JWT_SECRET = "a secret that is long enough to seal with it"
URL = BACK.removesuffix("/sign-in/callback")
OWN = {"X-Earshot-Page": "1", "Origin": URL, "Sec-Fetch-Site": "same-origin"}


class Place:
    """A server's pages before one provider. `time` may be moved."""

    def __init__(self, found: Issuer, client: redis.Redis, **fields: Any) -> None:
        self.issuer = found
        self.ahead_s = 0.0
        self.noted: list[Any] = []
        self.refused: list[str] = []
        self.revoked_at = 0.0
        url = fields.pop("url", URL)
        self.settings = Settings(
            sign_in=SignIn(issuer=found.url, client_id=CLIENT, url=url, **fields),
            server=Server(embedders=["https://crm.example"]),
            jwt_secret=JWT_SECRET,
            sign_in_secret=SECRET,
        )
        self.pages = PageTokens(JWT_SECRET)
        self.desk = TokenDesk(Tokens(self.settings), self.wall, None, self.pages)
        audit = SimpleNamespace(
            note=lambda who, kind, **about: self.noted.append((who.agent_id, kind)),
            refused=lambda code, source: self.refused.append(code),
        )
        tokens = SimpleNamespace(
            admits=lambda who: not self.revoked_at or who.issued_at > self.revoked_at
        )
        node: Any = SimpleNamespace(
            settings=self.settings,
            clock=SimpleNamespace(wall=self.wall),
            ways=SimpleNamespace(client=client),
            audit=audit,
            tokens=tokens,
        )
        self.app = Flask("earshot", static_folder=None)
        headers.install(self.app, self.settings.server, lambda origin: None)
        install(self.app, node)
        self.app.add_url_rule("/", "desk", lambda: "the desk")
        self.app.add_url_rule("/supervisor", "wall", lambda: "the wall")

    def wall(self) -> float:
        return time.time() + self.ahead_s

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def go(self, browser: FlaskClient, path: str, **more: Any) -> Any:
        """As the browser shows an address; `there` are steps at the provider."""
        return browser.get(path, base_url=self.settings.sign_in.url, **more)

    def post(self, browser: FlaskClient, path: str, head: Any = OWN) -> Any:
        return browser.post(path, base_url=self.settings.sign_in.url, headers=head)

    def at_provider(self, browser: FlaskClient, begun: Any = None) -> str:
        """Signs in there; the address that the browser comes back with."""
        begun = begun or self.go(browser, "/sign-in")
        assert begun.status_code == 303, begun.text
        there = requests.get(begun.location, allow_redirects=False, timeout=5)
        assert there.status_code == 302, there.text
        return there.headers["Location"].removeprefix(URL)

    def sign_in(self, browser: FlaskClient | None = None) -> FlaskClient:
        browser = browser or self.browser()
        back = self.go(browser, self.at_provider(browser))
        assert back.status_code == 303, back.text
        return browser


def cookie(browser: FlaskClient, name: str = "earshot") -> Any:
    return browser.get_cookie(name, "127.0.0.1")


def refusal(response: Any, status: int) -> str:
    assert response.status_code == status, response.text
    return str(response.get_json()["error"]["code"])

"""People sign in at a small real provider: the whole way, and every way it goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gevent
import jwt
import pytest
import redis
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient

from engine.config import Development, Server, Settings, SignIn
from engine.errors import Unauthenticated
from engine.identity import Tokens
from engine.page_tokens import PREFIX, PageTokens
from tests.web.identity.issuer import BACK, CLIENT, SECRET, Issuer, issuer
from web import headers
from web.sign_in import provider
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


@pytest.fixture
def found() -> Iterator[Issuer]:
    with issuer() as one:
        yield one


@pytest.fixture
def place(found: Issuer, store_client: redis.Redis) -> Callable[..., Place]:
    return lambda **fields: Place(found, store_client, **fields)


def cookie(browser: FlaskClient, name: str = "earshot") -> Any:
    return browser.get_cookie(name, "127.0.0.1")


def refusal(response: Any, status: int) -> str:
    assert response.status_code == status, response.text
    return str(response.get_json()["error"]["code"])


# --- the whole way ------------------------------------------------------------------------


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


# --- who asks -----------------------------------------------------------------------------


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


# --- what the provider says ---------------------------------------------------------------


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
    monkeypatch.setattr(provider, "TIMEOUT_S", 0.2)
    here = place()
    browser = here.browser()
    back = here.at_provider(browser)
    here.issuer.mood = "hang"
    with gevent.Timeout(5):
        assert here.go(browser, back).status_code == 503


def test_a_description_of_another_issuer_is_not_believed(place: Any) -> None:
    here = place()
    here.issuer.url += "/tenant-2"
    assert here.go(here.browser(), "/sign-in").status_code == 503


# --- as long as the session lives ---------------------------------------------------------


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


# --- page tokens --------------------------------------------------------------------------


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


# --- how a page comes to its token ----------------------------------------------------------


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

"""A server that could be talked to by anybody, or by nobody, does not start, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from engine.config import Development, Settings, SignIn
from engine.config import Tokens as TokenSettings
from web.start import CannotStart, check

GOOD = "6f0c1ab2c3d4e5f60718293a4b5c6d7e"
SIGN_IN: dict[str, Any] = {
    "issuer": "https://id.example",
    "client_id": "desk",
    "url": "https://desk.example",
}


def refused(**fields: Any) -> str:
    with pytest.raises(CannotStart) as found:
        check(Settings(**fields))
    return str(found.value)


def test_a_good_secret_starts() -> None:
    check(Settings(jwt_secret=GOOD))
    check(Settings(jwt_secret=GOOD, sign_in=SignIn(**SIGN_IN)))


@pytest.mark.parametrize("secret", ["", "short", "x" * 40, "changeme" * 5])
def test_a_secret_that_is_none_or_could_be_guessed_does_not_start(secret: str) -> None:
    assert "JWT_SECRET" in refused(jwt_secret=secret)


def test_in_development_a_long_one_will_do(capsys: Any) -> None:
    check(Settings(jwt_secret="x" * 40, development=Development(tokens=True)))
    assert "JWT_SECRET" in refused(jwt_secret="x" * 31, development=Development(tokens=True))


def test_keys_of_a_provider_need_no_secret_of_ours() -> None:
    check(Settings(tokens=TokenSettings("RS256", jwks_url="https://id.example/keys")))
    assert "https" in refused(tokens=TokenSettings("RS256", jwks_url="http://id.example/keys"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"client_id": ""}, "sign_in.client_id"),
        ({"url": ""}, "sign_in.url"),
        ({"url": "http://desk.example"}, "sign_in.url is no https"),
        ({"issuer": "http://id.example"}, "sign_in.issuer is no https"),
    ],
)
def test_sign_in_that_is_half_configured_names_what_is_missing(
    change: dict[str, str], named: str
) -> None:
    assert named in refused(jwt_secret=GOOD, sign_in=SignIn(**(SIGN_IN | change)))


def test_sign_in_needs_a_secret_also_where_tokens_do_not() -> None:
    provider = TokenSettings("RS256", jwks_url="https://id.example/keys")
    assert "JWT_SECRET" in refused(tokens=provider, sign_in=SignIn(**SIGN_IN))

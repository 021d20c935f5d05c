"""Tokens: who is let in, and which claim is at fault when somebody is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Settings
from engine.config import Tokens as TokenSettings
from engine.errors import Expired, Forbidden, Unauthenticated
from engine.identity import MAX_TOKEN, Identity, Tokens
from tests.engine.histories import quick

NOW = 1_700_000_000.0
SECRET = "a secret of at least thirty-two bytes"
CLAIMS: dict[str, Any] = {"sub": "ann", "role": "agent", "exp": NOW + 60}


def part(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def signed(
    claims: dict[str, Any] | bytes, algorithm: str = "HS256", key: str = SECRET, **header: Any
) -> str:
    """A token made by hand, so that it may say what no library would write."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    head = json.dumps({"alg": algorithm, "typ": "JWT", **header}).encode()
    text = part(head) + b"." + part(payload)
    size = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(algorithm, hashlib.sha256)
    signature = b"" if algorithm == "none" else hmac.new(key.encode(), text, size).digest()
    return (text + b"." + part(signature)).decode()


def tokens(**fields: Any) -> Tokens:
    return Tokens(Settings(tokens=TokenSettings(**fields), jwt_secret=SECRET))


def refused(token: str, checked: Tokens | None = None, now_s: float = NOW) -> str:
    with pytest.raises(Unauthenticated) as found:
        (checked or tokens()).verify(token, now_s)
    assert found.value.field == "auth_token"
    return found.value.message


def pem_of(key: Any) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_a_good_token_says_who_somebody_is_and_until_when() -> None:
    found = tokens().verify(signed({**CLAIMS, "tenant": "acme", "role": "supervisor"}), NOW)
    assert found == Identity("ann", "supervisor", "acme", NOW + 60)
    assert tokens().verify(signed(CLAIMS), NOW).tenant == "default"


def test_a_token_that_we_made_is_one_that_we_take() -> None:
    maker = tokens(issuer="us", audience="earshot", lifetime_s=60)
    token, expires_at = maker.issue("ann", "agent", "acme", NOW + 0.7)
    assert maker.verify(token, NOW) == Identity("ann", "agent", "acme", expires_at, NOW + 0.7)
    with pytest.raises(Expired):
        maker.verify(token, expires_at)


# --- the algorithm is ours to say ---------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "HS512", "RS256", "", "hs256"])
def test_a_token_of_another_algorithm_is_refused(algorithm: str) -> None:
    assert "alg" in refused(signed(CLAIMS, algorithm))


def test_a_token_without_a_signature_is_refused() -> None:
    head, payload, _ = signed(CLAIMS).split(".")
    for token in (f"{head}.{payload}.", f"{head}.{payload}", signed(CLAIMS, "none")):
        refused(token)


def test_a_public_key_is_no_secret(rsa_key: rsa.RSAPrivateKey) -> None:
    public = pem_of(rsa_key)
    checked = tokens(algorithm="RS256", public_key=public)
    refused(signed(CLAIMS, "HS256", key=public), checked)
    refused(signed(CLAIMS, "RS256", key=public), checked)


def test_rs256_and_es256_take_what_their_private_key_signed(
    rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey
) -> None:
    keys: dict[str, Any] = {"RS256": rsa_key, "ES256": ec_key}
    for algorithm, key in keys.items():
        checked = tokens(algorithm=algorithm, public_key=pem_of(key))
        assert checked.verify(jwt.encode(CLAIMS, key, algorithm=algorithm), NOW).agent_id == "ann"
        other = jwt.encode(CLAIMS, SECRET, algorithm="HS256")
        refused(other, checked)
        with pytest.raises(ValueError, match="identity provider"):
            checked.issue("ann", "agent", "default", NOW)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    checked = tokens(algorithm="RS256", public_key=pem_of(rsa_key))
    refused(jwt.encode(CLAIMS, stranger, algorithm="RS256"), checked)


@pytest.mark.parametrize(
    ("algorithm", "secret", "public_key", "named"),
    [
        ("HS256", "", "", "JWT_SECRET"),
        ("RS256", SECRET, "", "tokens.public_key"),
        ("RS256", "", "not a key", "tokens.public_key"),
        ("HS256", "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----", "", "JWT_SECRET"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_at_the_start(
    algorithm: Any, secret: str, public_key: str, named: str
) -> None:
    ill = Settings(tokens=TokenSettings(algorithm, public_key), jwt_secret=secret)
    with pytest.raises(ValueError, match=named) as problem:
        Tokens(ill)
    assert "MII" not in str(problem.value)


def test_a_key_of_the_other_kind_is_named_at_the_start(
    rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey
) -> None:
    with pytest.raises(ValueError, match=r"tokens\.public_key is no key for ES256"):
        tokens(algorithm="ES256", public_key=pem_of(rsa_key))
    with pytest.raises(ValueError, match=r"tokens\.public_key is no key for RS256"):
        tokens(algorithm="RS256", public_key=pem_of(ec_key))


# --- times --------------------------------------------------------------------------------


def test_a_token_is_over_at_its_last_second_and_leeway_does_not_help() -> None:
    checked = tokens(leeway_s=300)
    assert checked.verify(signed({**CLAIMS, "exp": NOW}), NOW - 0.001)
    with pytest.raises(Expired) as ended:
        checked.verify(signed({**CLAIMS, "exp": NOW}), NOW)
    assert (ended.value.code, ended.value.field) == ("expired", "auth_token")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "true", "false"])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_time_that_is_none_is_refused_by_name(name: str, value: str) -> None:
    rest = json.dumps({key: claim for key, claim in CLAIMS.items() if key != name})
    token = signed(f'{{"{name}":{value},{rest[1:]}'.encode())
    assert refused(token) == f"The token's `{name}` is not a time"


@pytest.mark.parametrize("value", ["1e12", "1700000060", [], {}, -1, 10**30, 253_402_300_800])
def test_an_end_that_is_no_time_is_refused(value: Any) -> None:
    assert refused(signed({**CLAIMS, "exp": value})) == "The token's `exp` is not a time"


@pytest.mark.parametrize("claims", [{"exp": None}, {}])
def test_a_token_without_an_end_is_refused(claims: dict[str, Any]) -> None:
    assert "exp" in refused(signed({"sub": "ann", "role": "agent", **claims}))


def test_an_end_far_away_is_an_end() -> None:
    assert tokens().verify(signed({**CLAIMS, "exp": 253_402_300_799}), NOW).agent_id == "ann"


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_a_clock_that_goes_ahead_is_forgiven_by_the_leeway(name: str) -> None:
    checked = tokens(leeway_s=10)
    assert checked.verify(signed({**CLAIMS, name: NOW + 10}), NOW)
    assert refused(signed({**CLAIMS, name: NOW + 10.5}), checked) == "The token is not valid yet"


# --- the other claims ---------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", 5, "a b", "a\n", "x" * 129, ["ann"], "a/b"])
@pytest.mark.parametrize("name", ["sub", "tenant"])
def test_a_name_that_is_no_id_is_refused(name: str, value: Any) -> None:
    refused(signed({**CLAIMS, name: value}))


def test_a_tenant_with_a_slash_is_refused_since_it_would_name_another_call() -> None:
    message = refused(signed({**CLAIMS, "tenant": "acme/call-1"}))
    assert message == "The token's `tenant` is not an id"


@pytest.mark.parametrize("value", [None, "root", "", "Agent", ["boss"], {"agent": 1}, 1])
def test_a_role_that_is_none_is_refused(value: Any) -> None:
    message = refused(signed({**CLAIMS, "role": value}))
    assert message == "The token's `role` is missing or unknown"


def test_issuer_and_audience_count_where_they_are_set() -> None:
    checked = tokens(issuer="https://id.example", audience="earshot")
    good = {**CLAIMS, "iss": "https://id.example", "aud": ["other", "earshot"]}
    assert checked.verify(signed(good), NOW).agent_id == "ann"
    for ill in ({"iss": "https://evil"}, {"aud": "other"}, {"iss": None}, {"aud": 5}, {"iss": []}):
        refused(signed({**good, **ill}), checked)
    for name in ("iss", "aud"):
        refused(signed({key: claim for key, claim in good.items() if key != name}), checked)
    assert tokens().verify(signed(good), NOW).agent_id == "ann", "not set: not looked at"


# --- what is no token ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b.c", "é.é.é", "\ud800", "a" * (MAX_TOKEN + 1), ".." * 50, "\n", "a.b.c.d"],
    ids=lambda token: repr(token[:8]),
)
def test_what_is_no_token_is_refused(token: str) -> None:
    refused(token)


@pytest.mark.parametrize(
    "head",
    [b"[]", b"{}", b'{"alg":["HS256"]}', b'{"alg":{}}', b'{"alg":null}', b"[" * 5_000, b"\xff"],
    ids=lambda head: repr(head[:20]),
)
def test_a_header_that_is_none_is_refused(head: bytes) -> None:
    refused((part(head) + b"." + part(b"{}") + b".").decode())


@pytest.mark.parametrize("payload", [b"[]", b"1", b"", b"\xff", b'{"sub":' + b"[" * 5_000])
def test_a_payload_that_is_none_is_refused(payload: bytes) -> None:
    refused(signed(payload))


def test_a_token_with_another_secret_is_refused() -> None:
    refused(signed(CLAIMS, key="another secret of thirty-two bytes!"))
    refused(signed(CLAIMS, key=""))


_claims = st.dictionaries(
    st.sampled_from(["sub", "role", "tenant", "exp", "nbf", "iat", "iss", "aud", "jti", "kid"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.lists(st.text(max_size=2), max_size=2) | st.sampled_from(["ann", "agent", NOW + 5]),
)  # fmt: skip


@quick
@given(_claims, _claims)
def test_whatever_a_signed_token_says_it_is_an_identity_or_refused(
    claims: dict[str, Any], header: dict[str, Any]
) -> None:
    with suppress(Unauthenticated, Expired):
        found = tokens().verify(signed({**CLAIMS, **claims}, **header), NOW)
        assert found.expires_at > NOW


# --- rights -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "any_call", "produce", "supervise", "administer"),
    [
        ("agent", False, False, False, False),
        ("supervisor", True, False, True, False),
        ("producer", True, True, False, False),
        ("admin", True, True, True, True),
    ],
)
def test_what_a_role_may_do(
    role: Any, any_call: bool, produce: bool, supervise: bool, administer: bool
) -> None:
    who = Identity("ann", role, "default", NOW)
    assert who.may_watch(["ann"])
    assert who.may_watch(["ben"]) is any_call
    assert (who.may_produce, who.may_supervise, who.may_administer) == (
        produce,
        supervise,
        administer,
    )


def test_a_requirement_that_is_not_met_names_the_role() -> None:
    who = Identity("ann", "agent", "default", NOW)
    who.require(True, "do this")
    with pytest.raises(Forbidden, match=r"The role agent may not do this$"):
        who.require(False, "do this")
    with pytest.raises(Forbidden, match=r"not do this; roles that may: producer, admin$"):
        who.require(False, "do this", "producer, admin")

"""Keys of a key server: which are taken, which a token may choose, when to ask again."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from engine.config import Settings
from engine.config import Tokens as TokenSettings
from engine.errors import Unauthenticated
from engine.identity import KeyAbsent, Tokens
from engine.keys import MAX_BYTES, MAX_KEYS, KeyRing

NOW = 1_700_000_000.0
URL = "https://keys.example/jwks"
CLAIMS: dict[str, Any] = {"sub": "ann", "role": "agent", "exp": NOW + 3600}
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
_FORMS = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def published(algorithm: str, key: Any = None, **more: Any) -> dict[str, Any]:
    public = (key or KEYS[algorithm]).public_key()
    found = _FORMS[algorithm].to_jwk(public, as_dict=True)
    return {**found, "kid": "one", **more}


def answer(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def ring(algorithm: str = "RS256", *keys: Any) -> KeyRing:
    made = KeyRing(algorithm, refresh_s=300, stale_s=3600, retry_s=10)
    if keys:
        made.asking(NOW)
        made.took(answer(*keys), NOW)
    return made


def tokens(algorithm: Any = "RS256", *keys: Any) -> Tokens:
    made = Tokens(Settings(tokens=TokenSettings(algorithm, jwks_url=URL)))
    assert made.ring is not None
    made.ring.asking(NOW)
    made.ring.took(answer(*(keys or [published(algorithm)])), NOW)
    return made


def signed(algorithm: str, key: Any = None, **header: Any) -> str:
    return jwt.encode(CLAIMS, key or KEYS[algorithm], algorithm, headers={"kid": "one"} | header)


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_a_token_signed_by_a_published_key_is_taken(algorithm: str) -> None:
    assert tokens(algorithm).verify(signed(algorithm), NOW).agent_id == "ann"


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_a_token_of_another_algorithm_is_refused_whatever_key_it_names(algorithm: str) -> None:
    everything = [published(name, kid=name) for name in KEYS]
    checked = tokens(algorithm, *everything)
    for other in set(KEYS) - {algorithm}:
        with pytest.raises(Unauthenticated):
            checked.verify(signed(other, kid=other), NOW + 1)
        with pytest.raises(Unauthenticated):
            checked.verify(signed(other, kid=algorithm), NOW + 1)


def test_a_public_key_is_no_secret_and_a_published_secret_is_no_key() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2Vj", "kid": "s"}
    checked = tokens("RS256", published("RS256"), secret)
    modulus = published("RS256")["n"]
    for key in (modulus, "secretsecretsecretsecretsecretsec"):
        for kid in ("one", "s"):
            forged = jwt.encode(CLAIMS, key, "HS256", headers={"kid": kid})
            with pytest.raises(Unauthenticated):
                checked.verify(forged, NOW + 1)


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for header in ({"jwk": published("RS256", own)}, {"jku": "https://evil.example/jwks"}):
        with pytest.raises(Unauthenticated, match="another key"):
            tokens().verify(signed("RS256", own, **header), NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"kty": "EC"},
        {"n": "!!"},
        {"kid": 5},
        {"kid": "x" * 300},
        {"d": "AQAB"},
    ],
    ids=str,
)
def test_a_key_that_is_not_for_our_signatures_is_left_out(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no key for RS256"):
        ring().took(answer(published("RS256", **change)), NOW)


def test_a_short_key_is_left_out() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(ValueError, match="no key"):
        ring().took(answer(published("RS256", short)), NOW)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"keys": 1}',
        b"<html>",
        b"[" * 5000,
        b"\xff",
        answer(*[published("RS256")] * (MAX_KEYS + 1)),
        b" " * (MAX_BYTES + 1),
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_an_ill_answer_leaves_the_keys_of_before(raw: bytes) -> None:
    held = ring("RS256", published("RS256"))
    with pytest.raises(ValueError, match=r"\w"):
        held.took(raw, NOW + 1)
    assert held.find("one", NOW + 1)


def test_an_unknown_key_asks_again_but_not_too_often() -> None:
    held = ring("RS256", published("RS256"))
    with pytest.raises(Unauthenticated):
        held.find("two", NOW + 9)
    with pytest.raises(KeyAbsent):
        held.find("two", NOW + 10)
    held.asking(NOW + 10)
    with pytest.raises(KeyAbsent):
        held.find("three", NOW + 10)  # the answer on its way may hold it
    held.took(answer(published("RS256", kid="two")), NOW + 10)
    assert held.find("two", NOW + 10)
    with pytest.raises(Unauthenticated):
        held.find("one", NOW + 10)


def test_a_token_that_names_no_key_is_taken_where_there_is_but_one() -> None:
    nameless = jwt.encode(CLAIMS, KEYS["RS256"], "RS256")
    assert tokens().verify(nameless, NOW)
    checked = tokens("RS256", published("RS256"), published("RS256", kid="two"))
    with pytest.raises(Unauthenticated):
        checked.verify(nameless, NOW + 1)


def test_keys_outlive_a_key_server_that_is_down_for_so_long_and_no_longer() -> None:
    held = ring("RS256", published("RS256"))
    held.asking(NOW + 300)
    held.failed()
    assert held.find("one", NOW + 3900)
    with pytest.raises(KeyAbsent):
        held.find("one", NOW + 3901)


def test_a_key_nobody_knows_is_not_the_tokens_fault_while_the_key_server_is_down() -> None:
    held = ring("RS256", published("RS256"))
    held.asking(NOW + 20)
    held.failed()
    with pytest.raises(KeyAbsent) as found:
        held.find("two", NOW + 21)
    assert (found.value.code, found.value.retryable) == ("unavailable", True)


def test_keys_are_due_at_once_then_every_refresh_and_sooner_after_a_failure() -> None:
    held = ring()
    assert held.due_s(NOW) == 0
    held.asking(NOW)
    held.failed()
    assert held.due_s(NOW) == 10
    held.took(answer(published("RS256")), NOW)
    assert held.due_s(NOW) == 300
    assert held.due_s(NOW + 299) == 1
    assert held.due_s(NOW + 1000) == 0
    held.asking(NOW + 1000)
    held.failed()
    assert held.due_s(NOW + 1000) == 10


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"algorithm": "HS256"}, "HS256"),
        ({"public_key": "x"}, "both set"),
        ({"jwks_url": "http://keys.example/jwks"}, "https"),
        ({"jwks_url": "file:///etc/passwd"}, "https"),
    ],
)
def test_a_key_server_that_cannot_be_trusted_is_named_at_the_start(
    fields: dict[str, Any], named: str
) -> None:
    given: dict[str, Any] = {"algorithm": "RS256", "jwks_url": URL} | fields
    with pytest.raises(ValueError, match=named):
        Tokens(Settings(tokens=TokenSettings(**given), jwt_secret="s" * 40))

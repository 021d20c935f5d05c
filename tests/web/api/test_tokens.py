"""Who may come in over HTTP: the bearer token, and where tokens come from."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import redis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from engine.config import Development, Settings, Tokens
from tests.web.api.conftest import SECRET, Caller, application, error
from tests.web.api.memory_node import MemoryNode

PATH = "/v1/calls"
EVERYWHERE = [
    ("POST", "/v1/calls"),
    ("GET", "/v1/calls"),
    ("GET", "/v1/calls/c-1"),
    ("PATCH", "/v1/calls/c-1"),
    ("DELETE", "/v1/calls/c-1"),
    ("GET", "/v1/calls/c-1/events"),
    ("POST", "/v1/calls/c-1/segments"),
    ("POST", "/v1/segments"),
    ("PUT", "/v1/documents"),
    ("GET", "/v1/documents/search"),
    ("GET", "/v1/documents/d-1"),
    ("DELETE", "/v1/documents/d-1"),
    ("GET", "/v1/documents/d-1/verdicts"),
    ("POST", "/v1/agents/ann/revoke"),
    ("GET", "/v1/audit"),
]


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_without_a_token_nothing_is_answered(nobody: Caller, method: str, path: str) -> None:
    response = nobody(method, path, {"bad": "body"} if method != "GET" else None)
    refused = error(response, 401)
    assert (refused["code"], refused["field"]) == ("unauthenticated", "authorization")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def _claims(node: MemoryNode, tenant: str, /, **changes: Any) -> dict[str, Any]:
    claims = {
        "sub": "root",
        "role": "admin",
        "tenant": tenant,
        "exp": int(node.clock.wall()) + 60,
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def _unsigned(claims: dict[str, Any], algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return (b".".join(encoded) + b".").decode()


def _signed(claims: dict[str, Any], key: bytes) -> str:
    """By hand: PyJWT itself refuses to sign with such keys."""
    body = _unsigned(claims, "HS256").rstrip(".")
    mac = hmac.new(key, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_a_good_token_is_let_in(app: Any, node: MemoryNode, tenant: str) -> None:
    token = jwt.encode(_claims(node, tenant), SECRET, algorithm="HS256")
    assert Caller(app, token, tenant).get(PATH).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"exp": None}, "unauthenticated", "exp"),
        ({"exp": "soon"}, "unauthenticated", "exp"),
        ({"exp": 1_600_000_000}, "expired", "expired"),
        ({"nbf": 1_800_000_000}, "unauthenticated", "not valid yet"),
        ({"sub": None}, "unauthenticated", "sub"),
        ({"sub": "a b"}, "unauthenticated", "sub"),
        ({"role": "root"}, "unauthenticated", "role"),
        ({"role": None}, "unauthenticated", "role"),
        ({"tenant": "a/b"}, "unauthenticated", "tenant"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    app: Any, node: MemoryNode, tenant: str, changes: dict[str, Any], code: str, says: str
) -> None:
    token = jwt.encode(_claims(node, tenant, **changes), SECRET, algorithm="HS256")
    refused = error(Caller(app, token, tenant).get(PATH), 401)
    assert (refused["code"], refused["field"]) == (code, "authorization")
    assert says in refused["message"]


def test_an_algorithm_the_settings_do_not_name_is_refused(
    app: Any, node: MemoryNode, tenant: str
) -> None:
    claims = _claims(node, tenant)
    rsa_key = rsa.generate_private_key(65537, 2048)
    for token in (
        _unsigned(claims, "none"),
        _unsigned(claims, "None"),
        _unsigned(claims, "HS256"),
        jwt.encode(claims, SECRET + SECRET, algorithm="HS512"),
        jwt.encode(claims, rsa_key, algorithm="RS256"),
    ):
        refused = error(Caller(app, token, tenant).get(PATH), 401)
        assert (refused["code"], refused["field"]) == ("unauthenticated", "authorization")


def test_an_empty_or_another_key_is_refused(app: Any, node: MemoryNode, tenant: str) -> None:
    assert Caller(app, _signed(_claims(node, tenant), SECRET.encode()), tenant).get(PATH).json
    for key in (b"", b"another secret of sufficient length"):
        token = _signed(_claims(node, tenant), key)
        assert error(Caller(app, token, tenant).get(PATH), 401)["code"] == "unauthenticated"


def test_a_public_key_is_no_secret_for_another_algorithm(valkey: redis.Redis, tenant: str) -> None:
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings = Settings(tokens=Tokens(algorithm="RS256", public_key=public.decode()))
    node = MemoryNode(settings, valkey)
    app = application(node)
    good = jwt.encode(_claims(node, tenant), private, algorithm="RS256")
    assert Caller(app, good, tenant).get(PATH).status_code == 200
    forged = _signed(_claims(node, tenant), public)
    assert error(Caller(app, forged, tenant).get(PATH), 401)["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer  ", "Basic YTpi", "Token abc", "Bearer a b c", "Bearer é", "x" * 40_000],
)
def test_a_header_that_holds_no_token_is_refused(nobody: Caller, header: str) -> None:
    refused = error(nobody.get(PATH, headers={"Authorization": header}), 401)
    assert (refused["code"], refused["field"]) == ("unauthenticated", "authorization")


def test_a_token_in_the_address_is_not_looked_at(nobody: Caller, admin: Caller) -> None:
    for name in ("token", "access_token", "auth_token"):
        assert error(nobody.get(f"{PATH}?{name}={admin.token}"), 401)


def test_the_word_bearer_may_be_written_as_one_likes(nobody: Caller, admin: Caller) -> None:
    header = {"Authorization": f"bearer  {admin.token}"}
    assert nobody.get(PATH, headers=header).status_code == 200


def test_a_token_ends_while_it_is_used(node: MemoryNode, admin: Caller) -> None:
    assert admin.get(PATH).status_code == 200
    node.world.dispatcher.time += node.settings.tokens.lifetime_s
    assert error(admin.get(PATH), 401)["code"] == "expired"


# --- tokens in development, and revoking ------------------------------------------------------


def test_in_development_a_token_is_made_for_anybody(nobody: Caller, app: Any) -> None:
    response = nobody.post("/v1/tokens", {"agent_id": "ann", "role": "producer"})
    assert response.status_code == 200
    assert response.get_json()["expires_at"].endswith("Z")
    producer = Caller(app, response.get_json()["token"], "default")
    made = producer.post("/v1/calls", {"agent_ids": []})
    assert made.status_code == 201


def test_a_token_is_for_an_agent_unless_said_otherwise(nobody: Caller, app: Any) -> None:
    token = nobody.post("/v1/tokens", {"agent_id": "ann"}).get_json()["token"]
    refused = error(Caller(app, token, "default").post("/v1/calls", {"agent_ids": []}), 403)
    assert "The role agent may not create a call" in refused["message"]


def test_a_token_is_made_for_an_id_and_a_role(nobody: Caller) -> None:
    for body, field in (
        ({"agent_id": "a b"}, "agent_id"),
        ({}, "agent_id"),
        ({"agent_id": "ann", "role": "root"}, "role"),
    ):
        assert error(nobody.post("/v1/tokens", body), 400)["field"] == field


def test_outside_development_there_is_nothing_at_that_address(valkey: redis.Redis) -> None:
    node = MemoryNode(Settings(jwt_secret=SECRET), valkey)
    nobody = Caller(application(node), None, "")
    elsewhere = error(nobody.post("/v1/no-such-thing", {}), 404)
    assert error(nobody.post("/v1/tokens", {"agent_id": "ann"}), 404) == elsewhere
    assert b"/v1/tokens" not in nobody.get("/openapi.json").data


def test_an_identity_providers_tokens_are_not_made_here(valkey: redis.Redis) -> None:
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings = Settings(
        tokens=Tokens(algorithm="RS256", public_key=public.decode()),
        development=Development(tokens=True),
    )
    nobody = Caller(application(MemoryNode(settings, valkey)), None, "")
    refused = error(nobody.post("/v1/tokens", {"agent_id": "ann"}), 404)
    assert "identity provider" in refused["message"]


def test_only_admins_revoke_an_agent(
    node: MemoryNode, admin: Caller, caller: Callable[..., Caller], tenant: str
) -> None:
    there = node.world.connect("ann", tenant=tenant)
    for role in ("agent", "supervisor", "producer"):
        assert error(caller("eve", role).post("/v1/agents/ann/revoke"), 403)
    assert node.revoked == []
    assert admin.post("/v1/agents/ann/revoke").status_code == 204
    assert node.revoked == [(tenant, "ann")]
    assert there.screen.closed is False

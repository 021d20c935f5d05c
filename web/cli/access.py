"""Which server, and by what right.

Owns the choice of a token: the one given, else one made from JWT_SECRET, else one the
server hands out in development. It never writes a token anywhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Container, Mapping
from pathlib import Path

from engine.config import Settings, SettingsError
from engine.config_sources import load
from engine.identity import Tokens
from engine.secret_strength import SHORTEST, weakness
from engine.wire import Role
from web.cli.bearer import Bearer
from web.cli.client import Api
from web.cli.failures import Failure, IllSettings, Refused

DEFAULT_URL = "http://127.0.0.1:5000"
OWN_NAME = "earshot-cli"  # `sub` of the tokens made for the command line itself
CHECKOUT = Path(__file__).resolve().parents[2]


def settings(
    environment: Mapping[str, str] = os.environ, *, only: Container[str] | None = None
) -> Settings:
    """config.yaml of the working directory, else of this checkout, then the environment.
    `only`: the sections that are needed."""
    found = [folder / "config.yaml" for folder in (Path.cwd(), CHECKOUT)]
    path = next((path for path in found if path.is_file()), None)
    try:
        return load(path, environment, only=only)
    except SettingsError as problem:
        raise IllSettings(str(problem)) from None


def signing() -> Settings:
    """What a token is signed with. A mistake elsewhere in config.yaml is the server's to tell."""
    return settings(only=("tokens", "development"))


def bearer(url: str, given: str | None, role: Role) -> Bearer:
    """The right to act as `role` at `url`."""
    if given:
        return Bearer(given, None)
    if not os.environ.get("JWT_SECRET"):
        return Bearer(None, lambda: _development_token(url, role))
    configured = signing()
    if configured.tokens.algorithm == "HS256":
        return Bearer(None, lambda: make_token(configured, OWN_NAME, role, "default"))
    return Bearer(None, lambda: _development_token(url, role))


def make_token(configured: Settings, agent_id: str, role: Role, tenant: str) -> str:
    """A token signed with JWT_SECRET. Raises Failure where that cannot be done."""
    if not configured.jwt_secret and configured.tokens.algorithm == "HS256":
        raise Failure(
            "JWT_SECRET is not set, and a token is signed with it.\n"
            "Set it to the server's secret: export JWT_SECRET=..., and for `make run`'s own"
            " export JWT_SECRET=$(cat var/jwt-secret)"
        )
    weak = weakness(configured.jwt_secret) if configured.tokens.algorithm == "HS256" else None
    if weak and (not configured.development.tokens or len(configured.jwt_secret) < SHORTEST):
        raise Failure(f"JWT_SECRET {weak}; a server refuses it.")
    try:
        token, _ = Tokens(configured).issue(agent_id, role, tenant, time.time())
    except ValueError as problem:
        raise Failure(f"tokens.algorithm is {configured.tokens.algorithm}: {problem}.") from None
    return token


def _development_token(url: str, role: Role) -> str:
    with Api(url) as api:
        try:
            answer = api.post("/v1/tokens", {"agent_id": OWN_NAME, "role": role})
        except Refused as refusal:
            raise Failure(
                f"A token is needed, and {url} hands out none ({refusal.code}).\n"
                "Give one with --token or EARSHOT_TOKEN, or set JWT_SECRET to the server's secret."
            ) from None
    token = answer.get("token") if isinstance(answer, dict) else None
    if not isinstance(token, str):
        raise Failure(f"{url} answered POST /v1/tokens without a token; is it an Earshot?")
    return token

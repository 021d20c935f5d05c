"""Who somebody is, by their token, and what a role may do on which call.

Owns the reading and making of tokens and the rules of rights. The algorithm is fixed by
the settings, never by the token. It keeps no session: whoever holds an Identity must
look at `expires_at` again, and at what engine/standing.py says of the agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from engine import claims as mapping
from engine.addresses import is_safe
from engine.config import Settings
from engine.errors import Expired, Forbidden, Unauthenticated
from engine.keys import SHORTEST_RSA, KeyAbsent, KeyRing
from engine.wire import Role

__all__ = ["MAX_TOKEN", "Identity", "KeyAbsent", "Tokens"]

_MAX_TIME = 253_402_300_799  # the last second that an instant can be written for
MAX_TOKEN = 16_384  # characters; longer ones are refused unread


PRODUCERS = ("producer", "admin")  # roles, as `Identity.may_…` and refusals name them
SUPERVISORS = ("supervisor", "admin")


class Identity(NamedTuple):
    """Of an authenticated connection or request. Times in seconds since 1970; `issued_at` is
    the token's `iat`, None where it has none."""

    agent_id: str
    role: Role
    tenant: str
    expires_at: float
    issued_at: float | None = None

    def may_watch(self, agent_ids: Sequence[str]) -> bool:
        """See the call assigned to `agent_ids`, in the same tenant."""
        return self.role != "agent" or self.agent_id in agent_ids

    @property
    def may_produce(self) -> bool:
        return self.role in PRODUCERS

    @property
    def may_administer(self) -> bool:
        return self.role == "admin"

    @property
    def may_supervise(self) -> bool:
        return self.role in SUPERVISORS

    def require(self, allowed: bool, what: str, roles: str = "") -> None:
        """Raises Forbidden unless allowed; `what` completes 'The role agent may not …', `roles`
        names those that may."""
        if not allowed:
            others = f"; roles that may: {roles}" if roles else ""
            raise Forbidden(f"The role {self.role} may not {what}{others}")


class Tokens:
    """Verifies and, with HS256, makes tokens. Raises ValueError when it is made with settings
    that could check none. `ring` holds the keys where they come from a key server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.tokens
        self.ring = _ring(settings)
        self._key: Any = None if self.ring else _key(settings)

    def verify(self, token: str, now_s: float) -> Identity:
        """Raises Unauthenticated or Expired; the message says which claim is at fault. Raises
        KeyAbsent where the key server must be asked first."""
        claims = self._claims(token, now_s)
        agent_id, role, tenant = mapping.who(claims, self._settings)
        issued_at = float(claims["iat"]) if "iat" in claims else None
        return Identity(agent_id, role, tenant, float(claims["exp"]), issued_at)

    def issue(self, agent_id: str, role: Role, tenant: str, now_s: float) -> tuple[str, float]:
        """A new token and its end in seconds since 1970. Only with HS256."""
        if self._settings.algorithm != "HS256":
            raise ValueError("tokens are made by your identity provider")
        expires_at = now_s + self._settings.lifetime_s
        claims: dict[str, Any] = {
            "sub": agent_id,
            "role": role,
            "tenant": tenant,
            "iat": round(now_s, 3),  # a revocation a moment ago must not reach this token
            "exp": int(expires_at),
        }
        if self._settings.issuer:
            claims["iss"] = self._settings.issuer
        if self._settings.audience:
            claims["aud"] = self._settings.audience
        return jwt.encode(claims, self._key, algorithm="HS256"), float(int(expires_at))

    def _claims(self, token: str, now_s: float) -> dict[str, Any]:
        if not token:
            raise Unauthenticated("A token is required", field="auth_token")
        if len(token) > MAX_TOKEN:
            raise Unauthenticated("The token is too long", field="auth_token")
        try:
            key = self._key if self.ring is None else self.ring.find(_kid_of(token), now_s)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[self._settings.algorithm],
                audience=self._settings.audience or None,
                issuer=self._settings.issuer or None,
                # Times are judged below, by the clock we were given.
                options={
                    "require": ["exp"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": bool(self._settings.audience),
                },
            )
        except UnicodeError:
            raise Unauthenticated("The token is not ASCII", field="auth_token") from None
        except jwt.DecodeError as problem:
            if isinstance(problem, jwt.InvalidSignatureError):
                reason = "it was signed with another key"
            else:
                reason = "it is no JWT that can be read"
            raise Unauthenticated(f"The token is not valid: {reason}", field="auth_token") from None
        except jwt.PyJWTError as problem:
            raise Unauthenticated(
                f"The token is not valid: {problem}", field="auth_token"
            ) from None
        self._judge_times(claims, now_s)
        return claims

    def _judge_times(self, claims: dict[str, Any], now_s: float) -> None:
        for name in ("exp", "nbf", "iat"):
            at = claims.get(name, 0)
            if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at <= _MAX_TIME:
                raise Unauthenticated(f"The token's `{name}` is not a time", field="auth_token")
        if claims["exp"] <= now_s:
            raise Expired("The token has expired", field="auth_token")
        latest = now_s + self._settings.leeway_s
        if claims.get("nbf", 0) > latest or claims.get("iat", 0) > latest:
            raise Unauthenticated("The token is not valid yet", field="auth_token")


def _kid_of(token: str) -> str | None:
    """Of a header that nobody has vouched for: it chooses among keys of one algorithm only."""
    kid = jwt.get_unverified_header(token).get("kid")
    return kid if isinstance(kid, str) else None


def _ring(settings: Settings) -> KeyRing | None:
    """None: the key is in the settings."""
    tokens = settings.tokens
    if not tokens.jwks_url:
        return None
    if tokens.algorithm == "HS256":
        raise ValueError("tokens.algorithm is HS256, and a key server has no key for it")
    if tokens.public_key:
        raise ValueError("tokens.public_key and tokens.jwks_url are both set: which one holds?")
    if not is_safe(tokens.jwks_url):
        raise ValueError("tokens.jwks_url is no https address: keys could be exchanged underway")
    return KeyRing(
        tokens.algorithm,
        refresh_s=tokens.jwks_refresh_s,
        stale_s=tokens.jwks_stale_s,
        retry_s=tokens.jwks_retry_s,
    )


def _key(settings: Settings) -> Any:
    """Read once: a key that cannot be used is found at the start, not at a token."""
    algorithm = settings.tokens.algorithm
    shared = algorithm == "HS256"
    name = "JWT_SECRET" if shared else "tokens.public_key"
    text = settings.jwt_secret if shared else settings.tokens.public_key
    if not text:
        raise ValueError(f"{name} is not set: no token could be checked")
    try:
        key = jwt.get_algorithm_by_name(algorithm).prepare_key(text)
    except (jwt.PyJWTError, ValueError, TypeError) as problem:
        raise ValueError(f"{name} is no key for {algorithm}: {problem}") from None
    if isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA:
        raise ValueError(f"{name} has fewer than {SHORTEST_RSA} bits and could be broken")
    return key

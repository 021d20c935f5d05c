"""Who somebody is, by their token, and what a role may do on which call.

Owns the reading and making of tokens and the rules of rights. The algorithm is fixed by
the settings, never by the token. It keeps no session: whoever holds an Identity must
look at `expires_at` again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import jwt

from engine.config import Settings
from engine.errors import Expired, Forbidden, Unauthenticated
from engine.wire import Role

_ID = re.compile(r"[A-Za-z0-9_.:@|+*-]{1,128}\Z")
_ROLES: frozenset[str] = frozenset(("agent", "supervisor", "producer", "admin"))
_MAX_TIME = 253_402_300_799  # the last second that an instant can be written for
MAX_TOKEN = 16_384  # characters; longer ones are refused unread


class Identity(NamedTuple):
    """Of an authenticated connection or request. `expires_at` in seconds since 1970."""

    agent_id: str
    role: Role
    tenant: str
    expires_at: float

    def may_watch(self, agent_ids: Sequence[str]) -> bool:
        """See the call assigned to `agent_ids`, in the same tenant."""
        return self.role != "agent" or self.agent_id in agent_ids

    @property
    def may_produce(self) -> bool:
        return self.role in ("producer", "admin")

    @property
    def may_administer(self) -> bool:
        return self.role == "admin"

    @property
    def may_supervise(self) -> bool:
        return self.role in ("supervisor", "admin")

    def require(self, allowed: bool, what: str) -> None:
        """Raises Forbidden unless allowed; `what` completes 'The role agent may not …'."""
        if not allowed:
            raise Forbidden(f"The role {self.role} may not {what}")


class Tokens:
    """Verifies and, with HS256, makes tokens."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.tokens
        key = (
            settings.jwt_secret
            if self._settings.algorithm == "HS256"
            else (self._settings.public_key)
        )
        name = "JWT_SECRET" if self._settings.algorithm == "HS256" else "tokens.public_key"
        if not key:
            raise ValueError(f"{name} is not set: no token could be checked")
        try:
            # Read once: a key that cannot be used is found at the start, not at a token.
            self._key: Any = jwt.get_algorithm_by_name(self._settings.algorithm).prepare_key(key)
        except (jwt.PyJWTError, ValueError, TypeError) as problem:
            raise ValueError(
                f"{name} is no key for {self._settings.algorithm}: {problem}"
            ) from None

    def verify(self, token: str, now_s: float) -> Identity:
        """Raises Unauthenticated or Expired; the message says which claim is at fault."""
        claims = self._claims(token, now_s)
        agent_id, role = claims.get("sub"), claims.get("role")
        tenant = claims.get("tenant", "default")
        if not isinstance(agent_id, str) or not _ID.match(agent_id):
            raise Unauthenticated("The token's `sub` is not an id", field="auth_token")
        if not isinstance(role, str) or role not in _ROLES:
            raise Unauthenticated("The token's `role` is missing or unknown", field="auth_token")
        if not isinstance(tenant, str) or not _ID.match(tenant):
            raise Unauthenticated("The token's `tenant` is not an id", field="auth_token")
        return Identity(agent_id, cast(Role, role), tenant, float(claims["exp"]))

    def issue(self, agent_id: str, role: Role, tenant: str, now_s: float) -> tuple[str, float]:
        """A new token and its end in seconds since 1970. Only with HS256."""
        if self._settings.algorithm != "HS256":
            raise ValueError("tokens are made by your identity provider")
        expires_at = now_s + self._settings.lifetime_s
        claims: dict[str, Any] = {
            "sub": agent_id,
            "role": role,
            "tenant": tenant,
            "iat": int(now_s),
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
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
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

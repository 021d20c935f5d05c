"""Tokens for pages of people who signed in: short-lived, of our own making.

Owns their form. They begin with PREFIX, so which key and which algorithm judge a token is
decided by its kind before anything in it is read, and neither a token of an identity provider
nor one made with JWT_SECRET can pass for one. The key is derived from JWT_SECRET.
"""

from __future__ import annotations

import hashlib
import hmac

import jwt

from engine.errors import Expired, Unauthenticated
from engine.identity import Identity
from engine.wire import Role

PREFIX = "page~"
_AUDIENCE = "earshot-page"
_REQUIRED = ["aud", "exp", "iat", "sub", "role", "tenant"]


class PageTokens:
    """`secret` is JWT_SECRET."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), b"earshot page tokens", hashlib.sha256).digest()

    def issue(
        self, agent_id: str, role: Role, tenant: str, now_s: float, lifetime_s: float
    ) -> tuple[str, float]:
        """A token and its end, in seconds since 1970."""
        expires_at = float(int(now_s + lifetime_s))
        claims = {
            "aud": _AUDIENCE,
            "sub": agent_id,
            "role": role,
            "tenant": tenant,
            "iat": round(now_s, 3),
            "exp": int(expires_at),
        }
        return PREFIX + jwt.encode(claims, self._key, algorithm="HS256"), expires_at

    def verify(self, token: str, now_s: float) -> Identity:
        """Raises Unauthenticated or Expired. Only what `issue` made has this signature, so its
        claims are as they were written."""
        try:
            claims = jwt.decode(
                token.removeprefix(PREFIX),
                self._key,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                options={
                    "require": _REQUIRED,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, UnicodeError):
            raise Unauthenticated("The token is not valid", field="auth_token") from None
        if claims["exp"] <= now_s:
            raise Expired("The token has expired", field="auth_token")
        who = (claims["sub"], claims["role"], claims["tenant"])
        return Identity(*who, float(claims["exp"]), float(claims["iat"]))

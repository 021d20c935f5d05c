"""The keys of a key server (a JWKS): which are known, which one a token names, when to ask.

Owns what is kept of the last answer and for how long it holds. Keys outlive a key server that
is down for `stale_s`; a `kid` nobody knows asks again, but at most every `retry_s`, so that
invented ones cost the key server nothing. It fetches nothing: web/key_server.py does.
"""

from __future__ import annotations

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from engine.errors import Unauthenticated, Unavailable

MAX_BYTES = 262_144  # of a key server's answer
MAX_KEYS = 64
MAX_KID = 256  # characters
SHORTEST_RSA = 2048  # bits
_KINDS = {"RS256": ("RSA", ""), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}


class KeyAbsent(Unavailable):
    """The key server must be asked before this token can be judged."""


class KeyRing:
    """Times are seconds since 1970. `algorithm` is RS256, ES256 or EdDSA: keys of another kind,
    and keys that are not for signatures, are left out, whatever they say of themselves."""

    def __init__(self, algorithm: str, *, refresh_s: float, stale_s: float, retry_s: float) -> None:
        self._algorithm = algorithm
        self._refresh_s, self._stale_s, self._retry_s = refresh_s, stale_s, retry_s
        self._keys: dict[str | None, Any] = {}
        self._taken_at: float | None = None  # None: never
        self._asked_at: float | None = None
        self._under_way = False
        self._failed = False

    def find(self, kid: str | None, now_s: float) -> Any:
        """The key for a token whose header says `kid`. Raises KeyAbsent when the key server
        should be asked first, Unauthenticated when it was and does not know the key."""
        if self._taken_at is None or now_s - self._taken_at > self._refresh_s + self._stale_s:
            raise KeyAbsent("The key server has not given its keys", retry_after_ms=1000)
        if kid in self._keys:
            return self._keys[kid]
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if self._under_way or self._failed or self.may_ask(now_s):
            raise KeyAbsent("The token's key is not known yet", retry_after_ms=1000)
        raise Unauthenticated(
            "The token is not valid: the key server does not know its key", field="auth_token"
        )

    def may_ask(self, now_s: float) -> bool:
        """Not too soon after the time before."""
        return self._asked_at is None or abs(now_s - self._asked_at) >= self._retry_s

    def due_s(self, now_s: float) -> float:
        """Seconds until the keys should be looked at again without anybody waiting."""
        if self._taken_at is None:
            return 0.0 if self._asked_at is None else self._retry_s
        age_s = now_s - self._taken_at
        wait_s = self._refresh_s - age_s if 0 <= age_s <= self._refresh_s else 0.0
        return max(wait_s, self._retry_s if self._failed else 0.0)

    def asking(self, now_s: float) -> None:
        self._asked_at, self._under_way = now_s, True

    def failed(self) -> None:
        """No usable answer; the keys of before hold on."""
        self._under_way, self._failed = False, True

    def took(self, raw: bytes, now_s: float) -> int:
        """A key server's answer; how many keys it gave. Raises ValueError saying what is ill,
        and then the keys of before hold on."""
        try:
            self._keys = _keys_of(raw, self._algorithm)
        except ValueError:
            self.failed()
            raise
        self._taken_at = now_s
        self._under_way = self._failed = False
        return len(self._keys)


def _keys_of(raw: bytes, algorithm: str) -> dict[str | None, Any]:
    if len(raw) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES:,} bytes")
    try:
        listed = json.loads(raw)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("no JSON with a list of `keys`") from None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError(f"`keys` is no list of at most {MAX_KEYS}")
    found: dict[str | None, Any] = {}
    for one in listed:
        key = _key_of(one, algorithm)
        if key is not None:
            found.setdefault(one.get("kid"), key)
    if not found:
        raise ValueError(f"no key for {algorithm}")
    return found


def _key_of(one: Any, algorithm: str) -> Any:
    """None: it is not for our signatures, or it cannot be read."""
    kind, curve = _KINDS[algorithm]
    if not isinstance(one, dict) or one.get("kty") != kind or one.get("use", "sig") != "sig":
        return None
    kid = one.get("kid")
    if kid is not None and not (isinstance(kid, str) and len(kid) <= MAX_KID):
        return None
    if one.get("alg", algorithm) != algorithm or (curve and one.get("crv") != curve):
        return None
    if "d" in one:
        return None  # a private key that was published is anybody's
    try:
        key = jwt.PyJWK(one, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    too_short = isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA
    return None if too_short else key

"""Sessions of people who signed in, on the store, so that every node knows them.

Owns what is kept of one and for how long. The browser holds a random name; the store holds its
digest, so that who reads the store cannot take a session over. Nothing is kept for who has not
signed in: a sign-in under way lives in a signed cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

import msgspec
import redis
from msgspec import Struct

from engine.log import LogUnavailable
from engine.redis_pipe import RedisPipe
from engine.wire import Role

_CONFIRMING_S = 10  # for which one tab asks the provider and the others do not


class SignedIn(Struct, frozen=True):
    """Times in seconds since 1970. `confirmed_at`: the provider last vouched for them."""

    agent_id: str
    role: Role
    tenant: str
    signed_in_at: float
    confirmed_at: float
    ends_at: float
    id_token: str
    refresh_token: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(SignedIn).decode


class Sessions:
    """Everything raises LogUnavailable."""

    def __init__(self, client: redis.Redis, wall: Callable[[], float]) -> None:
        self._pipe = RedisPipe(client, ())
        self._wall = wall

    def begin(self, session: SignedIn) -> str:
        """The name that the browser is to hold."""
        name = secrets.token_urlsafe(32)
        self.keep(name, session)
        return name

    def keep(self, name: str, session: SignedIn) -> None:
        left_s = max(1, int(session.ends_at - self._wall()))
        self._pipe.run([("SET", _key(name), _encode(session), "EX", left_s)], changes=True)

    def find(self, name: str) -> SignedIn | None:
        if not name or len(name) > 100:
            return None
        [raw] = self._pipe.run([("GET", _key(name))], changes=False)
        try:
            session = None if raw is None else _decode(raw)
        except msgspec.DecodeError:
            return None
        return session if session is not None and session.ends_at > self._wall() else None

    def end(self, name: str) -> None:
        self._pipe.run([("DEL", _key(name))], changes=True)

    def may_confirm(self, name: str) -> bool:
        """Once within some seconds: a refresh token that is used twice ends a session."""
        command = ("SET", _key(name) + ":confirming", "1", "NX", "EX", _CONFIRMING_S)
        [taken] = self._pipe.run([command], changes=True)
        return taken is not None


def _key(name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    return f"earshot:session:{{{digest}}}"


__all__ = ["LogUnavailable", "Sessions", "SignedIn"]

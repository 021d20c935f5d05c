"""The identity provider: where it is, what it says of somebody, and how that is checked.

Owns discovery, the exchange of codes and refresh tokens (Authlib speaks the protocol) and the
judging of ID tokens: algorithm, issuer, audience, nonce and times as the settings say, keys by
engine/keys.py. It keeps no session and sets no cookie.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

import gevent
import jwt
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from gevent.lock import BoundedSemaphore

from engine import claims as mapping
from engine.addresses import is_safe
from engine.config import Settings
from engine.errors import EngineError
from engine.keys import MAX_BYTES, KeyAbsent, KeyRing
from engine.wire import Role
from web.fetching import FetchFailed, fetch

log = logging.getLogger("earshot.sign_in")

METADATA_BYTES = 262_144
METADATA_S = 3600.0  # then looked up anew; the one of before serves where that fails
AT_ONCE = 16  # conversations with the provider; more wait for TIMEOUT_S
TIMEOUT_S = 5.0
_PASSING = frozenset(("temporarily_unavailable", "server_error", "slow_down"))
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderAway(Exception):
    """No answer, or none that can be used: it may be better later."""


class NotAccepted(Exception):
    """The provider, or what it says of this person, does not let them in. The message is for
    the person; `code` for the audit."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Person(NamedTuple):
    """Somebody the provider vouched for. `refresh_token` '' where it gave none."""

    agent_id: str
    role: Role
    tenant: str
    id_token: str
    refresh_token: str


class Provider:
    """`wall` gives seconds since 1970."""

    def __init__(self, settings: Settings, secret: str, wall: Callable[[], float]) -> None:
        self._settings, self._tokens = settings.sign_in, settings.tokens
        self._secret, self._wall = secret, wall
        self.redirect_uri = self._settings.url.rstrip("/") + "/sign-in/callback"
        self._metadata: dict[str, Any] | None = None
        self._metadata_at = 0.0
        self._ring = KeyRing(
            self._settings.algorithm,
            refresh_s=self._tokens.jwks_refresh_s,
            stale_s=self._tokens.jwks_stale_s,
            retry_s=self._tokens.jwks_retry_s,
        )
        self._talking = BoundedSemaphore(AT_ONCE)

    def begin(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises ProviderAway."""
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._look_up()["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return str(url)

    def exchange(self, code: str, verifier: str, nonce: str) -> Person:
        """Who came back with this code. Raises NotAccepted, ProviderAway."""
        answer = self._ask({"code": code, "code_verifier": verifier}, "fetch_token")
        return self._person(answer, nonce)

    def confirm(self, refresh_token: str, id_token: str) -> Person:
        """The same person, as the provider sees them now. Raises NotAccepted, ProviderAway."""
        answer = self._ask({"refresh_token": refresh_token}, "refresh_token")
        # A provider need not repeat the ID token; the refresh itself says that they may stay.
        answer.setdefault("id_token", id_token)
        answer.setdefault("refresh_token", refresh_token)
        return self._person(answer, None)

    def farewell(self, id_token: str) -> str | None:
        """Where the browser goes to sign out at the provider too; None: it has no such place."""
        try:
            place = self._look_up().get("end_session_endpoint")
        except ProviderAway:
            return None
        if not isinstance(place, str) or not is_safe(place):
            return None
        query = {
            "client_id": self._settings.client_id,
            "id_token_hint": id_token,
            "post_logout_redirect_uri": self._settings.url.rstrip("/") + "/signed-out",
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"

    # --- asking ---------------------------------------------------------------------------

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            self._settings.client_id,
            self._secret or None,
            scope=self._settings.scopes,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
        )
        session.max_redirects = 0
        return session

    def _ask(self, fields: dict[str, str], how: str) -> dict[str, Any]:
        """The token endpoint's answer, at most TIMEOUT_S later."""
        url = self._look_up()["token_endpoint"]
        if not self._talking.acquire(timeout=TIMEOUT_S):
            raise ProviderAway("too many sign in at once")
        limit = gevent.Timeout(TIMEOUT_S)
        try:
            with limit, self._session() as session:
                return dict(getattr(session, how)(url, timeout=TIMEOUT_S, **fields))
        except gevent.Timeout as ended:
            if ended is not limit:
                raise
            raise ProviderAway(f"no answer within {TIMEOUT_S:g} s") from None
        except AuthlibBaseError as refused:
            if refused.error in _PASSING:
                raise ProviderAway(refused.error) from None
            raise NotAccepted(
                f"Your identity provider refused the sign-in ({refused.error}).", "refused"
            ) from None
        except (requests.RequestException, OSError, ValueError) as problem:
            raise ProviderAway(type(problem).__name__) from None
        finally:
            self._talking.release()

    def _look_up(self) -> dict[str, Any]:
        """The provider's description of itself. Raises ProviderAway."""
        now = self._wall()
        if self._metadata is not None and 0 <= now - self._metadata_at < METADATA_S:
            return self._metadata
        issuer = self._settings.issuer.rstrip("/")
        try:
            raw = fetch(
                f"{issuer}/.well-known/openid-configuration",
                timeout_s=TIMEOUT_S,
                most_bytes=METADATA_BYTES,
            )
            self._metadata, self._metadata_at = _metadata_of(raw, issuer), now
        except (FetchFailed, ValueError) as problem:
            log.warning("sign_in.provider_away reason=%s", problem)
            if self._metadata is None:
                raise ProviderAway(str(problem)) from None
        return self._metadata

    # --- judging --------------------------------------------------------------------------

    def _person(self, answer: dict[str, Any], nonce: str | None) -> Person:
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise NotAccepted("Your identity provider sent no ID token.", "no_id_token")
        claims = self._claims(id_token, nonce)
        try:
            agent_id, role, tenant = mapping.who(claims, self._tokens)
        except EngineError as problem:
            raise NotAccepted(
                f"You are signed in, but Earshot does not know what you may do: {problem.message}. "
                "Ask your administrator.",
                "claims",
            ) from None
        refresh_token = answer.get("refresh_token")
        return Person(
            agent_id, role, tenant, id_token,
            refresh_token if isinstance(refresh_token, str) else "",
        )  # fmt: skip

    def _claims(self, id_token: str, nonce: str | None) -> dict[str, Any]:
        """`nonce` None: of a refresh, whose ID token may be the one of before; times have been
        judged at its arrival then, and the refresh itself is the word that counts."""
        required = ["iss", "aud", "exp", "iat", "sub"]
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key(id_token),
                algorithms=[self._settings.algorithm],
                issuer=self._look_up()["issuer"],
                audience=self._settings.client_id,
                options={
                    "require": required,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, UnicodeError, EngineError) as problem:
            if isinstance(problem, KeyAbsent):
                raise ProviderAway("its keys cannot be had") from None
            raise NotAccepted("The ID token is not valid.", "id_token") from None
        now, leeway_s = self._wall(), self._tokens.leeway_s
        times = (claims["exp"], claims["iat"])
        if not all(isinstance(one, (int, float)) for one in times):
            raise NotAccepted("The ID token is not valid.", "id_token")
        if nonce is not None:
            if claims["exp"] <= now or claims["iat"] > now + leeway_s:
                raise NotAccepted("The ID token is not valid at this time.", "id_token")
            if claims.get("nonce") != nonce:
                raise NotAccepted("The answer belongs to another sign-in.", "nonce")
        if claims.get("azp", self._settings.client_id) != self._settings.client_id:
            raise NotAccepted("The ID token is for another application.", "id_token")
        return claims

    def _key(self, id_token: str) -> Any:
        kid = jwt.get_unverified_header(id_token).get("kid")
        kid = kid if isinstance(kid, str) else None
        now = self._wall()
        try:
            if self._ring.due_s(now) > 0:
                return self._ring.find(kid, now)
        except KeyAbsent:
            pass
        if self._ring.may_ask(now):
            self._ring.asking(now)
            try:
                uri = self._look_up()["jwks_uri"]
                self._ring.took(fetch(uri, timeout_s=TIMEOUT_S, most_bytes=MAX_BYTES), now)
            except (FetchFailed, ValueError, ProviderAway) as problem:
                self._ring.failed()
                log.warning("sign_in.keys_failed reason=%s", problem)
        return self._ring.find(kid, now)


def _metadata_of(raw: bytes, issuer: str) -> dict[str, Any]:
    """Raises ValueError."""
    if len(raw) > METADATA_BYTES:
        raise ValueError("its description is too long")
    found = json.loads(raw)
    if not isinstance(found, dict) or str(found.get("issuer", "")).rstrip("/") != issuer:
        raise ValueError("its description names another issuer")
    for name in _NEEDED:
        if not isinstance(found.get(name), str) or not is_safe(found[name]):
            raise ValueError(f"its `{name}` is missing or no https address")
    return found

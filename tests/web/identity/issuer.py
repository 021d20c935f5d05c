"""A small real identity provider: discovery, keys, authorization code with PKCE, refresh, sign-out.

It checks what a provider must (redirect address, PKCE, codes used once, rotated refresh tokens)
and signs with a real RSA key; `mood` and `claims` make it misbehave.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify, redirect, request
from gevent.pywsgi import WSGIServer
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "earshot-desk", "the client's own secret"
BACK = "http://127.0.0.1:5999/sign-in/callback"


class Issuer:
    def __init__(self) -> None:
        self.url = ""
        self.person: dict[str, Any] = {"sub": "ann", "role": "agent", "tenant": "acme"}
        self.claims: dict[str, Any] = {}  # over those of the ID token
        self.denies: str | None = None  # the error that the browser comes back with
        self.mood = "well"  # of the token endpoint: well, down, hang, ill, no_id_token, revoked
        self.gives_refresh = True
        self.key = rsa.generate_private_key(65537, 2048)
        self.signing: tuple[Any, str] = (self.key, "RS256")
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: set[str] = set()
        self.app = Flask("issuer")
        for path, methods, view in (
            ("/.well-known/openid-configuration", ["GET"], self.describe),
            ("/keys", ["GET"], self.keys),
            ("/authorize", ["GET"], self.authorize),
            ("/token", ["POST"], self.token),
        ):
            self.app.add_url_rule(path, view.__name__, view, methods=methods)

    def describe(self) -> Any:
        return jsonify(
            issuer=self.url,
            authorization_endpoint=self.url + "/authorize",
            token_endpoint=self.url + "/token",
            jwks_uri=self.url + "/keys",
            end_session_endpoint=self.url + "/end",
        )

    def keys(self) -> Any:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return jsonify(keys=[{**public, "kid": "one"}])

    def authorize(self) -> Any:
        asked = request.args
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, BACK)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert "openid" in asked["scope"].split()
        if self.denies:
            return redirect(f"{BACK}?error={self.denies}&state={asked['state']}")
        code = secrets.token_urlsafe(16)
        self._codes[code] = {"challenge": asked["code_challenge"], "nonce": asked["nonce"]}
        return redirect(f"{BACK}?code={code}&state={asked['state']}")

    def token(self) -> Any:
        form = request.form
        self.asked.append(form["grant_type"])
        if self.mood == "down":
            return "sorry", 503
        if self.mood == "hang":
            gevent.sleep(60)
        if self.mood == "ill":
            return "<html>"
        assert request.authorization is not None
        assert request.authorization.password == SECRET
        if form["grant_type"] == "refresh_token":
            if self.mood == "revoked" or form["refresh_token"] not in self._refresh:
                return jsonify(error="invalid_grant"), 400
            self._refresh.discard(form["refresh_token"])  # rotated
            return self._answer({})
        known = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if known is None or known["challenge"] != challenge or form["redirect_uri"] != BACK:
            return jsonify(error="invalid_grant"), 400
        return self._answer({"nonce": known["nonce"]})

    def _answer(self, more: dict[str, Any]) -> Any:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= self.person | more | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        key, algorithm = self.signing
        answer = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300}
        if self.mood != "no_id_token":
            answer["id_token"] = jwt.encode(claims, key, algorithm, headers={"kid": "one"})
        if self.gives_refresh:
            answer["refresh_token"] = secrets.token_urlsafe(16)
            self._refresh.add(answer["refresh_token"])
        return jsonify(answer)


@contextmanager
def issuer() -> Iterator[Issuer]:
    found = Issuer()
    server = WSGIServer(("127.0.0.1", 0), found.app, log=None, error_log=None)
    server.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        server.stop(timeout=0)

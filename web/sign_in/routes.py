"""Where people sign in, get tokens for the page they are on, and sign out.

Owns cookies and redirects. Places: /sign-in, /sign-in/callback, /sign-in/token, /sign-in/way,
/sign-out, /signed-out; and which pages ask for a session before they are shown. The provider is
provider.py's, sessions are sessions.py's. A token never stands in an address or a cookie.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, redirect, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from msgspec import structs

from engine.errors import EngineError, Forbidden, Revoked, Unauthenticated, Unavailable
from engine.identity import Identity
from engine.log import LogUnavailable
from engine.page_tokens import PageTokens
from engine.times import instant_at
from web.api.answering import Answer, refuse, respond
from web.sign_in import pages
from web.sign_in.provider import NotAccepted, Person, Provider, ProviderAway
from web.sign_in.sessions import Sessions, SignedIn
from web.sign_in.way import PageToken, SignedOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from web.node import Node

log = logging.getLogger("earshot.sign_in")

PAGES = ("/", "/supervisor")
UNDER_WAY_S = 600  # for a sign-in at the provider
ASKED_BY_PAGE = "X-Earshot-Page"  # no other origin can send it without our leave


class Desk:
    """Sign-in over one node and one provider."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._settings = node.settings.sign_in
        self._origin = self._settings.url.rstrip("/")
        self._secure = urlsplit(self._origin).scheme == "https"
        self._provider = Provider(node.settings, node.settings.sign_in_secret, node.clock.wall)
        self._sessions = Sessions(node.ways.client, node.clock.wall)
        self._page_tokens = PageTokens(node.settings.jwt_secret)
        self._sealed = URLSafeTimedSerializer(node.settings.jwt_secret, salt="earshot sign-in")
        prefix = "__Host-" if self._secure else ""
        self._session_cookie = f"{prefix}earshot"
        self._under_way_cookie = f"{prefix}earshot-sign-in"

    def mount(self, app: Flask, blueprint: Blueprint) -> None:
        places: list[tuple[str, str, Callable[[], Any]]] = [
            ("GET", "/sign-in", self.begin),
            ("GET", "/sign-in/callback", self.come_back),
            ("POST", "/sign-in/token", self.token),
            ("POST", "/sign-out", self.sign_out),
            ("GET", "/signed-out", pages.signed_out),
        ]
        for method, path, view in places:
            blueprint.add_url_rule(path, view.__name__, view, methods=[method])
        app.before_request(self.guard)

    def guard(self) -> Any:
        """A page is shown to who has a session; the others sign in first. An embedded page gets
        its token from the page around it."""
        framed = request.headers.get("Sec-Fetch-Dest") == "iframe"
        if request.method != "GET" or request.path not in PAGES:
            return None
        if framed and self._node.settings.server.embedders:
            return None
        try:
            session = self._sessions.find(self._name())
        except LogUnavailable:
            return pages.away()
        if session is not None:
            return None
        return redirect(f"/sign-in?{urlencode({'next': request.path})}", 303)

    # --- signing in -----------------------------------------------------------------------

    def begin(self) -> Any:
        following = request.args.get("next", "/")
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        try:
            there = self._provider.begin(state, nonce, verifier)
        except ProviderAway:
            return pages.away()
        response = redirect(there, 303)
        page = following if following in PAGES else "/"
        known = {"s": state, "n": nonce, "v": verifier, "p": page}
        self._set(response, self._under_way_cookie, str(self._sealed.dumps(known)), UNDER_WAY_S)
        response.headers["Cache-Control"] = "no-store"
        return response

    def come_back(self) -> Any:
        """From the provider, with a code or with an error."""
        try:
            known = self._sealed.loads(
                request.cookies.get(self._under_way_cookie, ""), max_age=UNDER_WAY_S
            )
        except BadSignature:
            return pages.stale()
        if not secrets.compare_digest(
            request.args.get("state", "").encode("utf-8", "replace"), known["s"].encode()
        ):
            return pages.stale()
        try:
            person = self._who_came(known)
            name = self._sessions.begin(self._session_of(person))
        except NotAccepted as problem:
            self._node.audit.refused(f"sign_in_{problem.code}", request.remote_addr or "")
            response = pages.refused(str(problem))
        except (ProviderAway, LogUnavailable):
            response = pages.away()
        else:
            identity = Identity(person.agent_id, person.role, person.tenant, 0.0)
            self._node.audit.note(identity, "sign_in.accepted", source=request.remote_addr or "")
            response = redirect(known["p"], 303)  # type: ignore[assignment] # werkzeug's, Flask takes it
            self._set(response, self._session_cookie, name, self._settings.session_s)
        self._clear(response, self._under_way_cookie)
        return response

    def _who_came(self, known: dict[str, str]) -> Person:
        error = request.args.get("error")
        if error in ("access_denied", "login_required", "interaction_required"):
            raise NotAccepted("The sign-in was cancelled, or you were not let in.", "denied")
        if error is not None:
            log.warning("sign_in.provider_error error=%r", error[:80])
            raise NotAccepted("Your identity provider reported an error.", "provider_error")
        code = request.args.get("code", "")
        if not code:
            raise NotAccepted("Your identity provider sent no code.", "no_code")
        return self._provider.exchange(code, known["v"], known["n"])

    def _session_of(self, person: Person) -> SignedIn:
        now = self._node.clock.wall()
        return SignedIn(
            person.agent_id, person.role, person.tenant,
            signed_in_at=now, confirmed_at=now, ends_at=now + self._settings.session_s,
            id_token=person.id_token, refresh_token=person.refresh_token,
        )  # fmt: skip

    # --- tokens for the page --------------------------------------------------------------

    def token(self) -> Any:
        """A short-lived token for the page that asks. Refusals are Errors, as in the API."""
        try:
            self._require_own_page()
            name = self._name()
            session = self._confirmed(name, self._required(name))
            self._require_standing(session)
        except LogUnavailable:
            return refuse(Unavailable("The store is away", retry_after_ms=1000))
        except EngineError as problem:
            return refuse(problem)
        now = self._node.clock.wall()
        lifetime_s = min(self._settings.token_s, session.ends_at - now)
        text, expires_at = self._page_tokens.issue(
            session.agent_id, session.role, session.tenant, now, lifetime_s
        )
        who = (session.agent_id, session.role, session.tenant)
        response = respond(Answer(PageToken(text, instant_at(expires_at), *who)))
        response.headers["Cache-Control"] = "no-store"
        return response

    def _confirmed(self, name: str, session: SignedIn) -> SignedIn:
        """The provider is asked now and then whether they may stay, and as what. While it is
        away they stay: their calls must not suffer from it."""
        now = self._node.clock.wall()
        due = now - session.confirmed_at >= self._settings.confirm_s
        if not session.refresh_token or not due or not self._sessions.may_confirm(name):
            return session
        try:
            person = self._provider.confirm(session.refresh_token, session.id_token)
        except ProviderAway as problem:
            log.warning("sign_in.not_confirmed reason=%s", problem)
            return session
        except NotAccepted as problem:
            self._sessions.end(name)
            raise Unauthenticated(f"Your sign-in ended: {problem}") from None
        if (person.agent_id, person.tenant) != (session.agent_id, session.tenant):
            self._sessions.end(name)
            raise Unauthenticated("Your sign-in ended: it is another person's now")
        session = structs.replace(
            session, role=person.role, confirmed_at=now,
            id_token=person.id_token, refresh_token=person.refresh_token,
        )  # fmt: skip
        self._sessions.keep(name, session)
        return session

    def _require_standing(self, session: SignedIn) -> None:
        """A revocation ends sessions that began before it."""
        identity = Identity(
            session.agent_id, session.role, session.tenant, session.ends_at, session.signed_in_at
        )
        if not self._node.tokens.admits(identity):
            self._sessions.end(self._name())
            raise Revoked("Access was taken back; sign in again if you may")

    # --- signing out ----------------------------------------------------------------------

    def sign_out(self) -> Any:
        """Ends the session here; `at` is where the browser may end it at the provider too."""
        at = None
        try:
            self._require_own_page()
            session = self._sessions.find(self._name())
            if session is not None:
                self._sessions.end(self._name())
                identity = Identity(session.agent_id, session.role, session.tenant, 0.0)
                self._node.audit.note(identity, "sign_out")
                at = self._provider.farewell(session.id_token)
        except LogUnavailable:
            return refuse(Unavailable("The store is away", retry_after_ms=1000))
        except EngineError as problem:
            return refuse(problem)
        response = respond(Answer(SignedOut(at or "/signed-out")))
        self._clear(response, self._session_cookie)
        return response

    # --- what a browser sends -------------------------------------------------------------

    def _require_own_page(self) -> None:
        """Raises Forbidden for what another site made the browser send: it cannot set our
        header, and browsers say where a request comes from."""
        origin = request.headers.get("Origin", self._origin)
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        own = request.headers.get(ASKED_BY_PAGE) == "1"
        if not own or origin.rstrip("/") != self._origin or site != "same-origin":
            raise Forbidden(f"Only our own pages may ask this, with the header {ASKED_BY_PAGE}: 1")

    def _name(self) -> str:
        return request.cookies.get(self._session_cookie, "")

    def _required(self, name: str) -> SignedIn:
        session = self._sessions.find(name)
        if session is None:
            raise Unauthenticated("You are not signed in")
        return session

    def _set(self, response: Any, name: str, value: str, max_age_s: int) -> None:
        response.set_cookie(
            name, value, max_age=max_age_s, path="/",
            secure=self._secure, httponly=True, samesite="Lax",
        )  # fmt: skip

    def _clear(self, response: Any, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="Lax")

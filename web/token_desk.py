"""Tokens judged for whoever may wait, and for actors, which may not.

Owns what happens when a token cannot be judged at once, because its key or its agent's standing
has to be asked for first: it waits, bounded. Which claims are right is engine/identity.py's to
say; a token that is right and was issued before a revocation is refused with `revoked`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import has_request_context, request
from gevent.event import AsyncResult

from engine.errors import EngineError, Revoked, Unavailable
from engine.identity import Identity, KeyAbsent, Tokens
from engine.page_tokens import PREFIX, PageTokens
from engine.wire import Role

if TYPE_CHECKING:
    from web.key_server import KeyServer
    from web.standing_watch import StandingWatch

Judged = Callable[[Identity | EngineError], None]


class TokenDesk:
    """`keys` None: the key is in the settings; `pages` None: people do not sign in.
    `wall` gives seconds since 1970."""

    def __init__(
        self,
        tokens: Tokens,
        wall: Callable[[], float],
        keys: KeyServer | None = None,
        pages: PageTokens | None = None,
    ) -> None:
        self._tokens, self._wall, self._keys, self._pages = tokens, wall, keys, pages
        self.standing: StandingWatch | None = None  # once there are actors
        self.refused: Callable[[str, str], None] = lambda code, source: None  # for the audit

    def verify(self, token: str, now_s: float) -> Identity:
        """For requests: waits where it must. Raises Unauthenticated, Expired, Unavailable."""
        result: AsyncResult[Identity | EngineError] = AsyncResult()
        self._judge(token, now_s, result.set)
        found = result.get()
        if isinstance(found, EngineError):
            source = request.remote_addr if has_request_context() else None
            self.refused(found.code, source or "")
            raise found
        assert found is not None, "judged: one or the other"
        return found

    def judge(self, token: str, done: Judged) -> None:
        """For the hub: never waits. `done(identity)` or `done(refusal)`, at once or later."""

        def noted(found: Identity | EngineError) -> None:
            if isinstance(found, EngineError):
                self.refused(found.code, "")
            done(found)

        self._judge(token, self._wall(), noted)

    def admits(self, identity: Identity) -> bool:
        """Whether a right that began at its `issued_at` has not been taken back since. Waits."""
        result: AsyncResult[Identity | EngineError] = AsyncResult()
        self._admit(identity, result.set)
        return not isinstance(result.get(), EngineError)

    def issue(self, agent_id: str, role: Role, tenant: str, now_s: float) -> tuple[str, float]:
        return self._tokens.issue(agent_id, role, tenant, now_s)

    def close(self) -> None:
        if self._keys is not None:
            self._keys.close()

    def _read(self, token: str, now_s: float) -> Identity:
        """Which key judges a token is decided by its kind, before anything in it is read."""
        if self._pages is not None and token.startswith(PREFIX):
            return self._pages.verify(token, now_s)
        return self._tokens.verify(token, now_s)

    def _judge(self, token: str, now_s: float, done: Judged) -> None:
        try:
            identity = self._read(token, now_s)
        except KeyAbsent as absent:
            if self._keys is None:
                done(absent)
            elif not self._keys.ask(lambda: self._judge_again(token, done)):
                done(Unavailable("Too many wait for the key server", retry_after_ms=1000))
        except EngineError as refusal:
            done(refusal)
        else:
            self._admit(identity, done)

    def _judge_again(self, token: str, done: Judged) -> None:
        """The key server was asked; what is not known now is not known."""
        try:
            identity = self._read(token, self._wall())
        except EngineError as refusal:
            done(refusal)
        else:
            self._admit(identity, done)

    def _admit(self, identity: Identity, done: Judged) -> None:
        def judged(admitted: bool) -> None:
            revoked = Revoked("Access was taken back after this token was issued")
            done(identity if admitted else revoked)

        if self.standing is None:
            done(identity)
        else:
            self.standing.judge(identity, judged)

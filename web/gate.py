"""Who may come in: tokens verified, and the calls of an agent, for actors that never wait.

Owns no key and no session. Verifying with a key at hand takes some 30 us and is done at
once; its answer is a message all the same, since a key may have to be fetched from afar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine.errors import EngineError
from engine.identity import Identity
from engine.log import LogUnavailable
from engine.wire import CallView
from web.queue import WorkQueue

if TYPE_CHECKING:
    from actors.dispatcher import Dispatcher
    from engine.call_index import CallIndex
    from web.token_desk import TokenDesk

WORKERS = 4
WAITING = 4096
WALL_LIMIT = 200  # calls a supervisor's list shows at once


class LocalGate:
    """Implements actors.ports.Gate."""

    def __init__(
        self,
        tokens: TokenDesk,
        index: CallIndex,
        dispatcher: Dispatcher,
        listed: Callable[[Identity, list[str]], None],
    ) -> None:
        """`listed` hears which calls an agent was told."""
        self._tokens = tokens
        self._listed = listed
        self._index = index
        self._dispatcher = dispatcher
        self._queue = WorkQueue("gate", WORKERS, WAITING)

    def verify(self, auth_token: str, token: Any, reply_to: Any) -> None:
        def judged(found: Identity | EngineError) -> None:
            if isinstance(found, EngineError):
                verified = m.Verified(token, None, found)
            else:
                verified = m.Verified(token, found)
            self._dispatcher.send(reply_to, verified)

        self._tokens.judge(auth_token, judged)

    def calls_of(self, identity: Identity, token: Any, reply_to: Any) -> None:
        def task() -> None:
            views = self._list(identity)
            self._listed(identity, [view.call_id for view in views])
            self._dispatcher.send(reply_to, m.CallsListed(token, views))

        if not self._queue.put(task):
            self._dispatcher.send(reply_to, m.CallsListed(token, []))

    def _list(self, identity: Identity) -> list[CallView]:
        """A list that cannot be read is empty: assignments still arrive as events."""
        try:
            if identity.may_supervise:
                page, _ = self._index.list(identity.tenant, None, None, WALL_LIMIT)
                return [view for view in page if view.status != "ended"]
            return self._index.calls_of_agent(identity.tenant, identity.agent_id)
        except LogUnavailable:
            return []

    def close(self) -> None:
        self._queue.close()

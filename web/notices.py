"""What this node tells the others in passing, and does when it is told.

Owns the order of a tab's connections across nodes. Each is announced on one channel, our own
announcements come back on it too, and the store tells everybody in one order: of two connections
of one client_id the one announced last stays, on every node alike. It waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine.notices import (
    ERASED,
    LEASES,
    TABS,
    Tab,
    erased_command,
    free_command,
    parse_calls,
    parse_tab,
    tab_command,
)

if TYPE_CHECKING:
    from actors.directory import Directory
    from actors.dispatcher import Dispatcher
    from engine.identity import Identity
    from engine.log import CallKey

CHANNELS = (TABS, LEASES, ERASED)
ECHO_S = 5.0  # an announcement that has not come back by then was lost: as if it had come first
CALLS_A_NOTICE = 500


class Notices:
    """`ask` sends a packed command to the store; `clock` gives monotonic seconds."""

    def __init__(
        self,
        directory: Directory,
        dispatcher: Dispatcher,
        ask: Callable[[bytes, Callable[[Any], None]], None],
        clock: Callable[[], float],
    ) -> None:
        self._directory, self._dispatcher = directory, dispatcher
        self._ask, self._clock = ask, clock
        self._awaited: dict[str, float] = {}  # connections announced and not heard of, in order

    # --- telling --------------------------------------------------------------------------

    def came(self, identity: Identity, client_id: str, connection_id: str) -> None:
        """A connection of this client_id authenticated here. In an actor's turn."""
        now = self._clock()
        while self._awaited:
            oldest = next(iter(self._awaited))
            if self._awaited[oldest] > now:
                break
            del self._awaited[oldest]
        self._awaited[connection_id] = now + ECHO_S
        tab = Tab(identity.tenant, identity.agent_id, client_id, connection_id)
        self._ask(tab_command(tab), _ignore)

    def freed(self, calls: Sequence[CallKey]) -> None:
        """We lead these no longer: whoever has them may ask at once."""
        for start in range(0, len(calls), CALLS_A_NOTICE):
            self._ask(free_command(calls[start : start + CALLS_A_NOTICE]), _ignore)

    def erased(self, call: CallKey) -> None:
        self._ask(erased_command(call), _ignore)

    # --- being told -----------------------------------------------------------------------

    def on_tab(self, raw: bytes) -> None:
        tab = parse_tab(raw)
        if tab is None:
            return
        self._awaited.pop(tab.connection_id, None)
        now = self._clock()

        def is_older(other: str) -> bool:
            return other != tab.connection_id and self._awaited.get(other, now) <= now

        self._directory.replace(tab.tenant, tab.agent_id, tab.client_id, is_older)

    def on_free(self, raw: bytes) -> None:
        for call in parse_calls(raw):
            ref = self._directory.calls.get(call)
            if ref is not None:
                self._dispatcher.send(ref, m.Tick("vacant"))

    def on_erased(self, raw: bytes) -> None:
        """The reader makes sure: its log is looked for, and is not there."""
        for call in parse_calls(raw):
            ref = self._directory.calls.get(call)
            if ref is not None:
                self._dispatcher.send(ref, m.Vanished())


def _ignore(outcome: Any) -> None:
    """A notice may be lost."""

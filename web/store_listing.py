"""A call's place in the lists: owed until it is written.

Owns what is still owed, the newest of a call in place of the older, and when it is tried again.
What is paid late is not what was true then, which another node may have overtaken: the call is
asked how it is. A node that dies with debts leaves them to the sweep (sweep.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import gevent
import redis

from engine.errors import EngineError, UnknownCall
from engine.log import CallKey, LogUnavailable
from engine.wall import removal_command
from engine.wire import CallView
from web.queue import WorkQueue

if TYPE_CHECKING:
    from engine.call_index import CallIndex
    from engine.standing import Standings
    from web.store_link import Link
    from web.store_presence import Presence

AGAIN_S = (0.5, 2.0, 5.0)  # after each failure; the last one repeats
MOST_OWED = 4096  # calls; what is more is lost, counted, and found by the sweep


class Debt(NamedTuple):
    """`agents`: whom the call was given to (True) or taken from."""

    view: CallView
    agents: dict[str, bool]
    failures: int = 0


class Listing:
    """One per node. `now` gives a call as it is and raises UnknownCall where it is gone; until
    it is set, what was told is believed."""

    def __init__(
        self,
        index: CallIndex,
        standings: Standings,
        link: Link,
        presence: Presence,
        counts: Counter[str],
        later: Callable[..., object] = gevent.spawn_later,
    ) -> None:
        self._index = index
        self._standings = standings
        self._link = link
        self._presence = presence
        self._counts = counts
        self._later = later
        self._owed: dict[CallKey, Debt] = {}
        self._paying = False
        self.now: Callable[[CallKey], CallView] | None = None
        self.queue = WorkQueue("lists", 1, MOST_OWED)

    @property
    def owes(self) -> bool:
        return self._paying or bool(self._owed)

    def owe(
        self, call: CallKey, view: CallView, assigned: Sequence[str], unassigned: Sequence[str]
    ) -> None:
        """May be called in the hub."""
        agents = dict.fromkeys(assigned, True) | dict.fromkeys(unassigned, False)
        self._keep(call, Debt(view, agents))

    def _keep(self, call: CallKey, debt: Debt, after_s: float = 0.0) -> None:
        self._owed[call] = debt if (older := self._owed.get(call)) is None else _both(older, debt)
        if after_s:
            self._later(after_s, self._queue_up, call)
        else:
            self._queue_up(call)

    def _queue_up(self, call: CallKey) -> None:
        full = len(self._owed) > MOST_OWED or not self.queue.put(partial(self._pay, call))
        if full and self._owed.pop(call, None) is not None:
            self._counts["listings_lost"] += 1

    def _pay(self, call: CallKey) -> None:
        debt = self._owed.pop(call, None)
        if debt is None:
            return  # paid with an older one
        self._paying = True
        try:
            due = self._as_it_is(call, debt) if debt.failures else debt
            if due is not None:
                self._write(call, due)
        except (LogUnavailable, redis.RedisError) as problem:
            self._presence.away(str(problem))
            newer = self._owed.pop(call, None)
            kept = debt if newer is None else _both(debt, newer)
            pause_s = AGAIN_S[min(debt.failures, len(AGAIN_S) - 1)]
            self._keep(call, kept._replace(failures=debt.failures + 1), pause_s)
        finally:
            self._paying = False

    def _as_it_is(self, call: CallKey, debt: Debt) -> Debt | None:
        """None: the call is gone, and so is its place."""
        if self.now is None:
            return debt
        try:
            view = self.now(call)
        except UnknownCall:
            return None
        except EngineError:  # nobody can say now
            return debt
        return Debt(view, {agent: agent in view.agent_ids for agent in debt.agents})

    def _write(self, call: CallKey, debt: Debt) -> None:
        ended = debt.view.status == "ended"
        self._index.put(call.tenant, debt.view, ended)
        if ended:
            self._link.ask(removal_command(call), self._presence.note, changes=False)
        for agent_id, given in debt.agents.items():
            self._standings.assigned(call.tenant, agent_id, call.call_id, given)


def _both(older: Debt, newer: Debt) -> Debt:
    return Debt(newer.view, older.agents | newer.agents, max(older.failures, newer.failures))

"""What this node knows of its agents' standing, and what follows when it changes.

Owns the known versions of the agents that are connected here or lately asked something over
HTTP. An announcement with the next version is acted on at once; a version that jumped, seen in
it or in the look at all of them (one batch, every LOOK_S), makes the node read what it missed.
So a right ends on time although nothing that is published need arrive.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent

from engine.errors import Revoked
from engine.log import CallKey, LogUnavailable
from engine.standing import (
    Change,
    Standing,
    Standings,
    parse_announcement,
    read_command,
    standing_of,
)
from web.queue import WorkQueue

if TYPE_CHECKING:
    from actors.directory import Directory
    from engine.call_index import CallIndex
    from engine.identity import Identity

log = logging.getLogger("earshot.standing")

LOOK_S = 0.8  # with an answer's time still under the second in which a revocation takes effect
FRESH_S = 2.0  # a standing looked at longer ago is asked for anew before it lets somebody in
FORGET_S = 60.0  # of agents that are not connected and ask nothing
MOST_KNOWN = 50_000  # agents; more are asked for each time
AGENTS_A_COMMAND = 1_000
READERS, READS_WAITING = 2, 4096

Agent = tuple[str, str]  # tenant, agent_id
Ask = Callable[[bytes, Callable[[Any], None]], None]  # to the store; answered in the hub
REVOKED = "Access was taken back"


class _Known:
    __slots__ = ("calls", "looked_at", "standing", "used_at")

    def __init__(self, standing: Standing, now: float) -> None:
        self.standing = standing
        self.calls: set[str] = set()  # whose assignment the agent's connections heard of
        self.looked_at = self.used_at = now


class StandingWatch:
    """`ask` sends a packed command to the store; `clock` gives monotonic seconds."""

    def __init__(
        self,
        directory: Directory,
        index: CallIndex,
        standings: Standings,
        ask: Ask,
        clock: Callable[[], float],
    ) -> None:
        self._directory, self._index, self._standings = directory, index, standings
        self._ask, self._clock = ask, clock
        self._known: dict[Agent, _Known] = {}
        self._queue = WorkQueue("standing", READERS, READS_WAITING)
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        self._greenlet.kill()
        self._queue.close()

    # --- who may come in ------------------------------------------------------------------

    def judge(self, identity: Identity, done: Callable[[bool], None]) -> None:
        """`done(admitted)`, at once where the standing is known, else when the store answered.
        A store that is away lets in whom we know nothing of: it is made up for by the first
        look after it came back. May be called in the hub."""
        agent, now = (identity.tenant, identity.agent_id), self._clock()
        known = self._known.get(agent)
        if known is not None and now - known.looked_at < FRESH_S:
            known.used_at = now
            done(known.standing.admits(identity))
            return
        command = read_command(identity.tenant, [identity.agent_id])
        self._ask(command, partial(self._on_read, identity, done))

    def _on_read(self, identity: Identity, done: Callable[[bool], None], outcome: Any) -> None:
        agent = (identity.tenant, identity.agent_id)
        if isinstance(outcome, list):
            self._see(agent, standing_of(outcome[0]))
        known = self._known.get(agent)
        done(known is None or known.standing.admits(identity))

    def admits(self, identity: Identity) -> bool:
        """By what is known now: for the moment in which a connection becomes its agent's."""
        known = self._known.get((identity.tenant, identity.agent_id))
        return known is None or known.standing.admits(identity)

    def listed(self, identity: Identity, calls: Iterable[str]) -> None:
        """The agent was told these calls."""
        known = self._known.get((identity.tenant, identity.agent_id))
        if known is not None:
            known.calls.update(calls)

    # --- what changed ---------------------------------------------------------------------

    def on_announcement(self, raw: bytes) -> None:
        found = parse_announcement(raw)
        if found is None:
            return
        standing, change = found
        agent = (change.tenant, change.agent_id)
        known = self._known.get(agent)
        if known is None:
            if self._is_here(agent):  # its own look is on the way, and may be older
                self._see(agent, standing)
                self._apply(agent, standing, change)
        elif standing.version == known.standing.version + 1:
            self._note(known, standing)
            self._apply(agent, standing, change)
        elif standing.version > known.standing.version:
            self._see(agent, standing)

    def _apply(self, agent: Agent, standing: Standing, change: Change) -> None:
        known = self._known.get(agent)
        key = CallKey(change.tenant, change.call_id)
        if not change.call_id:
            self._expel(agent, standing)
        elif change.assigned:
            if known is not None:
                known.calls.add(change.call_id)
            if not self._queue.put(partial(self._tell_assigned, agent, key)):
                self._directory.assigned(key, change.agent_id, None)
        else:
            if known is not None:
                known.calls.discard(change.call_id)
            self._directory.unassigned(key, change.agent_id)

    def _tell_assigned(self, agent: Agent, key: CallKey) -> None:
        if not self._is_here(agent):
            return
        try:
            view = self._index.get(key.tenant, key.call_id)
        except LogUnavailable:
            view = None
        self._directory.assigned(key, agent[1], view)

    def _see(self, agent: Agent, standing: Standing) -> None:
        """The store's word. A version that jumped: something was missed."""
        known = self._known.get(agent)
        if known is None:
            if len(self._known) < MOST_KNOWN:
                self._known[agent] = _Known(standing, self._clock())
            self._expel(agent, standing)
            return
        before = known.standing
        if standing.revoked_at < before.revoked_at:  # the store came back shorter
            standing = standing._replace(revoked_at=before.revoked_at)
            self._queue.put(partial(self._restore, agent, before.revoked_at))
        self._note(known, standing)
        if standing.version != before.version:
            self._expel(agent, standing)
            if self._is_here(agent):
                self._queue.put(partial(self._catch_up, agent))

    def _note(self, known: _Known, standing: Standing) -> None:
        known.standing, known.looked_at = standing, self._clock()

    def _catch_up(self, agent: Agent) -> None:
        """Which calls the agent has, against those they were told of."""
        known = self._known.get(agent)
        if known is None:
            return
        try:
            views = {view.call_id: view for view in self._index.calls_of_agent(*agent)}
        except LogUnavailable:
            stale = known.standing.version - 1  # the next look sees the jump again
            known.standing = known.standing._replace(version=stale)
            return
        for call_id in known.calls - views.keys():
            known.calls.discard(call_id)
            self._directory.unassigned(CallKey(agent[0], call_id), agent[1])
        for call_id in views.keys() - known.calls:
            known.calls.add(call_id)
            self._directory.assigned(CallKey(agent[0], call_id), agent[1], views[call_id])

    def _restore(self, agent: Agent, revoked_at: float) -> None:
        with suppress(LogUnavailable):  # the next look asks for it again
            self._standings.revoke(*agent, revoked_at)

    def _expel(self, agent: Agent, standing: Standing) -> None:
        if standing.revoked_at:
            closed = self._directory.close_agent(*agent, Revoked(REVOKED), unless=standing.admits)
            if closed:
                log.info("standing.revoked connections=%d", closed)

    def _is_here(self, agent: Agent) -> bool:
        return any(True for _ in self._directory.present(*agent))

    # --- looking --------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            gevent.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Ask for the versions of everybody who is here or was lately."""
        here, now = self._directory.present_agents(), self._clock()
        for agent in [a for a, k in self._known.items() if now - k.used_at > FORGET_S]:
            if agent not in here:
                del self._known[agent]
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for tenant, agent_id in here | self._known.keys():
            by_tenant[tenant].append(agent_id)
        for tenant, agent_ids in by_tenant.items():
            for start in range(0, len(agent_ids), AGENTS_A_COMMAND):
                some = agent_ids[start : start + AGENTS_A_COMMAND]
                self._ask(read_command(tenant, some), partial(self._on_looked, tenant, some))

    def _on_looked(self, tenant: str, agent_ids: list[str], outcome: Any) -> None:
        if isinstance(outcome, list):
            for agent_id, raw in zip(agent_ids, outcome, strict=True):
                self._see((tenant, agent_id), standing_of(raw))

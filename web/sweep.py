"""The sweep: calls that nobody looks after.

Owns the repair of what is derived (the place in the lists of a call that has ended, or is gone),
the end of calls that have gone silent, and the finding of calls whose leader died: every
`call.sweep_s`, with jitter, each node looks at the live ones and at those that ended lately.
Nodes need not agree on who does it: an end has a key, so it is appended once, and a leader is
whoever gets the lease.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import gevent

from actors import messages as m
from actors.closing import OVERDUE_S
from engine.errors import EngineError, UnknownCall
from engine.log import CallKey, LogUnavailable
from engine.times import seconds_of
from engine.wire import CallPatch, CallView

if TYPE_CHECKING:
    from web.node import Node

log = logging.getLogger("earshot.sweep")

LOOKS_AT_ONCE = 64


class Sweep:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._seqs: dict[CallKey, int] = {}  # of old calls, as the last sweep saw them
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            gevent.sleep(self._node.settings.call.sweep_s * random.uniform(0.8, 1.2))
            try:
                self.once()
            except (EngineError, LogUnavailable) as problem:
                log.warning("sweep.stopped reason=%s", problem)

    def once(self) -> None:
        """Look at every live call, and at those that ended lately. Raises LogUnavailable."""
        now = self._node.clock.wall()
        live = [(CallKey(tenant, view.call_id), view) for tenant, view in self._node.index.live()]
        ended = self._node.index.ended_since(now - OVERDUE_S)
        for tenant in {key.tenant for key, _ in live}:
            self._node.rows.sweep(tenant)
        self._find_ended([key for key, _ in live])
        self._find_leaders([key for key, _ in live] + [CallKey(*names) for names in ended])
        silent_s = self._node.settings.call.silent_s
        # Younger than any silence: nothing to look for.
        old = [(key, view) for key, view in live if now - seconds_of(view.started_at) >= silent_s]
        seen, self._seqs = self._seqs, {}
        for key, view in old:
            gevent.sleep(0)
            try:
                self._look(key, view, seen.get(key))
            except EngineError as problem:  # of this call; the next one may do better
                log.warning("sweep.passed_over call=%s reason=%s", key, problem)

    def _find_leaders(self, keys: Sequence[CallKey]) -> None:
        """A leader that leaves gives up its lease; a lease that has lapsed is of one that died.
        Its call is read here, which asks for the lease and for what the dead one owed."""
        for batch in _batches(keys):
            untils = self._node.log.leases_until(batch)
            lapsed_before = self._node.clock.wall() - self._node.settings.actors.lease_s
            for key, until_s in zip(batch, untils, strict=True):
                if until_s is not None and until_s < lapsed_before:
                    self._count("leaderless")
                    self._node.directory.call(key)
            gevent.sleep(0)

    def _find_ended(self, listed_live: Sequence[CallKey]) -> None:
        """What a node leaves that ends a call and dies before it has said so in the lists."""
        for batch in _batches(listed_live):
            for key, over in zip(batch, self._node.log.over(batch), strict=True):
                if over:
                    self._list_again(key)
            gevent.sleep(0)

    def _list_again(self, key: CallKey) -> None:
        try:
            view = self._node.as_it_is(key)
        except UnknownCall:
            self._node.index.remove(key.tenant, key.call_id)
        except EngineError as problem:
            log.warning("sweep.passed_over call=%s reason=%s", key, problem)
            return
        else:
            self._node.index.put(key.tenant, view, view.status == "ended")
        self._count("repaired")

    def _look(self, key: CallKey, view: CallView, seq_before: int | None) -> None:
        """At a call that is old enough to have been silent for too long."""
        node = self._node
        page = node.log.last(key, 1)
        if page is None:
            node.index.remove(key.tenant, key.call_id)
            self._count("repaired")
            return
        detail = node.ask_call(key, lambda ref, token: m.Inspect(None, ref, token))
        if detail.call.status == "ended":
            node.index.put(key.tenant, detail.call, ended=True)
            self._count("repaired")
            return
        self._seqs[key] = detail.seq
        last = detail.segments[-1].timestamp if detail.segments else detail.call.started_at
        silent = node.clock.wall() - seconds_of(last) >= node.settings.call.silent_s
        # The time of a segment is its producer's word; a log that grows is not silent.
        if silent and detail.seq == seq_before:
            patch, request_id = (
                CallPatch(status="ended", reason="abandoned"),
                f"abandoned-{detail.seq}",
            )
            node.ask_call(key, lambda ref, token: m.Change(patch, request_id, ref, token))
            self._count("abandoned")
            log.info("sweep.abandoned call=%s", key)

    def _count(self, outcome: str) -> None:
        self._node.context.counts[f"swept:{outcome}"] += 1


def _batches(keys: Sequence[CallKey]) -> Iterator[Sequence[CallKey]]:
    for start in range(0, len(keys), LOOKS_AT_ONCE):
        yield keys[start : start + LOOKS_AT_ONCE]

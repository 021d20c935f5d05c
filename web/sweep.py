"""The sweep: live calls that nobody looks after.

Owns the repair of what is derived (a call's entry in the lists) and the end of calls that
have gone silent: every minute, with jitter, each node looks at the live ones and touches
those whose last event is older than `call.silent_s`.
"""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import gevent

from actors import messages as m
from engine.errors import EngineError
from engine.log import CallKey, LogUnavailable
from engine.times import seconds_of
from engine.wire import CallPatch, CallView

if TYPE_CHECKING:
    from web.node import Node

log = logging.getLogger("earshot.sweep")

EVERY_S = 60.0


class Sweep:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            gevent.sleep(EVERY_S * random.uniform(0.8, 1.2))
            try:
                self.once()
            except (EngineError, LogUnavailable) as problem:
                log.warning("sweep.stopped reason=%s", problem)

    def once(self) -> int:
        """Look at every live call; returns how many were ended or repaired."""
        count = 0
        for tenant, view in list(self._node.index.live()):
            gevent.sleep(0)
            count += self._look(CallKey(tenant, view.call_id), view)
        return count

    def _look(self, key: CallKey, view: CallView) -> bool:
        now = self._node.clock.wall()
        silent_s = self._node.settings.call.silent_s
        if now - seconds_of(view.started_at) < silent_s:
            return False  # younger than any silence
        page = self._node.log.last(key, 1)
        if page is None:
            self._node.index.remove(key.tenant, key.call_id)
            return True
        detail = self._node.ask_call(key, lambda ref, token: m.Inspect(None, ref, token))
        last = detail.segments[-1].timestamp if detail.segments else detail.call.started_at
        if detail.call.status == "ended":
            self._node.index.put(key.tenant, detail.call, ended=True)
            return True
        if now - seconds_of(last) < silent_s:
            return False
        patch = CallPatch(status="ended", reason="abandoned")
        self._node.ask_call(
            key, lambda ref, token: m.Change(patch, f"abandoned-{detail.seq}", ref, token)
        )
        log.info("sweep.abandoned call=%s", key)
        return True

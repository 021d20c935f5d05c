"""Bugs about a store that came back shorter; planted by planted.py."""

from __future__ import annotations

from typing import Any

from actors.audience import Audience
from actors.refilling import Refiller
from actors.subscription import State, Subscription
from engine import log_memory
from engine.log import CallKey, Page
from engine.log_memory import MemoryLog, _Life
from tests.simulation.node_store import NodeStore

Swap = tuple[Any, str, Any]


def _same_epoch(self: _Life, run_id: str, now_s: float, refill_ms: int) -> None:
    """What was lost is brought back under the numbers and the epoch of before."""
    self.run_id = run_id
    self.leader = ""
    self.lease_until_ms = 0
    self.fence += log_memory.FENCE_LEAP
    self.refill_until_ms = int(now_s * 1000) + refill_ms


def _never_asks_again(self: NodeStore) -> Any:
    """The run of the store is asked for once, not for each connection."""
    if self._log is None:
        self._log = self._store.memory.seen_from(self._node.name, self._store.run_id)
    return self._log


def _joined_stay(self: Audience) -> None:
    """Who is joined with a cursor of the old epoch stays joined."""
    self.ring.clear()


def _next_by_seq(self: Subscription, frame: Any) -> bool:
    """The cursor does not look at the epoch."""
    if self.state is State.LIVE and frame.seq == self.seq + 1:
        self._pass_on(frame)
    return True


def _by_seq(self: Refiller, page: Page, call: Any) -> None:
    """What has a number that the log has reached is taken to be there."""
    _on_loaded(self, page._replace(events=(), base=None), call)
    for key, frame in list(self.held.items()):
        if frame.seq <= page.top:
            del self.held[key]


_on_loaded = Refiller.on_loaded


def _expected_life(self: MemoryLog, call: CallKey) -> Any:
    """Who reads does not look which run of the store wrote the log."""
    return self._lives.get(call)


EPOCH_BUGS: dict[str, tuple[Swap, ...]] = {
    "refill without a new epoch": ((_Life, "reopen", _same_epoch),),
    "run id not asked for after a reconnect": ((NodeStore, "log", property(_never_asks_again)),),
    "run id not compared": ((MemoryLog, "_life", _expected_life),),
    "an old epoch's cursor is sent the new one": (
        (Audience, "reopen", _joined_stay),
        (Subscription, "on_event", _next_by_seq),
    ),
    "fence not raised": ((log_memory, "FENCE_LEAP", 0),),
    "refill by seq instead of by key": ((Refiller, "on_loaded", _by_seq),),
    "what is held is not brought back": ((Refiller, "keep", lambda self, call, ring: None),),
}

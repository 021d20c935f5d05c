"""How a node keeps up with the logs it follows: hints, and looks at where the logs end.

Owns who follows which call here, the greenlets that read hints, and the looks that make up for
a hint that was lost. What is missing is read by who follows.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent

from actors import messages as m
from engine.hints_redis import AT_ONCE, Following, HintStream, Lost, Notice
from engine.log import CallKey, Hint, LogUnavailable
from engine.log_redis import RedisLog, top_answer
from engine.redis_pipe import Packed

if TYPE_CHECKING:
    from engine.hints_cluster import ClusterHints
    from web.store_link import Link
    from web.store_presence import Presence

log = logging.getLogger("earshot.store")

CHECK_S = 2.0  # between looks at where followed logs end: a lost last hint is found by then
LOOKS_AT_ONCE = 64
REMIND_EVERY = 15  # looks: an end that did not change is told again then
HINT_WAIT_S = 1.0

Ref = Any
Tell = Callable[[Ref, Any], object]


class LogFollower:
    """One per node; `tell` gives a message to an actor."""

    def __init__(
        self,
        log_store: RedisLog,
        link: Link,
        hints: HintStream | ClusterHints,
        presence: Presence,
        counts: Counter[str],
        tell: Tell,
    ) -> None:
        self._log = log_store
        self._link = link
        self._hints = hints
        self._presence = presence
        self._counts = counts
        self._tell = tell
        self._followed: dict[CallKey, Ref] = {}
        self._look_commands: dict[CallKey, Packed] = {}  # of those followed
        self._ends: dict[CallKey, Any] = {}  # as last told, in the store's words
        self.on_notice: Callable[[Notice], None] = lambda notice: None
        self.on_lost: Callable[[], None] = lambda: None  # hears that a hints' link broke
        self._greenlets: list[gevent.Greenlet[..., None]] = [gevent.spawn(self._check)]
        hints.each(self._begin_listening)

    def close(self) -> None:
        gevent.killall(self._greenlets)

    def follow(self, call: CallKey, reply_to: Ref) -> None:
        self._followed[call] = reply_to
        self._look_commands[call] = self._log.top_command(call)
        self._ends.pop(call, None)
        self._hints.follow(call)

    def unfollow(self, call: CallKey) -> None:
        if self._followed.pop(call, None) is not None:
            del self._look_commands[call]
            self._ends.pop(call, None)
            self._hints.unfollow(call)

    def follows(self, call: CallKey, ref: Ref) -> bool:
        return self._followed.get(call) is ref

    def tell(self, call: CallKey, message: Any) -> None:
        """To who follows it here, if somebody does."""
        ref = self._followed.get(call)
        if ref is not None:
            self._tell(ref, message)

    # --- hints ----------------------------------------------------------------------------

    def _begin_listening(self, hints: HintStream) -> Callable[[], None]:
        reader = gevent.spawn(self._listen, hints)
        self._greenlets.append(reader)

        def end() -> None:
            self._greenlets.remove(reader)
            reader.kill()

        return end

    def _listen(self, hints: HintStream) -> None:
        while True:
            arrivals = hints.next(HINT_WAIT_S)
            if len(arrivals) >= AT_ONCE:
                gevent.sleep(0)  # a full batch came without waiting: let the sockets have theirs
            for arrival in arrivals:
                if isinstance(arrival, Hint):
                    self._counts["hints_received"] += 1
                    self.tell(arrival.call, m.HintArrived(arrival))
                elif isinstance(arrival, Following):
                    self.tell(arrival.call, m.Following())
                    self._look([arrival.call])
                elif isinstance(arrival, Notice):
                    self.on_notice(arrival)
                elif isinstance(arrival, Lost):
                    self._counts["hint_links_lost"] += 1
                    self.on_lost()
                    log.warning("store.hints_lost reason=%s", arrival.reason)

    # --- looks ----------------------------------------------------------------------------

    def _check(self) -> None:
        """A lost last hint leaves no gap to see: look at where each log ends. Spread over
        the time, so that thousands of calls make no pause."""
        round_number = 0
        while True:
            round_number += 1
            calls = list(self._followed)
            pause_s = CHECK_S / max(1, -(-len(calls) // LOOKS_AT_ONCE))
            if round_number % REMIND_EVERY == 0:
                self._ends.clear()
            for start in range(0, len(calls), LOOKS_AT_ONCE):
                self._look(calls[start : start + LOOKS_AT_ONCE])
                gevent.sleep(pause_s)
            if not calls:
                gevent.sleep(CHECK_S)

    def _look(self, calls: Sequence[CallKey]) -> None:
        self._counts["store_looks"] += len(calls)
        for call in calls:
            command = self._look_commands.get(call)
            if command is not None:
                self._link.ask(command, partial(self._on_looked, call), changes=False)

    def _on_looked(self, call: CallKey, outcome: Any) -> None:
        if isinstance(outcome, LogUnavailable):
            self._presence.away(outcome.reason)
            return
        self._presence.back()
        if outcome is not None and outcome == self._ends.get(call):
            return
        top = top_answer(outcome)
        if top is None:
            self.tell(call, m.Vanished())
        else:
            self._ends[call] = outcome
            self.tell(call, m.TopSeen(top.epoch, top.seq))

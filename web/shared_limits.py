"""Allowances of agents and producers, shared by all nodes.

Owns the counters in the store: once a second a node adds what its agents used and reads what
all nodes counted, in one batch. A store that is away costs nothing: the node then limits by
what it sees itself. No command waits for any of this.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from redis.exceptions import RedisError

from engine.allowances import Allowances

if TYPE_CHECKING:
    from engine.allowances import Spender
    from engine.config import Limits

log = logging.getLogger("earshot.limits")

EVERY_S = 1.0
WINDOW_S = 10  # shares are of this long; then counting begins anew


def allowances_of(limits: Limits) -> Allowances:
    """As config.yaml says."""
    return Allowances(
        {
            "commands": limits.agent_commands_per_s,
            "verdicts": limits.agent_verdicts_per_s,
            "requests": limits.agent_requests_per_s,
            "segments": limits.producer_segments_per_s,
        }
    )


def counter_key(spender: Spender, window: int) -> str:
    """The braces keep an agent's counters together on a cluster."""
    return f"earshot:{{{spender.tenant}/{spender.who}}}:used:{spender.kind}:{window}"


class SharedLimits:
    """`client`: redis-py's, of one store or a cluster. Runs until `close`."""

    def __init__(
        self,
        client: Any,
        allowances: Allowances,
        mono: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._client = client
        self._allowances = allowances
        self._mono, self._wall = mono, wall
        self._window = 0
        self._own: Counter[Spender] = Counter()  # used here in this window
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        told = False
        while True:
            gevent.sleep(EVERY_S)
            try:
                self.exchange()
                told = False
            except (RedisError, OSError) as problem:
                if not told:
                    log.warning("limits.alone reason=%s", type(problem).__name__)
                told = True

    def exchange(self) -> None:
        """Tell the store what was used here and learn what all used. Raises RedisError."""
        used = self._allowances.take_used()
        if not used:
            return
        window = int(self._wall() // WINDOW_S)
        if window != self._window:
            self._window = window
            self._own.clear()
        self._own.update(used)
        spenders = list(used)
        pipe = self._client.pipeline(transaction=False)
        for spender in spenders:
            key = counter_key(spender, window)
            pipe.incrby(key, used[spender])
            pipe.expire(key, 2 * WINDOW_S)
        totals = pipe.execute()[::2]
        now = self._mono()
        for spender, total in zip(spenders, totals, strict=True):
            self._allowances.share(spender, self._own[spender], total, now)

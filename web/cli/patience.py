"""Trying again until the server is there.

Owns the pauses between attempts and the two sentences said about an outage, once each
however many calls wait. It never gives up by itself: being stopped does that.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TypeVar

from web.cli.failures import Away, Refused, Stopped

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0

Answer = TypeVar("Answer")
Wait = Callable[[float], bool]  # waits so many seconds; True when asked to stop


class Outage:
    """Whether the server is away, as all calls of a replay know it. Safe to share."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._away = False

    def begins(self, reason: str) -> None:
        with self._lock:
            told, self._away = self._away, True
        if not told:
            self._say(f"{reason} Trying again until it does (Ctrl-C to stop).")

    def ends(self) -> None:
        if not self._away:
            return
        with self._lock:
            was, self._away = self._away, False
        if was:
            self._say("The server answers again.")


def insist(
    attempt: Callable[[], Answer],
    wait: Wait,
    outage: Outage,
    *,
    chance: Callable[[], float] = random.random,
) -> Answer:
    """What `attempt` answers, however long that takes.

    Raises Refused for what trying again cannot change, and Stopped when `wait` says so.
    An unknown call is not waited for: its creation was acknowledged, so it was erased.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        after_s = 0.0
        try:
            answer = attempt()
        except Away as problem:
            outage.begins(problem.message)
        except Refused as refusal:
            if not refusal.retryable or refusal.code == "unknown_call":
                raise
            after_s = (refusal.retry_after_ms or 0) / 1000
            if refusal.code in ("unavailable", "draining"):
                outage.begins(f"{refusal.format_message()}.")
        else:
            outage.ends()
            return answer
        # Jitter, so that calls which lost the server together do not come back together.
        if wait(max(after_s, pause_s * (0.5 + chance() / 2))):
            raise Stopped
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

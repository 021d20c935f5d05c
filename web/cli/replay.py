"""Dialogues replayed as live calls, several at once.

Owns which call plays which dialogue on which thread, and an orderly end. One call is
web/cli/player.py, what is shown web/cli/display.py.
"""

from __future__ import annotations

import collections
import itertools
import re
import secrets
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from web.cli.bearer import Bearer
from web.cli.client import Api
from web.cli.display import Display
from web.cli.failures import Failure, Refused, Stopped
from web.cli.patience import Outage
from web.cli.player import Pace, Player
from web.cli.scripts import Script
from web.cli.timeline import Piece, timeline

STAGGER_S = 4.0  # between the beginnings of calls that run at once; at speed 1
BETWEEN_CALLS_S = 3.0  # between the end of a call and the next of the same slot; at speed 1
STOP_S = 8.0  # longest time for ending the calls when asked to stop

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.:@|+*-]+")
# The call itself is at fault; the next dialogue may still play.
_ENDS_A_CALL = frozenset(
    ("unknown_call", "call_ended", "call_full", "conflict", "final", "stale_revision", "too_large")
)


class Plan(NamedTuple):
    """What to replay and how. `speed` 2.0 is twice as fast as spoken; of `at_once` calls
    there are at most as many as `scripts`, so that no dialogue is heard twice at once."""

    scripts: Sequence[Script]
    agent_ids: Sequence[str] = ("agent-1",)
    speed: float = 1.0
    at_once: int = 1
    forever: bool = False
    interim: bool = True


class Tally(NamedTuple):
    """What a replay came to. `left_live`: could not be ended."""

    played: int
    ended_early: int
    left_live: int


def fresh_call_id(script_id: str) -> str:
    """The dialogue's id with a random end, so that each replay is a call of its own."""
    stem = _NOT_IN_IDS.sub("-", script_id)[:100].strip("-") or "call"
    return f"{stem}-{secrets.token_hex(3)}"


class Replay:
    """Runs a Plan on plain threads, one keep-alive connection each."""

    def __init__(self, url: str, bearer: Bearer, plan: Plan, display: Display) -> None:
        self._url, self._bearer, self._plan, self._display = url, bearer, plan, display
        self._asked_to_stop = threading.Event()
        self._outage = Outage(display.say)
        self._lock = threading.Lock()
        self._waiting = collections.deque(plan.scripts)
        self._agent_ids = itertools.cycle(plan.agent_ids)
        self._failure: Failure | None = None
        self._played = self._ended_early = self._left_live = 0
        self._threads = [
            threading.Thread(target=self._run_slot, args=(slot,), name=f"call-{slot}", daemon=True)
            for slot in range(min(plan.at_once, len(plan.scripts)))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Asks every call to end. Safe in a signal handler and more than once."""
        self._asked_to_stop.set()

    @property
    def at_once(self) -> int:
        """How many calls there are at once at most."""
        return len(self._threads)

    @property
    def running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> Tally:
        """Waits for the end; after `stop` at most STOP_S. Raises Failure when one ended it."""
        while self.running and not self._asked_to_stop.is_set():
            time.sleep(0.1)
        deadline = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._failure is not None:
            raise self._failure
        return Tally(self._played, self._ended_early, self._left_live)

    def _run_slot(self, slot: int) -> None:
        wait = self._asked_to_stop.wait
        try:
            if wait(slot * STAGGER_S / self._plan.speed):
                return
            with Api(self._url, self._bearer) as api:
                while (cast := self._next()) is not None:
                    self._play(slot, api, *cast)
                    self._played_once(cast[0])
                    if wait(BETWEEN_CALLS_S / self._plan.speed):
                        return
        except Stopped:
            pass
        except Failure as problem:
            self._failure = self._failure or problem
            self.stop()

    def _next(self) -> tuple[Script, str] | None:
        with self._lock:
            if not self._waiting:
                return None
            return self._waiting.popleft(), next(self._agent_ids)

    def _played_once(self, script: Script) -> None:
        """For ever, a dialogue waits for its turn again only after it ended."""
        if self._plan.forever:
            with self._lock:
                self._waiting.append(script)

    def _play(self, slot: int, api: Api, script: Script, agent_id: str) -> None:
        pace = Pace(time.monotonic, time.time, self._asked_to_stop.wait, self._plan.speed)
        player = Player(api, fresh_call_id(script.script_id), pace, self._outage)
        pieces = timeline(script, interim=self._plan.interim)
        try:
            player.create(agent_id, script.customer, script.source, script.folder)
        except Stopped:
            player.farewell()  # the server may have it all the same
            raise
        self._display.began(slot, player.call_id, agent_id, len(script.lines))
        whole, left_because = self._play_whole(slot, player, pieces)
        how = f"could not be ended: {left_because}" if left_because else "ended early"
        self._display.ended(slot, "ended" if whole else how)
        with self._lock:
            self._played += whole
            self._ended_early += not whole and left_because is None
            self._left_live += left_because is not None

    def _play_whole(
        self, slot: int, player: Player, pieces: list[Piece]
    ) -> tuple[bool, str | None]:
        """Whether it was played to its end; if not, why it could not be ended, else None."""
        try:
            if player.play(pieces, lambda piece: self._display.heard(slot, piece)):
                player.end()
                return True, None
        except Stopped:
            pass
        except Refused as refusal:
            if refusal.code not in _ENDS_A_CALL:
                raise
            self._display.say(f"{player.call_id}: {refusal.format_message()}")
            return False, None
        return False, player.farewell()

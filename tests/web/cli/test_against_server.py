"""The command line against `python -m web`: real processes, a real store, a real end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.identity import Tokens
from tests.held_ports import held_port
from web.cli.access import CHECKOUT
from web.cli.bearer import Bearer
from web.cli.client import Api, await_ready

SECRET = "a secret that is long enough to sign with it"
STEP_S = 60.0  # no step of these tests takes longer on a busy machine

TURNS = [
    {"speaker": ("customer", "agent")[n % 2], "text": f"line number {n}", "t": n * 0.6, "d": 0.5}
    for n in range(1, 13)
]


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + STEP_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {STEP_S} s"
        time.sleep(0.05)


class Place:
    """A folder to run in, with the environment for it and the processes started there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, held_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._started: list[subprocess.Popen[str]] = []
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(CHECKOUT),
            "JWT_SECRET": SECRET,
            "PORT": str(self.port),
            "EARSHOT_URL": self.url,
            "EARSHOT__STORE__DATA_DIR": str(folder / "store"),
        }

    def start(self, *arguments: str, name: str = "process") -> subprocess.Popen[str]:
        with (self.folder / f"{name}.out").open("a") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def server(self) -> subprocess.Popen[str]:
        process = self.start("web", name="server")
        assert await_ready(self.url, within_s=STEP_S, alive=lambda: process.poll() is None), (
            self.said("server")
        )
        return process

    def run(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "web.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=STEP_S,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.out").read_text()

    def dialogues(self, *turns: dict[str, Any]) -> str:
        path = self.folder / "dialogues.jsonl"
        path.write_text(json.dumps({"id": "talk", "turns": list(turns)}))
        return str(path)

    def live_call(self) -> str:
        """The id of the first call that is live."""
        found: list[str] = []
        with Api(self.url, Bearer(None, self._token)) as api:

            def look() -> list[str]:
                calls = api.get("/v1/calls", status="active")["calls"]
                found[:] = [call["call_id"] for call in calls]
                return found

            until(look)
        return found[0]

    def _token(self) -> str:
        settings = Settings(jwt_secret=SECRET)
        return Tokens(settings).issue("test", "supervisor", "default", time.time())[0]

    def close(self) -> None:
        for process in reversed(self._started):
            if process.poll() is None:
                process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STEP_S)
            if process.poll() is None:
                process.kill()
                process.wait()
        self._end_store()

    def _end_store(self) -> None:
        """A store outlives a killed server by design; a test that failed then leaves it."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / "store" / "valkey.pid").read_text())
            if str(self.folder) in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server that several tests share."""
    found = Place(tmp_path_factory.mktemp("served"))
    found.server()
    yield found
    found.close()


def numbers(texts: list[str]) -> list[int]:
    return [int(text.rsplit(" ", 1)[1]) for text in texts]


def test_a_tailed_call_is_whole_although_the_server_is_killed_under_it(place: Place) -> None:
    server = place.server()
    replaying = place.start("web.cli", "replay", place.dialogues(*TURNS), name="replay")
    call_id = place.live_call()
    # It holds its breath until both have come, however long a busy machine takes to start them.
    replaying.send_signal(signal.SIGSTOP)
    text = place.start("web.cli", "tail", call_id, name="text")
    raw = place.start("web.cli", "tail", call_id, "--json", name="raw")
    until(lambda: place.said("text") and place.said("raw"))
    replaying.send_signal(signal.SIGCONT)
    until(lambda: "line number 4" in place.said("text") and "line number 4" in place.said("raw"))
    server.kill()
    server.wait()
    until(lambda: "Trying again" in place.said("replay"))
    place.server()
    assert replaying.wait(STEP_S) == text.wait(STEP_S) == raw.wait(STEP_S) == 0

    lines = [line for line in place.said("text").splitlines() if "  line number" in line]
    assert numbers(lines) == list(range(1, 13))
    assert "-- ended after" in place.said("text")
    assert place.said("replay").count("Trying again") == 1
    assert "1 call played to the end." in place.said("replay")

    events = [json.loads(line) for line in place.said("raw").splitlines() if line[0] == "{"]
    seqs = [event["data"]["seq"] for event in events if "seq" in event["data"]]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_ctrl_c_ends_the_calls_of_a_replay(served: Place) -> None:
    replaying = served.start("web.cli", "replay", served.dialogues(*TURNS), name="replay")
    call_id = served.live_call()
    replaying.send_signal(signal.SIGINT)
    assert replaying.wait(STEP_S) == 0
    assert f"{call_id} ended early" in served.said("replay")
    assert served.run("calls") == "There is no live call.\n"
    assert "ended" in served.run("calls", "--all")


def test_a_call_that_is_not_there_is_told_in_one_line(served: Place) -> None:
    tail = served.start("web.cli", "tail", "nobody", name="tail")
    assert tail.wait(STEP_S) == 1
    assert served.said("tail").startswith("Error: ")
    assert "unknown_call" in served.said("tail")
    assert served.said("tail").count("\n") == 1


def test_the_audit_is_printed_as_json_lines(served: Place) -> None:
    listed: list[Any] = []

    def noted() -> bool:
        path = served.folder / "audit.out"
        path.unlink(missing_ok=True)
        assert served.start("web.cli", "audit", name="audit").wait(STEP_S) == 0
        listed[:] = [json.loads(line) for line in path.read_text().splitlines()]
        return any(one["kind"] == "documents.put" for one in listed)

    (served.folder / "one.md").write_text("# One\n\nOne document.\n")
    importing = served.start("web.cli", "import-documents", str(served.folder / "one.md"))
    assert importing.wait(STEP_S) == 0
    until(noted)
    assert all({"id", "at", "kind"} <= set(one) for one in listed)
    after = served.start("web.cli", "audit", "--after", listed[-1]["id"], name="after")
    assert after.wait(STEP_S) == 0
    assert served.said("after") == ""


def test_documents_are_found_after_their_import(served: Place) -> None:
    folder = served.folder / "kb"
    folder.mkdir()
    (folder / "lost-card.md").write_text("# Lost card\n\nBlock a lost card in the app.\n")
    (folder / "empty.txt").write_text("")
    importing = served.start("web.cli", "import-documents", str(folder), "--wait", name="import")
    assert importing.wait(STEP_S) == 1
    assert "1 document imported." in served.said("import")
    assert "All have vectors of " in served.said("import"), "which --wait waited for"
    assert "empty.txt (empty): The file is empty" in served.said("import")
    assert served.start("web.cli", "knowledge", name="knowledge").wait(STEP_S) == 0
    # Others' documents are there too.
    assert "All have vectors of " in served.said("knowledge")


def test_a_document_is_searched_and_deleted(served: Place) -> None:
    (served.folder / "wombat.md").write_text("# Wombat\n\nA wombat digs burrows at night.\n")
    importing = served.start("web.cli", "import-documents", str(served.folder / "wombat.md"))
    assert importing.wait(STEP_S) == 0
    until(lambda: "wombat: Wombat" in served.run("search", "wombat", "burrows"))
    assert served.run("delete-document", "wombat") == "Document wombat deleted.\n"
    until(lambda: "wombat: " not in served.run("search", "wombat", "burrows"))


def demo(place: Place) -> subprocess.Popen[str]:
    """What `make run` starts, with dialogues and documents of our own."""
    place.dialogues(*TURNS)
    (place.folder / "kb.jsonl").write_text('{"id": "a", "title": "A", "text": "A text."}\n')
    place.environment.pop("JWT_SECRET", None)
    return place.start(
        *("web.cli", "run-demo", "--data", ".", "--calls", "2", "--speed", "2"), name="demo"
    )


def server_of(place: Place) -> int:
    """The process id of the server that a demo started."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    parent = str(place._started[-1].pid)
    for line in listed.stdout.splitlines():
        pid, ppid, command = line.split(maxsplit=2)
        if ppid == parent and command.endswith("-m web"):
            return int(pid)
    raise AssertionError("the demo has no server")


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder in which a demo ran until Ctrl-C."""
    place = Place(tmp_path_factory.mktemp("demo"))
    running = demo(place)
    until(lambda: "Earshot is running" in place.said("demo") and " began" in place.said("demo"))
    running.send_signal(signal.SIGINT)
    assert running.wait(STEP_S) == 0, place.said("demo")
    yield place
    place.close()


def test_a_demo_begins_by_itself_and_ends_in_order_on_ctrl_c(demonstrated: Place) -> None:
    said = demonstrated.said("demo")
    assert demonstrated.url in said
    assert said.index("1 document imported") < said.index("Earshot is running")
    assert said.index("ended early") < said.index("Stopping the server.")
    assert "server.stopped" in said


def test_the_secret_of_a_demo_is_for_its_owner_only(demonstrated: Place) -> None:
    assert (demonstrated.folder / "var" / "jwt-secret").stat().st_mode & 0o077 == 0


def test_a_second_demo_imports_nothing_again(demonstrated: Place) -> None:
    (demonstrated.folder / "demo.out").unlink()
    running = demo(demonstrated)
    until(lambda: "Ctrl-C ends everything" in demonstrated.said("demo"))
    running.send_signal(signal.SIGINT)
    assert running.wait(STEP_S) == 0
    assert "imported" not in demonstrated.said("demo")


def test_a_demo_whose_server_is_killed_says_what_is_left_and_the_next_one_tidies(
    place: Place,
) -> None:
    running = demo(place)
    until(lambda: " began" in place.said("demo"))
    os.kill(server_of(place), signal.SIGKILL)
    assert running.wait(STEP_S) == 1
    said = place.said("demo")
    assert "The server was killed (SIGKILL)." in said
    assert "could not be ended: the server is away" in said
    assert "ended early" not in said
    assert f"the next start on {place.folder / 'store'} takes it over" in said
    again = demo(place)
    until(lambda: "1 call of an earlier replay ended." in place.said("demo"))
    again.send_signal(signal.SIGINT)
    assert again.wait(STEP_S) == 0


def test_a_demo_beside_another_is_told_how(place: Place) -> None:
    running = demo(place)
    until(lambda: "Earshot is running" in place.said("demo"))
    assert f"export EARSHOT_URL={place.url}" in place.said("demo")
    place.environment["PORT"] = str(held_port())
    assert demo(place).wait(STEP_S) == 1
    hint = f"EARSHOT__STORE__DATA_DIR=var/other make run PORT={place.environment['PORT']}"
    assert hint in place.said("demo")
    running.send_signal(signal.SIGINT)
    assert running.wait(STEP_S) == 0


def test_a_demo_on_a_port_in_use_names_it(place: Place) -> None:
    with socket.create_server(("127.0.0.1", place.port)):
        assert demo(place).wait(STEP_S) == 1
    assert f"Port {place.port} is in use" in place.said("demo")
    assert not (place.folder / "store").exists()

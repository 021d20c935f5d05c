"""Several processes on one port: clients notice nothing of it, not even when one of them dies."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.live.comers import Comer
from tests.live.plain_clients import PlainClient, hear_everything
from tests.live.raw_client import RawClient
from tests.live.server import BOUND_S, START_S, LiveServer, line, new_id, running, until
from web.siblings import EXCHANGE_S

PROCESSES = 3
TABS = 12  # so many that every process has some
BACK_S = START_S  # of a default client: its delays grow to 5 s while nobody answers
LARGE = ",".join(["1.1234567890123456789012345678901234567890123456789"] * 199)  # > a buffer
_STARTED = re.compile(r"processes\.started process=(\d) pid=(\d+)")
_CONNECTIONS = re.compile(r'^earshot_connections\{process="(\d)"\} (\S+)$', re.MULTILINE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("processes")
    with running(folder, EARSHOT__SERVER__PROCESSES=PROCESSES) as server:
        yield server


def pids(server: LiveServer) -> dict[int, int]:
    """The newest of each process, by its number."""
    return {int(number): int(pid) for number, pid in _STARTED.findall(server.log)}


def total(server: LiveServer, name: str) -> float:
    text = requests.get(f"{server.url}/metrics", timeout=BOUND_S).text
    return sum(float(n) for n in re.findall(rf"^earshot_{name}\{{.*\}} (\S+)$", text, re.MULTILINE))


def said(text: str, segment_id: str) -> dict[str, str]:
    return line(segment_id, text, speaker="agent")


def test_unmodified_clients_hear_all_wherever_their_requests_arrive(server: LiveServer) -> None:
    hear_everything(server, server.url, finals=30)
    assert total(server, "connections_given_total") > 0


def test_a_request_finds_its_session_from_every_process(server: LiveServer) -> None:
    """Each on a connection of its own, so that the kernel gives them to any process."""
    with contextlib.ExitStack() as comers:

        def comer() -> Comer:
            made = Comer(server.port)
            comers.callback(made.hang_up)
            return made

        def opened() -> str:
            return str(json.loads(comer().ask("GET", "EIO=4&transport=polling")[1:])["sid"])

        sid = opened()
        query = f"EIO=4&transport=polling&sid={sid}"
        token = server.token(new_id("agent"))
        assert comer().ask("POST", query, "40" + json.dumps({"token": token})) == "ok"
        assert comer().ask("GET", query).startswith('40{"sid"')
        for number in range(20):
            command = f'42{number}["client:report",{{"paint_ms":[{LARGE}]}}]'
            assert comer().ask("POST", query, command) == "ok"
            assert comer().ask("GET", query) == f'43{number}[{{"ok":true,"data":{{}}}}]'
        # A connection goes from process to process with its requests, as a proxy's does.
        others = [opened() for _ in range(2 * PROCESSES)]
        wanderer = comer()
        for other in others + others:
            assert wanderer.ask("POST", f"EIO=4&transport=polling&sid={other}", "3") == "ok"
        upgraded = comer()
        upgraded.open(sid)
        upgraded.say("2probe")
        upgraded.hear(b"3probe")
        upgraded.say("5", '4299["client:report",{"paint_ms":[1]}]')
        upgraded.hear(b'4399[{"ok":true')


@pytest.mark.parametrize("sid", ["unknown", ".2.unknown", ".9.unknown", ".2.", "..", "other.2.x"])
def test_a_session_that_nobody_has_is_unknown(server: LiveServer, sid: str) -> None:
    for _ in range(PROCESSES * 2):
        answer = requests.get(
            f"{server.url}/socket.io/?EIO=4&transport=polling&sid={sid}", timeout=BOUND_S
        )
        assert (answer.status_code, answer.json()["code"]) == (400, 1)


def test_pages_tell_of_all_processes(server: LiveServer) -> None:
    with contextlib.ExitStack() as tabs:
        token = server.token(new_id("agent"))
        for _ in range(TABS):
            tabs.enter_context(RawClient(server.url, {"token": token}))
        for _ in range(PROCESSES * 2):
            text = _whole_page(server)
            found = dict(_CONNECTIONS.findall(text))
            assert sorted(found) == ["1", "2", "3"]
            assert sum(map(float, found.values())) >= TABS
            assert text.count("# TYPE earshot_connections gauge") == 1
            for page in ("healthz", "readyz"):
                assert requests.get(f"{server.url}/{page}", timeout=BOUND_S).status_code == 200


def test_when_one_is_killed_its_clients_come_back_to_the_others_and_lose_nothing(
    server: LiveServer,
) -> None:
    agent_id, producer = new_id("agent"), server.caller()
    call_id = producer.create(agent_id)
    token = server.token(agent_id)
    before = pids(server)
    with contextlib.ExitStack() as tabs:

        def tab(since: dict[str, object] | None = None) -> RawClient:
            client = tabs.enter_context(RawClient(server.url, {"token": token}))
            client.ok("call:subscribe", {"call_id": call_id, "since": since})
            return client

        made = [tab() for _ in range(TABS)]
        default = PlainClient(
            "socket.io-client",
            "polling then upgrade",
            server.url,
            [
                ("agent:connect", {"agent_id": agent_id, "auth_token": token}),
                ("call:subscribe", {"call_id": call_id}),
            ],
        )
        tabs.callback(default.close)
        default.until("call:status")
        producer.say(call_id, said("one", "s1"))
        heard = [client.event("transcription:update") for client in made]
        for number, pid in before.items():
            os.kill(pid, signal.SIGKILL)
            until(lambda number=number: pids(server)[number] != before[number])
        result = until(lambda: _said_again(server, call_id), START_S)
        cursor = {"epoch": heard[0]["epoch"], "seq": heard[0]["seq"]}
        for client in made:
            client.closed()
        for _ in range(TABS):
            back = tab(cursor)
            update = back.event("transcription:update")
            assert (update["text"], update["seq"]) == ("two", result["seq"])
        default.until("(connect)", 2, BACK_S)
        until(lambda: result["seq"] in default.seqs(), BACK_S)
    until(lambda: len(_CONNECTIONS.findall(_metrics(server))) == PROCESSES, START_S)
    assert server.store_pid


def _whole_page(server: LiveServer) -> str:
    """/metrics, asked again where it took so long that a process may have been left out."""

    def page() -> str:
        began = time.monotonic()
        text = requests.get(f"{server.url}/metrics", timeout=BOUND_S).text
        whole = len(_CONNECTIONS.findall(text)) == PROCESSES
        return text if whole or time.monotonic() - began < EXCHANGE_S else ""

    return str(until(page))


def _metrics(server: LiveServer) -> str:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{server.url}/metrics", timeout=BOUND_S).text
    return ""


def _said_again(server: LiveServer, call_id: str) -> dict[str, object] | None:
    """A producer sends again until it is answered; the process it asked may be dying."""
    with contextlib.suppress(requests.RequestException, AssertionError):
        return server.caller().say(call_id, said("two", "s2"))[0]
    return None


def test_sigterm_drains_all_of_them_and_ends_with_0(tmp_path: Path) -> None:
    with running(tmp_path / "leaving", EARSHOT__SERVER__PROCESSES=2) as server:
        token, store_pid = server.token("anna"), server.store_pid
        children = pids(server)
        with contextlib.ExitStack() as tabs:
            made = [
                tabs.enter_context(RawClient(server.url, {"token": token})) for _ in range(TABS)
            ]
            server.signal(signal.SIGTERM)
            for client in made:
                closing = client.event("session:closing")
                assert (closing["code"], closing["reconnect"]) == ("draining", True)
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
        assert "Traceback" not in server.log
        assert not server.store_pid
        for pid in (*children.values(), store_pid):
            assert not _lives(pid)


def test_when_the_parent_is_killed_its_processes_leave_and_the_next_start_takes_over(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "orphans", EARSHOT__SERVER__PROCESSES=2) as server:
        producer = server.caller()
        call_id = producer.create("anna")
        children = pids(server)
        server.kill()
        until(lambda: not any(map(_lives, children.values())), START_S)  # they drain
        server.start()
        assert server.caller().get(f"/v1/calls/{call_id}")["call"]["call_id"] == call_id


def test_a_process_that_cannot_start_ends_the_server_with_its_reason(tmp_path: Path) -> None:
    server = LiveServer(tmp_path / "refused", EARSHOT__SERVER__PROCESSES=2, JWT_SECRET="short")
    try:
        server.launch()
        assert server.wait() == 2
        assert "JWT_SECRET has fewer than" in server.log
        assert "processes.started" not in server.log
    finally:
        server.end()


def _lives(pid: int) -> bool:
    try:
        return b" Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return False

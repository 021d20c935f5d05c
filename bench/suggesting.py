"""What suggestions cost those who only listen, and how late they come.

`.venv/bin/python bench/suggesting.py DOCUMENTS [--checkout FOLDER]`: a real server with the
documents of a folder (kb.jsonl; they are only read), then

- restart: until documents and vectors are served again;
- idle: one call, from a final segment's request to its suggestion on a screen;
- busy: 50 calls with a customer's segment each 2.5 s, the same;
- deliveries: events to a screen that nobody suggests to, quiet, while other calls ask as fast
  as they can, while a document changes each second, and while bodies of nearly 10 MB are put
  without a pause (--deliveries: only these);
- memory: the server's and its ranking process's resident memory.

It prints one JSON object. `--checkout` measures another checkout of Earshot with this
script, side by side; the questions are the customer turns of DOCUMENTS/dialogues.jsonl.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import select
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import requests  # noqa: E402

from tests.live.raw_client import RawClient  # noqa: E402
from tests.live.server import Caller, LiveServer, environment, line, new_id, until  # noqa: E402

CALLS, EVERY_S = 50, 2.5
ASKING_CALLS = 40
CHUNK = 1000
RELEASED_S = 35.0  # after an import the model for documents leaves memory within 30 s


def quantile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 1)


def told(values: list[float]) -> dict[str, float]:
    return {
        "n": len(values),
        "p50": quantile(values, 0.5),
        "p95": quantile(values, 0.95),
        "p99": quantile(values, 0.99),
        "max": round(max(values), 1),
    }


class Call:
    """One call and the screen of its agent, read in a thread of its own."""

    def __init__(self, server: LiveServer, caller: Any) -> None:
        self._caller = caller
        agent_id = new_id("agent")
        self.call_id = caller.create(agent_id)
        self._client = RawClient(server.url, {"token": server.token(agent_id)})
        self._client.ok("call:subscribe", {"call_id": self.call_id})
        self._numbers = itertools.count(1)
        self.sent: dict[str, float] = {}
        self.suggested: dict[str, float] = {}
        self.heard: dict[str, float] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._closing:
            try:
                packet = self._client.next(1.0)
            except AssertionError:
                continue
            now = time.perf_counter()
            self._client.heard.clear()
            if packet.name == "ai:suggestion":
                self.suggested.setdefault(packet.data["because"], now)
            elif packet.name == "transcription:update":
                self.heard[packet.data["segment_id"]] = now
            elif packet.kind == "closed":
                return

    def say(self, text: str, speaker: str = "customer") -> str:
        segment_id = f"s{next(self._numbers)}"
        self.sent[segment_id] = time.perf_counter()
        self._caller.say(self.call_id, line(segment_id, text, speaker=speaker))
        return segment_id

    def close(self) -> None:
        self._closing = True
        self._thread.join()
        self._client.close()

    def lateness_ms(self, got: dict[str, float]) -> list[float]:
        """Of those that came; a suggestion that changes nothing is not sent."""
        return [(got[one] - self.sent[one]) * 1000 for one in self.sent if one in got]


def questions_of(folder: Path) -> list[str]:
    found = []
    with (folder / "dialogues.jsonl").open() as file:
        for row in map(json.loads, file):
            found += [t["text"] for t in row["turns"] if t["speaker"] == "customer"]
    random.Random(1).shuffle(found)
    return [text for text in found if len(text) > 20]


def put(server: LiveServer, folder: Path) -> int:
    admin = server.caller("admin-1", "admin")
    with (folder / "kb.jsonl").open() as file:
        rows = [{k: row[k] for k in ("id", "title", "text")} for row in map(json.loads, file)]
    for start in range(0, len(rows), CHUNK):
        answer = admin.ask("PUT", "/v1/documents", {"documents": rows[start : start + CHUNK]})
        assert answer.ok, answer.text
    return len(rows)


def served(server: LiveServer, count: int) -> bool:
    """All documents, with their vectors, where there is a page that says so."""
    admin = server.caller("admin-1", "admin")
    answer = admin.ask("GET", "/v1/knowledge")
    if answer.status_code == 404:
        return f"documents={count}" in server.log
    state = answer.json()
    return bool(
        state["ranking"] == "ok" and state["documents"] == count and not state["waiting"]
        and (state["model"] or "loaded" not in state["why"])
    )  # fmt: skip


def idle(server: LiveServer, texts: list[str], count: int) -> dict[str, float]:
    caller, late = server.caller(), []
    for start in range(0, count, 5):
        call = Call(server, caller)
        for text in texts[start : start + 5]:
            call.say(text)
            time.sleep(0.45)
        late += call.lateness_ms(call.suggested)
        call.close()
    return told(late)


def busy(server: LiveServer, texts: list[str], seconds: float) -> dict[str, float]:
    calls = [Call(server, server.caller()) for _ in range(CALLS)]
    began = time.perf_counter()
    words = itertools.cycle(texts)
    for turn in itertools.count():
        due = began + turn * EVERY_S / CALLS
        if due - began > seconds:
            break
        time.sleep(max(0.0, due - time.perf_counter()))
        calls[turn % CALLS].say(next(words))
    time.sleep(2)
    late = [one for call in calls for one in call.lateness_ms(call.suggested)]
    for call in calls:
        call.close()
    return told(late)


def deliveries(server: LiveServer, folder: Path, meanwhile: str, seconds: float) -> Any:
    """100 events a second to one screen. `meanwhile`: "ask", another process in which the
    customers of 40 calls speak without a pause; "change", another one that puts a document a
    second among those that are there; "put", one that puts the largest bodies; "" none."""
    listener = Call(server, server.caller())
    other = _other(server, folder, meanwhile) if meanwhile else None
    time.sleep(2.0)
    counts = {name: server.metric(name) for name in OUTCOMES}
    began = time.perf_counter()
    for turn in range(int(seconds * 100)):
        time.sleep(max(0.0, began + turn / 100 - time.perf_counter()))
        listener.say("hello", "agent")
    time.sleep(0.5)
    found: dict[str, Any] = told(listener.lateness_ms(listener.heard))
    took_s = time.perf_counter() - began
    for name, label in OUTCOMES.items():
        found[f"{label}_a_second"] = round((server.metric(name) - counts[name]) / took_s, 1)
    if other is not None:
        other.communicate()  # the end of its input ends it
    listener.close()
    return found


def _other(server: LiveServer, folder: Path, what: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, str(folder), f"--{what}", server.url]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def change(url: str) -> None:
    """Put a document a second, until the standard input ends."""
    token = requests.post(f"{url}/v1/tokens", json={"agent_id": "a", "role": "admin"}).json()
    with Caller(url, token["token"]) as caller:
        for number in itertools.count():
            if select.select([sys.stdin], [], [], 1.0)[0]:
                return
            changed = {"id": "changing", "title": "Changing", "text": f"Text {number}."}
            caller.ask("PUT", "/v1/documents", {"documents": [changed]})


def put_large(url: str) -> None:
    """Put 20 of the longest documents in one body, again and again, until the standard input
    ends."""
    token = requests.post(f"{url}/v1/tokens", json={"agent_id": "a", "role": "admin"}).json()
    text = "## Part\n\nSome *words* of a [manual](/manual), and **more** of it.\n\n" * 7_500
    rows = [{"id": f"large-{n}", "title": f"Large {n}", "text": text[:450_000]} for n in range(20)]
    body = json.dumps({"documents": rows}).encode()
    head = {"Authorization": f"Bearer {token['token']}"}
    while not select.select([sys.stdin], [], [], 0)[0]:
        answer = requests.put(f"{url}/v1/documents", data=body, headers=head, timeout=300)
        assert answer.ok, answer.text


def ask(url: str, texts: list[str]) -> None:
    """Speak in 40 calls, one after the other, until the standard input ends."""
    token = requests.post(f"{url}/v1/tokens", json={"agent_id": "p", "role": "producer"}).json()
    with Caller(url, token["token"]) as caller:
        call_ids = [caller.create("nobody") for _ in range(ASKING_CALLS)]
        words = itertools.cycle(texts)
        for number in itertools.count():
            if number % 20 == 0 and select.select([sys.stdin], [], [], 0)[0]:
                return
            caller.say(call_ids[number % ASKING_CALLS], line(f"s{number}", next(words)))


MEANWHILE = {
    "quiet": "",
    "while_others_ask": "ask",
    "while_documents_change": "change",
    "while_large_bodies_are_put": "put",
}
OUTCOMES = {
    'suggestions_total{outcome="shown"}': "shown",
    'suggestions_total{outcome="unchanged"}': "unchanged",
    'suggestions_total{outcome="superseded"}': "superseded",
    "suggestions_shed_total": "shed",
}


def memory(server: LiveServer) -> dict[str, int]:
    """Resident MB of the server, and of its ranking process where it has one."""
    found = {"server": _resident_mb(server.pid)}
    rows = subprocess.run(
        ["ps", "--ppid", str(server.pid), "-o", "pid=,args="], capture_output=True, text=True
    ).stdout.splitlines()
    for row in rows:
        if "web.ranking" in row:
            found["ranking"] = _resident_mb(int(row.split()[0]))
    found["together"] = sum(found.values())
    return found


def _resident_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1000


class Measured(LiveServer):
    """Of another checkout, with this one's Python."""

    checkout = ROOT

    def launch(self) -> None:
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.PROGRAM], cwd=self.checkout, stdin=subprocess.DEVNULL,
                env=environment(**self._settings), stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip


def suggestions(server: LiveServer, texts: list[str], count: int, seconds: float) -> dict[str, Any]:
    server.stop()
    began = time.perf_counter()
    server.start()
    listening_s = round(time.perf_counter() - began, 2)
    until(lambda: served(server, count), 60)
    return {
        "restart_to_listening_s": listening_s,
        "restart_to_served_s": round(time.perf_counter() - began, 2),
        "memory_after_restart_mb": memory(server),
        "idle_ms": idle(server, texts, 60),
        "busy_50_calls_ms": busy(server, texts, seconds),
    }


def measure(
    folder: Path, checkout: Path, seconds: float, settings: dict[str, str], *, whole: bool
) -> dict[str, Any]:
    texts = questions_of(folder)
    with tempfile.TemporaryDirectory() as place:
        server = Measured(Path(place), **settings)
        server.checkout = checkout.resolve()
        if server.checkout != ROOT:  # which may not know the limits that tests lift
            limits = [name for name in server._settings if "LIMITS" in name]
            server._settings.update(dict.fromkeys(limits))
        server.start()
        try:
            count = put(server, folder)
            began = time.perf_counter()
            until(lambda: served(server, count), 900)
            found: dict[str, Any] = {
                "documents": count,
                "import_to_served_s": round(time.perf_counter() - began, 1),
                "memory_after_import_mb": memory(server),
            }
            if whole:
                time.sleep(RELEASED_S)
                found["memory_settled_mb"] = memory(server)
                found |= suggestions(server, texts, count, seconds)
            for name, meanwhile in MEANWHILE.items():
                found[f"deliveries_{name}_ms"] = deliveries(server, folder, meanwhile, seconds)
            found["memory_mb"] = memory(server)
        finally:
            server.end()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("documents", type=Path)
    parser.add_argument("--checkout", type=Path, default=ROOT)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], dest="settings",
        help="a setting, as an environment variable: EARSHOT__EMBEDDING__USE=none",
    )  # fmt: skip
    parser.add_argument("--ask", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--change", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--put", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--deliveries", action="store_true", help="measure only these")
    given = parser.parse_args()
    if given.change:
        change(given.change)
        return 0
    if given.put:
        put_large(given.put)
        return 0
    if given.ask:
        ask(given.ask, questions_of(given.documents))
        return 0
    settings = dict(one.split("=", 1) for one in given.settings)
    found = measure(
        given.documents, given.checkout, given.seconds, settings, whole=not given.deliveries
    )
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

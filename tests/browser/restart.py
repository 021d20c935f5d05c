"""A server is killed in mid-call and comes back: what a crowd of clients and a desk make of it.

Owns the killing, and the judgement against the server's log: every line once, the crowd spread
out. tests/browser runs it briefly, tests/long as long as an outage lasts.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.live.server import SECRET, line, running

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "desk" / "restart.mjs"
CLIENTS = 50
BEFORE, AFTER = 3, 3  # lines
BUCKET_MS = 250
# The client's first windows are 500, 1,000, 2,000, 4,000 ms: no spread of fifty keeps each of so
# few buckets below a fifth. A tenth of a window is judged in all of them.
FIRST_WIDE_ATTEMPT = 4
BASE_MS, LONGEST_MS = 500, 10_000
# Chance alone puts 20 of 50 into one tenth in one run of a million; without jitter it is all.
MOST_OF_A_TENTH = 0.38
NEARLY_ALL = 0.9
BOUND_S = 120


def seen_through_a_restart(folder: Path, node: str, chromium: str, away_s: float = 0.0) -> Any:
    """What restart.mjs saw, and the log's lines as `log`: [(segment_id, text)]. The server is away
    until all have tried in vain so often that their windows are wide, and for `away_s` at least."""
    with running(folder) as server, server.caller() as producer:
        call_id = producer.create("agent-1")
        producer.say(call_id, *(line(f"s{n}", f"line {n}") for n in range(BEFORE - 1)))
        counts = (CLIENTS, BEFORE + AFTER, FIRST_WIDE_ATTEMPT)
        with subprocess.Popen(
            [node, str(SCRIPT), server.url, call_id, *map(str, counts)],
            cwd=ROOT,
            env=os.environ | {"CHROMIUM": chromium, "JWT_SECRET": SECRET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as crowd:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == "ready\n"
            producer.say(call_id, line("last", "the last line before"))
            server.kill()
            killed_at = time.monotonic()
            assert crowd.stdout.readline() == "tried\n"
            time.sleep(max(0.0, killed_at + away_s - time.monotonic()))
            server.start()
            with server.caller() as again:
                again.say(call_id, *(line(f"t{n}", f"line {n} after") for n in range(AFTER)))
                log = again.log(call_id)
            said, _ = crowd.communicate("go on\n", timeout=BOUND_S)
    assert crowd.returncode == 0
    lines = [event["data"] for event in log if event["event"] == "transcription:update"]
    assert len(lines) == BEFORE + AFTER
    return json.loads(said) | {"log": [(one["segment_id"], one["text"]) for one in lines]}


def judge(seen: Any, most_of_a_bucket: float = 0.2) -> None:
    ids = [segment_id for segment_id, _ in seen["log"]]
    assert seen["desk"] == [text for _, text in seen["log"]], "the desk shows the log"
    # The last line before may have been on its way when the server was killed.
    missed = len(ids) - seen["shown"]
    assert missed in (AFTER, AFTER + 1)
    mark = f"{missed} lines from here came in after a lost connection"
    assert seen["marks"] == [mark], seen["marks"]
    assert seen["complaints"] == []
    assert len(seen["crowd"]) == CLIENTS
    for one in seen["crowd"]:
        assert one["ids"] == ids, "none is missing"
        assert max(Counter(one["heard"]).values()) == 1, "none came twice"
    judge_spread([one["tries"] for one in seen["crowd"]], most_of_a_bucket)


def judge_spread(
    tries_of_each: list[list[tuple[int, float, float]]], most_of_a_bucket: float
) -> None:
    """`tries`: (attempt, waited_ms, moment_ms) in order; the last one got through."""
    waits: dict[int, list[float]] = {}
    for tries in tries_of_each:
        for attempt, waited_ms, _ in tries:
            waits.setdefault(attempt, []).append(waited_ms)
    judged = {
        attempt: all_ms for attempt, all_ms in waits.items() if len(all_ms) > CLIENTS * NEARLY_ALL
    }
    assert max(judged) >= FIRST_WIDE_ATTEMPT, "they tried in vain until their windows were wide"
    for attempt, all_ms in judged.items():
        window_ms = min(LONGEST_MS, BASE_MS * 2**attempt)
        assert fullest(all_ms, window_ms / 10) <= MOST_OF_A_TENTH, f"attempt {attempt}"
        if attempt >= FIRST_WIDE_ATTEMPT:
            assert fullest(all_ms, BUCKET_MS) <= most_of_a_bucket, f"attempt {attempt}"
    moments = [tries[-1][2] for tries in tries_of_each]
    assert fullest(moments, BUCKET_MS) <= most_of_a_bucket, "when they came back"


def fullest(values: Iterable[float], bucket: float) -> float:
    """The share of the fullest bucket."""
    counts = Counter(int(value // bucket) for value in values)
    return max(counts.values()) / counts.total()

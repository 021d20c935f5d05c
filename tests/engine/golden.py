"""Calls and what must be seen of them, as a file that Python and TypeScript both read.

Owns tests/golden/calls.json: logs as engine/call.py folds them, the same events as a browser
may get them (twice, late, with holes, interim text in between), what engine/cursor.py says of
each, and what a screen must show in the end. `python -m tests.engine.golden` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from engine import wire
from engine.call import Call
from engine.cursor import Relation, relation
from engine.log import StoredEvent
from engine.times import instant_at, seconds_of
from tests.engine.histories import EPOCH, KEY, created, stored

FILE = Path(__file__).parents[1] / "golden" / "calls.json"
CASES = 20
VIEWER = "ann"  # whose verdicts the cards show
NOW_S = 1_700_000_100.0
_DOCUMENTS = ("d1", "d2", "d3", "d4")


def text() -> str:
    """The file's content."""
    cases = [_case(seed) for seed in range(CASES)]
    lines = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _case(seed: int) -> dict[str, Any]:
    random = Random(seed)
    log = _log(random)
    start = random.randrange(len(log))
    before = _fold(log[:start]) if start else None
    return {
        "name": f"seed {seed}",
        "agent_id": VIEWER,
        "cursor": {"epoch": EPOCH, "seq": start},
        "snapshot": _plain(before.snapshot(NOW_S)) if before else None,
        "steps": _steps(random, log, start),
        "expected": _expected(_fold(log)),
    }


# --- a log ------------------------------------------------------------------------------------


def _log(random: Random) -> list[StoredEvent]:
    log = [created(agent_ids=(VIEWER, "ben"))]
    for _ in range(random.randint(6, 30)):
        seq = len(log) + 1
        log.append(stored(_event(random, seq), seq))
    return log


def _event(random: Random, seq: int) -> wire.LogEvent:
    call_id = KEY.call_id
    kinds = ["line", "line", "line", "cards", "verdict", "dismissal", "status", "summary"]
    match random.choice(kinds):
        case "line":
            return _line(random, f"s{seq}", final=True)
        case "cards":
            chosen = random.sample(_DOCUMENTS, random.randint(0, 3))
            documents = [wire.SuggestedDocument(one, one.upper(), "…", 0.5) for one in chosen]
            summary = random.choice(["", "A bill", "Ein Anschluss 📞"])
            kind: Any = "title" if summary else "none"
            return wire.AiSuggestion(
                call_id, documents, summary, kind, f"g{seq}", f"s{seq - 1}", EPOCH, seq
            )
        case "verdict":
            who, document = random.choice([VIEWER, "ben"]), random.choice(_DOCUMENTS)
            helpful = random.choice([True, False, None])
            return wire.FeedbackUpdate(call_id, document, who, helpful, EPOCH, seq)
        case "dismissal":
            return wire.FeedbackUpdate(
                call_id, random.choice(_DOCUMENTS), "ben", None, EPOCH, seq, dismissed=True
            )
        case "summary":
            return wire.CallSummary(call_id, f"why {seq}", [], "", [], "rules", EPOCH, seq)
        case _:
            status: Any = random.choice(["active", "on_hold", "ended"])
            started = "2023-11-14T22:13:20.000Z"
            return wire.CallStatus(call_id, status, 5, started, [VIEWER, "ben"], EPOCH, seq)


def _line(
    random: Random, segment_id: str, *, final: bool, revision: int = 0
) -> wire.TranscriptionUpdate:
    """Within seconds of the others, so that several share an instant and none is abandoned."""
    speaker: Any = random.choice(["customer", "agent"])
    said = instant_at(1_700_000_000.0 + random.randint(0, 6))
    words = random.choice(["yes", "my bill", "<b>no</b>", "שלום", "👩‍💻 ok"])
    return wire.TranscriptionUpdate(
        KEY.call_id, speaker, f"{words} {segment_id}.{revision}", said, segment_id, revision, final
    )


# --- how a browser gets it ----------------------------------------------------------------------


def _steps(random: Random, log: list[StoredEvent], start: int) -> list[dict[str, Any]]:
    """Each event at least once and in the end all of them, as after a replay."""
    steps: list[dict[str, Any]] = []
    cursor = wire.Cursor(EPOCH, start)
    while cursor.seq < len(log):
        ahead = min(len(log), cursor.seq + random.choice([1, 1, 1, 1, 2, 4]))
        stale = random.randint(1, max(1, cursor.seq))
        for seq in (random.choice([ahead, ahead, stale]), cursor.seq + 1):
            if seq > len(log) or seq < 1:
                continue
            found = relation(cursor, EPOCH, seq)
            if found is Relation.NEXT:
                steps += _interims(random, log[seq - 1])
                cursor = wire.Cursor(EPOCH, seq)
            steps.append({"event": _named(log[seq - 1]), "relation": found.value})
            if found is Relation.NEXT and random.random() < 0.3:
                steps += _interims(random, log[seq - 1])  # late, after its final
    return steps


def _interims(random: Random, event: StoredEvent) -> list[dict[str, Any]]:
    """What was heard of a line before it was final, in an order of the network's."""
    if event.event != "transcription:update":
        return []
    segment_id = json.loads(event.body)["segment_id"]
    revisions = [random.randint(0, 5) for _ in range(random.randint(0, 4))]
    interims = [_line(random, segment_id, final=False, revision=one) for one in revisions]
    return [
        {"event": {"name": "transcription:update", "body": _plain(one)}, "relation": "next"}
        for one in interims
    ]


# --- what must be seen --------------------------------------------------------------------------


def _expected(call: Call) -> dict[str, Any]:
    lines = sorted(call.segments, key=lambda line: (seconds_of(line.timestamp), line.seq))
    suggestion = call.suggestion
    shown = suggestion.documents if suggestion else []
    own = {
        document: verdict.helpful
        for (who, document), verdict in call.verdicts.items()
        if who == VIEWER
    }
    return {
        "cursor": {"epoch": call.epoch, "seq": call.seq},
        "lines": [[line.segment_id, line.text] for line in lines],
        "cards": [[one.id, own.get(one.id)] for one in shown if one.id not in call.dismissed],
        "summary": suggestion.summary if suggestion else "",
        "status": call.status,
    }


def _fold(log: list[StoredEvent]) -> Call:
    call = Call.empty(KEY, EPOCH)
    for event in log:
        call.apply(event)
    return call


def _named(event: StoredEvent) -> dict[str, Any]:
    return {"name": event.event, "body": json.loads(event.body)}


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")

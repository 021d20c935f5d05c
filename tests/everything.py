"""Every test, in as many processes at a time as there are cores.

Owns the cutting of the suite into units and the page about them. A unit is one pytest run: a
folder, or a single file where files take long; it tests in a process of its own, so units can
disturb one another only by load. tests/engine and tests/contract are run twice, the second
time without gevent's patch, because the core must not need it. The TypeScript tests are one
more unit. EARSHOT_TEST_JOBS says how many run at a time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path
from typing import NamedTuple

# Whose files are units of their own, because they wait for real processes.
FILE_BY_FILE = ("tests/live", "tests/browser", "tests/chaos", "tests/web/cli")
# Never here: they take minutes each (`make test-long`).
ELSEWHERE = ("tests/long",)
UNPATCHED = ("tests/engine", "tests/contract")
NOTHING_COLLECTED = 5
UNIT_TIMEOUT_S = 1200.0  # the longest take two minutes, and ten times that under load
_COUNTS = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")


class Unit(NamedTuple):
    name: str
    command: list[str]
    weight: int  # those that take longest begin first


class Outcome(NamedTuple):
    unit: Unit
    code: int
    output: str
    took_s: float

    @property
    def passed(self) -> bool:
        return self.code in (0, NOTHING_COLLECTED)

    @property
    def counts(self) -> Counter[str]:
        """Of pytest's last line, and of Vitest's line about tests (not about files)."""
        counts: Counter[str] = Counter()
        lines = re.sub(r"\x1b\[[0-9;]*m", "", self.output).splitlines()
        ours = [line for line in lines if line.strip().startswith("Tests ")] or [
            line for line in lines if re.search(r"\d+ (passed|failed|errors?|skipped).* in ", line)
        ][-1:]
        for line in ours:
            for count, word in _COUNTS.findall(line):
                counts["failed" if word.startswith("error") else word] += int(count)
        return counts


def units(root: Path, options: list[str]) -> list[Unit]:
    """What there is to run, those that wait longest first."""
    runner = [sys.executable, str(root / "tests" / "run.py")]
    plain = [sys.executable, "-m", "pytest", *options]
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        file = path.relative_to(root).as_posix()
        folder = path.parent.relative_to(root).as_posix()
        if folder.startswith(ELSEWHERE):
            continue
        alone = folder.startswith(FILE_BY_FILE)
        found.setdefault(file if alone else folder, []).append(file)
    made = [
        Unit(name, [*runner, *files], 2 if name.endswith(".py") else 1)
        for name, files in found.items()
    ]
    made += [
        Unit(f"{folder}, unpatched", [*plain, folder], 1)
        for folder in UNPATCHED
        if (root / folder).is_dir()
    ]
    if (root / "web/ui/package-lock.json").is_file():
        command = ["npm", "test", "--silent", "--prefix", str(root / "web/ui")]
        made.append(Unit("TypeScript tests", command, 3))
    return sorted(made, key=lambda unit: -unit.weight)


def run_everything(root: Path, options: list[str]) -> int:
    """The exit code: 0 when every unit passed."""
    waiting = deque(units(root, options))
    jobs = int(os.environ.get("EARSHOT_TEST_JOBS", 0)) or max(2, os.cpu_count() or 2)
    total, began = len(waiting), time.monotonic()
    done: list[Outcome] = []
    _say(f"== {total} units of tests, {jobs} at a time")

    def work() -> None:
        while True:
            try:
                unit = waiting.popleft()
            except IndexError:
                return
            done.append(_run(root, unit))
            _tell(done[-1], len(done), total)

    workers = [threading.Thread(target=work) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    failed = [outcome for outcome in done if not outcome.passed]
    counts: Counter[str] = sum((outcome.counts for outcome in done), Counter())
    for outcome in failed:
        _say(f"\n== FAILED: {outcome.unit.name}\n{outcome.output}")
    _say(f"\n== {total} units in {time.monotonic() - began:.0f} s")
    # A unit that broke without naming a test is a failure all the same.
    broken = sum(1 for outcome in failed if not outcome.counts["failed"])
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    _say(f"{counts['passed']} passed, {counts['failed'] + broken} failed{skipped}")
    return 1 if failed else 0


def _run(root: Path, unit: Unit) -> Outcome:
    began = time.monotonic()
    process = subprocess.Popen(
        unit.command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        output, _ = process.communicate(timeout=UNIT_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        output += f"\nstopped: took over {UNIT_TIMEOUT_S:g} s"
    return Outcome(unit, process.returncode, output, time.monotonic() - began)


def _tell(outcome: Outcome, number: int, total: int) -> None:
    said = ", ".join(f"{count} {word}" for word, count in sorted(outcome.counts.items()))
    verdict = said or ("nothing to run" if outcome.passed else "broke")
    mark = "ok    " if outcome.passed else "FAILED"
    _say(f"[{number:>2}/{total}] {mark} {outcome.unit.name}: {verdict} in {outcome.took_s:.0f} s")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

"""What a knowledge base of so many passages costs the ranking process, and where a cliff is.

`.venv/bin/python bench/knowledge.py [--sizes 10000,100000]`: each size in a process of its own,
documents of two passages with words as rare and as common as in a language, random vectors of
384 numbers. No store and no model: what they cost does not depend on what is held. Seconds are
the processor's, so that a busy machine tells nearly the same. Then

- build_s: the first index of all; vectors_s: those of all put beside it, as at a restart;
- change_ms: one document put among them; delete_ms; batch_ms: vectors of 512 more documents,
  which an import does once every 512;
- state_ms: what is asked twice a second for /v1/knowledge;
- words_ms, both_ms: candidates for one question, by words alone and with two query vectors;
- index_mb: resident memory beside the interpreter's and the documents' own; peak_mb: at most.

It prints one JSON object; `times` is the largest size as multiples of the smallest.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from engine.assist.ranking import rank  # noqa: E402
from engine.knowledge.documents import Document  # noqa: E402
from engine.knowledge.index import Index  # noqa: E402
from engine.knowledge.vectors import DocumentVectors, digest_of  # noqa: E402

VOCABULARY = 30_000
WORDS = 55  # of a passage
PASSAGES = 2  # of a document
DIMENSION = 384
BATCH = 512  # documents whose vectors are served at once while they are made
ROUNDS = 7
QUESTION = 9  # words
MODEL = "random"


class Texts:
    """Words drawn as in a language: the n-th most common one n times as rare as the first."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._words = [self._word() for _ in range(VOCABULARY)]
        self._weights = np.cumsum(1 / np.arange(1, VOCABULARY + 1)).tolist()

    def _word(self) -> str:
        letters = "abcdefghijklmnoprstuvwyz"
        return "".join(self._random.choices(letters, k=self._random.randint(4, 9)))

    def words(self, count: int) -> list[str]:
        return self._random.choices(self._words, cum_weights=self._weights, k=count)

    def document(self, number: int) -> Document:
        parts = []
        for part in range(PASSAGES):
            parts.append(f"# {' '.join(self.words(3))} {number} {part}")
            parts.append(" ".join(self.words(WORDS)).capitalize() + ".")
        title = " ".join(self.words(4))
        return Document(f"d{number}", title, "\n\n".join(parts), "t", "2025-01-01T00:00:00.000Z")


def records_of(index: Index, noise: np.random.Generator) -> list[DocumentVectors]:
    found = []
    for one in index.unembedded():
        rows = noise.integers(-127, 128, (len(one.texts), DIMENSION), dtype=np.int8)
        digests = b"".join(map(digest_of, one.texts))
        found.append(DocumentVectors(one.doc_id, MODEL, digests, rows.tobytes()))
    return found


def seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def median_ms(work: Callable[[int], Any], rounds: int = ROUNDS) -> float:
    taken = sorted(seconds(lambda n=n: work(n)) for n in range(rounds))
    return round(taken[len(taken) // 2] * 1000, 2)


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition("VmRSS:")[2].split()[0]) / 1000, 1)


def measure(passages: int) -> dict[str, float]:
    texts, noise = Texts(1), np.random.default_rng(1)
    documents = [texts.document(number) for number in range(passages // PASSAGES)]
    before_mb = resident_mb()
    found: dict[str, float] = {}
    began = time.process_time()
    index = Index.build(documents)
    found["build_s"] = round(time.process_time() - began, 2)
    records = records_of(index, noise)
    began = time.process_time()
    index = index.with_vectors(records, MODEL, DIMENSION)
    found["vectors_s"] = round(time.process_time() - began, 2)
    batch = records[:BATCH]
    del records
    # Kept beside the next one while it is built, as it is where questions are answered.
    found["change_ms"] = median_ms(lambda n: index.with_changes([texts.document(n)]))
    found["delete_ms"] = median_ms(lambda n: index.with_changes([], [f"d{n}"]))
    found["batch_ms"] = median_ms(lambda n: index.with_vectors(batch, MODEL, DIMENSION))
    found["state_ms"] = median_ms(lambda n: index.unembedded_count)
    questions = [dict.fromkeys(texts.words(QUESTION), 1.0) for _ in range(50)]
    vectors = noise.standard_normal((50, 2, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    found["words_ms"] = median_ms(lambda n: rank(index, questions[n], (), None, {}), 50)
    found["both_ms"] = median_ms(lambda n: rank(index, questions[n], (), vectors[n], {}), 50)
    found["index_mb"] = round(resident_mb() - before_mb, 1)
    found["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, 1)
    found["passages"] = index.passage_count
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="10000,100000", help="passages, with commas")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(measure(given.one)) + "\n")
        return 0
    found: dict[str, Any] = {}
    for size in sorted(int(text) for text in given.sizes.split(",")):
        command = [sys.executable, __file__, "--one", str(size)]
        found[str(size)] = json.loads(subprocess.run(command, check=True, stdout=-1).stdout)
        sys.stderr.write(f"{size:,} passages measured\n")
    if len(found) > 1:
        least, *_, most = found.values()
        found["times"] = {name: round(most[name] / max(least[name], 1e-9), 1) for name in least}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

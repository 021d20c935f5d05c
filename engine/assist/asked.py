"""What a proposal was found with: kept beside what was shown, so that verdicts can teach.

Owns the shape only. The vector is of the words that were asked with and never leaves the
store; the words are the customer's own and are kept no longer than the call.
"""

from __future__ import annotations

from msgspec import Struct


class Asked(Struct, frozen=True):
    """`vector`: the embedding of the query, little-endian float16, b'' without a model;
    `model`: which model made it; `words`: the content words of the customer's turn."""

    vector: bytes = b""
    model: str = ""
    words: tuple[str, ...] = ()

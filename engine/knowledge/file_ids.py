"""The id of a document that is a file: its path, in the characters an id may have.

Owns that two files of a folder have two ids in any script, and that a file has one id on every
system. Whether an id may be a document's is documents.py's to say.
"""

from __future__ import annotations

import re
from hashlib import sha256
from unicodedata import combining, normalize

from engine.knowledge.documents import UNREACHABLE

MOST_CHARACTERS = 128
MARK_CHARACTERS = 8  # of a digest, where characters had to be left out that tell files apart

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.:@|+*-]+")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d"})


def id_of(relative_path: str) -> str:
    """`billing/Late fee.md` is `billing.Late-fee`, `Gebühr.md` is `Gebuhr`. A name in another
    script, or too long a path, ends in a digest of the whole."""
    bare = relative_path.rpartition(".")[0].replace("/", ".")
    # A Mac writes accents as characters of their own.
    plain = "".join(one for one in normalize("NFKD", bare) if not combining(one))
    plain = plain.translate(_LETTERS)
    found = _NOT_IN_IDS.sub("-", plain).strip("-")
    if len(found) > MOST_CHARACTERS or any(map(_tells, _NOT_IN_IDS.findall(plain))):
        exact = normalize("NFC", bare).encode("utf-8", "surrogatepass")
        mark = sha256(exact).hexdigest()[:MARK_CHARACTERS]
        found = f"{found[: MOST_CHARACTERS - 1 - MARK_CHARACTERS].rstrip('-')}-{mark}".lstrip("-")
    found = found or "document"
    return f"{found}_" if found in UNREACHABLE else found


def _tells(left_out: str) -> bool:
    return any(one.isalnum() or combining(one) or "\ud800" <= one <= "\udfff" for one in left_out)

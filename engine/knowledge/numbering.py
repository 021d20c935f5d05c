"""Terms as numbers, which stay what they are from one index to the next.

Owns the numbers, and for each document those of its terms: after a change only what it
brought is looked up, where 100,000 passages hold millions of words. It grows with every word
that was ever there; whoever makes the next index says when to begin anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.knowledge.entry import Entry

Ids = NDArray[np.int32]
_Terms = tuple[tuple[str, ...], ...]
_Numbered = dict[str, tuple[_Terms, Ids]]  # by document id; the terms tell whether it changed


class Numbering:
    """Of the entries of one index. What it answers does not change, although the words that a
    later one adds are in the same dictionary; several threads may make the next one."""

    def __init__(self, held: Sequence[Entry], before: Numbering | None = None) -> None:
        self._places: dict[str, int] = before._places if before else {}
        self._growing: Lock = before._growing if before else Lock()
        old: _Numbered = before._of if before else {}
        with self._growing:
            self._of: _Numbered = {one.document.id: self._numbered(old, one) for one in held}
            self.columns = len(self._places)

    def place(self, term: str) -> int | None:
        """The number of a term; None for one that no document here has brought."""
        found = self._places.get(term)
        return found if found is not None and found < self.columns else None

    def ids(self) -> Ids:
        """Of the terms of all passages, one after the other."""
        return np.concatenate([ids for _, ids in self._of.values()] or [np.zeros(0, np.int32)])

    def _numbered(self, old: _Numbered, one: Entry) -> tuple[_Terms, Ids]:
        known = old.get(one.document.id)
        if known is not None and known[0] is one.terms:
            return known
        places = self._places
        ids = [places.setdefault(term, len(places)) for row in one.terms for term in row]
        return one.terms, np.array(ids, dtype=np.int32)

"""Chunks of logs that were just read for somebody: the next who asks need not read them again.

Owns a node's few kept chunks, oldest use first out. A log only grows, so a chunk stays true as
long as its epoch lives. It reads nothing and starts nothing; whoever ends a call's actor here
takes the call's chunks out, so that no erased text stays.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from actors import messages as m
from engine.log import CallKey

CHUNKS_KEPT = 64  # of 64 KiB at most: some 8 MiB of a node, with their WebSocket frames


class Shelf:
    """One per node, used inside actors' turns."""

    def __init__(self) -> None:
        self._chunks: OrderedDict[tuple[CallKey, int], tuple[m.LogFrame, ...]] = OrderedDict()
        self._starts: dict[CallKey, list[int]] = {}

    def put(self, key: CallKey, frames: Sequence[m.LogFrame]) -> None:
        """One or more frames of one epoch, without a gap."""
        place = (key, frames[0].seq)
        if place not in self._chunks:
            self._starts.setdefault(key, []).append(frames[0].seq)
        self._chunks[place] = tuple(frames)
        self._chunks.move_to_end(place)
        if len(self._chunks) > CHUNKS_KEPT:
            (oldest, start), _ = self._chunks.popitem(last=False)
            self._forget_start(oldest, start)

    def find(self, key: CallKey, epoch: str, after: int) -> tuple[m.LogFrame, ...]:
        """What follows `after`, if some chunk holds the next event; else ()."""
        for start in self._starts.get(key, ()):
            frames = self._chunks[key, start]
            if start <= after + 1 <= frames[-1].seq and frames[0].epoch == epoch:
                self._chunks.move_to_end((key, start))
                return frames[after + 1 - start :]
        return ()

    def forget(self, key: CallKey) -> None:
        for start in self._starts.pop(key, ()):
            del self._chunks[key, start]

    def __len__(self) -> int:
        return len(self._chunks)

    def _forget_start(self, key: CallKey, start: int) -> None:
        starts = self._starts[key]
        starts.remove(start)
        if not starts:
            del self._starts[key]

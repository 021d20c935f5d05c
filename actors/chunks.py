"""How much of a log is handed on at once."""

from __future__ import annotations

from collections.abc import Iterable

from actors import messages as m

CHUNK_EVENTS = 256
CHUNK_BYTES = 65_536


def bounded(frames: Iterable[m.LogFrame]) -> tuple[m.LogFrame, ...]:
    """At most CHUNK_EVENTS and about CHUNK_BYTES, but never none of some."""
    taken: list[m.LogFrame] = []
    size = 0
    for frame in frames:
        if taken and (size >= CHUNK_BYTES or len(taken) >= CHUNK_EVENTS):
            break
        taken.append(frame)
        size += len(frame.frame.packet)
    return tuple(taken)

"""Where a reader is in a call's log, and what an event means to it.

`relation` is the whole of delivery's logic: live events, replays and late joins all ask
it. Pure; knows neither logs nor sockets.
"""

from __future__ import annotations

from enum import Enum

from engine.wire import Cursor


class Relation(Enum):
    NEXT = "next"  # apply it and advance
    STALE = "stale"  # seen already, or of an older epoch: drop it
    GAP = "gap"  # something between is missing: read it from the log
    RESET = "reset"  # a newer epoch: the cursor says nothing about this log any more


def relation(cursor: Cursor, epoch: str, seq: int) -> Relation:
    """What an event (epoch, seq) is to a reader at `cursor`. Epochs sort by age."""
    if epoch != cursor.epoch:
        return Relation.RESET if epoch > cursor.epoch else Relation.STALE
    if seq == cursor.seq + 1:
        return Relation.NEXT
    return Relation.STALE if seq <= cursor.seq else Relation.GAP

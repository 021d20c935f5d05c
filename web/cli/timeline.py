"""A script as a timeline: what a recogniser would post, and when.

Owns the making of segments out of lines, interim text included, where a script has none.
Pure: seconds count from the beginning of the call.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from web.cli.scripts import Interim, Line, Script

INTERIM_S = 0.3  # how often a recogniser that streams shows what it has heard so far


class Piece(NamedTuple):
    """One posting of a segment, due at `at_s`. `spoken_at_s` is when its line began."""

    at_s: float
    spoken_at_s: float
    segment_id: str
    speaker: str
    text: str
    revision: int
    final: bool


def timeline(script: Script, *, interim: bool) -> list[Piece]:
    """Every piece of a call in the order of posting: a line's final text is its last."""
    pieces = [
        piece
        for number, line in enumerate(script.lines, 1)
        for piece in _pieces(f"line-{number:03d}", line, interim=interim)
    ]
    return sorted(pieces, key=lambda piece: piece.at_s)


def _pieces(segment_id: str, line: Line, *, interim: bool) -> list[Piece]:
    heard = [entry for entry in _heard(line) if entry.at_s <= line.end_s] if interim else []
    pieces = [
        Piece(entry.at_s, line.at_s, segment_id, line.speaker, entry.text, revision, False)
        for revision, entry in enumerate(heard, 1)
    ]
    revision = len(pieces) + 1 if interim else 0
    pieces.append(Piece(line.end_s, line.at_s, segment_id, line.speaker, line.text, revision, True))
    return pieces


def _heard(line: Line) -> list[Interim]:
    if line.interims is not None:
        return sorted(line.interims, key=lambda entry: entry.at_s)
    return growing(line)


def growing(line: Line) -> list[Interim]:
    """Longer and longer beginnings of a line, one for each INTERIM_S in which it grew."""
    words = line.text.split()
    heard_by: dict[int, int] = {}  # tick -> words said when it comes
    for count in range(1, len(words)):
        said_s = line.duration_s * count / len(words)
        heard_by[math.ceil(said_s / INTERIM_S)] = count
    return [
        Interim(line.at_s + tick * INTERIM_S, " ".join(words[:count]))
        for tick, count in heard_by.items()
        if tick * INTERIM_S < line.duration_s
    ]

"""Interim text of a call: the newest of each open segment, and of each speaker.

Not in the log and not promised to anybody; a later revision replaces an earlier one and a
final ends it. Bounded: a recogniser that never finishes its segments loses the oldest.
"""

from __future__ import annotations

import msgspec

from actors.ports import Frame
from engine.wire import TranscriptionUpdate

OPEN_SEGMENTS = 16

_decoder = msgspec.json.Decoder(TranscriptionUpdate)


class Interims:
    def __init__(self) -> None:
        self.by_segment: dict[str, TranscriptionUpdate] = {}
        self._frames: dict[str, Frame] = {}  # segment_id -> what was sent

    def keep(self, update: TranscriptionUpdate, frame: Frame) -> None:
        self.forget(update.segment_id)
        if len(self.by_segment) >= OPEN_SEGMENTS:
            self.forget(next(iter(self.by_segment)))
        self.by_segment[update.segment_id] = update
        self._frames[update.segment_id] = frame

    def is_newer(self, update: TranscriptionUpdate) -> bool:
        before = self.by_segment.get(update.segment_id)
        return before is None or before.revision < update.revision

    def forget(self, segment_id: str) -> None:
        self.by_segment.pop(segment_id, None)
        self._frames.pop(segment_id, None)

    def clear(self) -> None:
        self.by_segment.clear()
        self._frames.clear()

    def frames(self) -> tuple[Frame, ...]:
        """The newest of each speaker, for somebody who joins."""
        newest = {update.speaker: segment_id for segment_id, update in self.by_segment.items()}
        return tuple(self._frames[segment_id] for segment_id in newest.values())

    @staticmethod
    def decode(body: bytes) -> TranscriptionUpdate | None:
        """From another node; None if it cannot be understood."""
        try:
            return _decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

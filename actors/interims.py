"""Interim text of a call: the newest of each open segment, and of each speaker.

Not in the log and not promised to anybody; a later revision replaces an earlier one and a
final ends it. Bounded: a recogniser that never finishes its segments loses the oldest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from actors.ports import Frame
from engine.decoding import encode
from engine.wire import TranscriptionUpdate

if TYPE_CHECKING:
    from actors.call import CallActor

OPEN_SEGMENTS = 16

_decoder = msgspec.json.Decoder(TranscriptionUpdate)


class Interims:
    """Run inside the CallActor's turns."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self.by_segment: dict[str, TranscriptionUpdate] = {}
        self._frames: dict[str, Frame] = {}  # segment_id -> what was sent

    def publish(self, update: TranscriptionUpdate) -> None:
        """Of a producer here: to who is joined, and to the other nodes."""
        call = self._actor.call
        if call is not None and update.segment_id in call.finals:
            return  # its final was in the same batch, and has been told
        body = encode(update)
        self._tell(update, body)
        self._actor.context.store.publish_interim(self._actor.key, body)

    def on_foreign(self, origin: str, body: bytes) -> None:
        """Of another node."""
        actor, update = self._actor, self.decode(body)
        if origin == actor.context.node or update is None or actor.call is None:
            return
        if update.segment_id not in actor.call.finals and self.is_newer(update):
            self._tell(update, body)

    def _tell(self, update: TranscriptionUpdate, body: bytes) -> None:
        frame = Frame.of("transcription:update", body)
        self._actor.health.heard()
        self.keep(update, frame)
        self._actor.audience.tell_interim(frame)

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

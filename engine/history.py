"""Older segments of a call, read backwards from its log. Holds no state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from engine.answers import HistoryPage
from engine.log import CallKey, CallLog, StoredEvent
from engine.wire import CallHistory, TranscriptionUpdate

STEP = 200  # events read at once
STEPS = 20  # then the page is given as it is: `more` says that there may be others

_decode = msgspec.json.Decoder(TranscriptionUpdate).decode


def history_page(log: CallLog, call: CallKey, query: CallHistory) -> HistoryPage:
    """Up to `limit` finals before seq `before`, oldest first. Raises LogUnavailable."""
    found: list[TranscriptionUpdate] = []
    top = log.tops([call])[0]
    # A client that wants the latest may ask for what is before any number.
    end = min(query.before - 1, top.seq) if top is not None else 0
    for _ in range(STEPS):
        if end < 1 or len(found) >= query.limit:
            break
        start = max(0, end - STEP)
        page: list[TranscriptionUpdate] = []
        after = start
        while after < end:
            read = log.read(call, after, end - after)
            if read is None or not read.events:
                break
            page += _finals([stored for stored in read.events if stored.seq <= end])
            after = read.events[-1].seq
        found = page + found
        end = start
    kept = found[-query.limit :]
    return HistoryPage(kept, more=end >= 1 or len(kept) < len(found))


def _finals(events: Sequence[StoredEvent]) -> Iterator[TranscriptionUpdate]:
    """Those that can be understood: a newer node may have written what we cannot read."""
    for stored in events:
        if stored.event == "transcription:update":
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                yield _decode(stored.body)

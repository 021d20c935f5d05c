"""What the tests of logs append."""

from __future__ import annotations

from engine.log import Entry, StoredEvent

EPOCH = "0001"
OLDER, NEWER = "0000", "0002"
MAX_EVENTS = 200  # of a log under test


def entry(key: str, digest: str = "d", body: bytes = b"{}") -> Entry:
    return Entry(key, digest, "transcription:update", body)


def entries(*keys: str) -> tuple[Entry, ...]:
    return tuple(entry(key) for key in keys)


def numbered(first: int, count: int) -> tuple[Entry, ...]:
    return entries(*(f"key-{seq}" for seq in range(first, first + count)))


def stored(seq: int, made: Entry) -> StoredEvent:
    return StoredEvent(seq, made.event, made.body, made.key, made.digest)

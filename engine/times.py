"""Instants as the wire writes them. Never reads a clock: time is always an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def instant(when: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: one width, so that strings sort as times do."""
    if when.tzinfo is not UTC:
        when = when.astimezone(UTC)
    return when.isoformat(timespec="milliseconds")[:-6] + "Z"


def instant_at(epoch_seconds: float) -> str:
    second, micros = divmod(round(epoch_seconds * 1_000_000), 1_000_000)
    return f"{_second(second)}.{micros // 1000:03d}Z"


@lru_cache(4)
def _second(epoch_seconds: int) -> str:
    """What the events of one second share: it took 6 us for each."""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()[:-6]


def seconds_of(text: str) -> float:
    """The inverse of `instant`, in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()

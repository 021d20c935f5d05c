"""Instants as the wire writes them. Never reads a clock: time is always an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(when: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: one width, so that strings sort as times do."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_at(epoch_seconds: float) -> str:
    return instant(datetime.fromtimestamp(epoch_seconds, UTC))


def seconds_of(text: str) -> float:
    """The inverse of `instant`, in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()

"""How numbers and foreign text are written in a terminal. Pure."""

from __future__ import annotations


def duration(seconds: int) -> str:
    """`4:05`, `1:02:09`."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def printable(text: str) -> str:
    """Without what moves a terminal's cursor or colours it: a caller could have said it."""
    return "".join(character if character.isprintable() else " " for character in text)


def count(number: int, noun: str) -> str:
    """`1 document`, `2,000 documents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""What stands before a Markdown text between two lines of `---`: its title, tags and language.

Owns telling such a block from a text that begins with a rule, and what of it is ours. Programs
that make sites keep their own settings there; those are nothing to read. It judges no field
(documents.py does).
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from msgspec import Struct

MOST_CHARACTERS = 10_000  # of the block; a text with more before the second line has none

_BLOCK = re.compile(r"\ufeff?---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class FrontMatter(Struct, frozen=True):
    """What is said of a text. `language` '': nothing is."""

    title: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""


def split(text: str) -> tuple[FrontMatter, str]:
    """(what is said of a text, the text without it)"""
    if not text.startswith(("---", "\ufeff---")):
        return FrontMatter(), text
    found = _BLOCK.match(text.replace("\r\n", "\n")[:MOST_CHARACTERS])
    fields = _fields(found[1]) if found else None
    if found is None or fields is None:
        return FrontMatter(), text
    return _told(fields), text.replace("\r\n", "\n")[found.end() :]


def _fields(block: str) -> dict[Any, Any] | None:
    """None for what is no mapping: then it is part of the text."""
    try:
        value = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: 2026-13-45, as a date
        return None
    return value if isinstance(value, dict) else None


def _told(fields: dict[Any, Any]) -> FrontMatter:
    title, language = fields.get("title"), fields.get("language", fields.get("lang"))
    tags = fields.get("tags")
    listed = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    return FrontMatter(
        title if isinstance(title, str) else str(title) if isinstance(title, int) else "",
        tuple(tag.strip() for tag in listed if isinstance(tag, str) and tag.strip()),
        language.replace("_", "-") if isinstance(language, str) else "",
    )

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
_NOTHING = ("~", "null", "Null", "NULL")


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
    """None for what is no mapping: then it is part of the text.

    Every value stays as it is written: `no` is Norwegian, 2026-13-45 is nobody's date, a tag
    such as !!bool converts nothing, and `<<` merges nothing (which could double with each line).
    """
    try:
        value = yaml.load(block, yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):  # "\UFFFFFFFF" overflows
        return None
    return value if isinstance(value, dict) else None


def _told(fields: dict[Any, Any]) -> FrontMatter:
    tags = fields.get("tags")
    listed = tags if isinstance(tags, list) else _said(tags).split(",")
    language = _said(fields.get("language", fields.get("lang")))
    return FrontMatter(
        _said(fields.get("title")),
        tuple(tag for tag in map(str.strip, map(_said, listed)) if tag),
        language.replace("_", "-"),
    )


def _said(value: object) -> str:
    """What a field holds; '' for a list, a mapping, and what YAML writes for nothing."""
    return value if isinstance(value, str) and value not in _NOTHING else ""

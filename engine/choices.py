"""The words a field may hold, where they are a few, to be named when another one came.

Reads shapes, and only once something was refused. It decides nothing and knows no message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import inspect

_STEP = re.compile(r"\[[^\]]*\]|\w+")  # of `segments[3].speaker`

_described = cache(inspect.type_info)


def choices(shape: Any, path: str) -> list[str]:
    """`path` as decoding names it, from `shape` on. Empty for a field that is no such choice."""
    kinds = list(_alternatives(_described(shape)))
    for step in _STEP.findall(path):
        inner = [one for kind in kinds for one in _inner(kind, step)]
        kinds = [one for kind in inner for one in _alternatives(kind)]
    return [
        value
        for kind in kinds
        if isinstance(kind, inspect.LiteralType)
        for value in kind.values
        if isinstance(value, str)
    ]


def _alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        yield from _alternatives(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _alternatives(one)
    else:
        yield kind


def _inner(kind: inspect.Type, step: str) -> list[inspect.Type]:
    if isinstance(kind, inspect.StructType):
        return [field.type for field in kind.fields if field.encode_name == step]
    if not step.startswith("["):
        return []
    inside = getattr(kind, "item_type", None) or getattr(kind, "value_type", None)
    return [inside] if inside is not None else []

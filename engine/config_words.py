"""What is said of a setting that is unknown or ill, in words for who runs the server.

Owns the sentences: what a setting takes (choices, bounds, unit), and which one was probably
meant. It reads no file and no environment. A value that may be secret is never repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

from engine.config import SECRETS

Known = Mapping[str, Mapping[str, Any]]  # section -> setting -> its type

_UNITS = (
    ("_per_s", " per second"),
    ("_ms", " of milliseconds"),
    ("_s", " of seconds"),
    ("_bytes", " of bytes"),
)
_LONGEST_SHOWN = 60  # characters of a value that is repeated


def misplaced(known: Known, section: str, key: str | None, *, as_text: bool) -> str:
    """A clause on what is no setting, without its place and without a full stop. `key` None:
    a value stands where a section should. `as_text`: it is a variable's name, not a line."""
    secret = next((name for name in (section, key) if name in SECRETS), None)
    if secret:
        return f"`{secret}` is set by {secret.upper()} in the environment, and only there"
    if section in known and key is None and not as_text:
        first = next(iter(known[section]))
        return f"`{section}` is a section and must hold settings, e.g. `{first}`"
    if as_text and (not section or not key or "__" in key):
        what = "a setting is EARSHOT__SECTION__KEY"
    elif section in known:
        what = f"there is no setting `{section}.{key}`"
    else:
        what = f"there is no section `{section}`"
    meant = (_meant_variable if as_text else _meant_line)(known, section, key)
    return what + (f"; did you mean {meant}?" if meant else "")


def _meant_variable(known: Known, section: str, key: str | None) -> str | None:
    near = _nearest(known, section)
    setting = _nearest(known[near], key) if near else None
    if near is None or setting is None:
        near, setting = _only_home(known, key or section), key or section
    return f"EARSHOT__{near}__{setting}".upper() if near else None


def _meant_line(known: Known, section: str, key: str | None) -> str | None:
    if section not in known and (near := _nearest(known, section)):
        return f"`{near}`"
    if section in known and (near := _nearest(known[section], key)):
        return f"`{near}`"
    home = _only_home(known, key or section)
    return f"`{key or section}` in `{home}`" if home else None


def _only_home(known: Known, key: str) -> str | None:
    """The section that has it, where one alone does."""
    homes = [section for section in known if key in known[section]]
    return homes[0] if len(homes) == 1 else None


def _nearest(names: Iterable[str], name: str | None) -> str | None:
    return next(iter(get_close_matches(name or "", names, 1)), None)


def ill_value(section: str, key: str, shape: Any, value: object, *, as_text: bool) -> str:
    """A clause. `as_text`: it was written in the environment, not as YAML."""
    takes = inspect.type_info(shape)
    wanted = _expected(takes, key)
    if as_text and isinstance(takes, inspect.ListType):
        wanted += ', as JSON: ["...", "..."]'
    elif as_text and isinstance(takes, inspect.DictType):
        wanted += ', as JSON: {"...": ...}'
    elif isinstance(takes, inspect.StrType):  # may be a key or hold a password
        return f"`{section}.{key}` must be {wanted}{'' if as_text else '; is it in quotes?'}"
    return f"`{section}.{key}` must be {wanted}, not {_shown(value)}"


def listed(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _expected(takes: Any, key: str) -> str:
    if isinstance(takes, inspect.Metadata):
        described = (takes.extra_json_schema or {}).get("description")
        return described or _expected(takes.type, key)
    if isinstance(takes, inspect.ListType):
        return f"a list of {_expected(takes.item_type, key)}"
    if isinstance(takes, inspect.DictType):
        return f"a mapping, each name to {_expected(takes.value_type, key)}"
    if isinstance(takes, inspect.LiteralType):
        return listed([str(value) for value in takes.values])
    if isinstance(takes, inspect.BoolType):
        return "true or false"
    if isinstance(takes, inspect.IntType | inspect.FloatType):
        kind = "a whole number" if isinstance(takes, inspect.IntType) else "a number"
        unit = next((unit for end, unit in _UNITS if key.endswith(end)), "")
        return kind + unit + _range(takes)
    if isinstance(takes, inspect.StrType) and takes.max_length:
        return f"text of {takes.min_length or 0} to {takes.max_length} characters"
    return "text"


def _range(takes: inspect.IntType | inspect.FloatType) -> str:
    if takes.gt is not None:
        return f", more than {takes.gt}"
    if takes.ge is not None and takes.le is not None:
        return f" from {takes.ge} to {takes.le}"
    return f", {takes.ge} or more" if takes.ge is not None else ""


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "…"
    return repr(text) if isinstance(value, str) else text

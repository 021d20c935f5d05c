"""Where settings come from: config.yaml, then the environment, which wins.

Owns the names of the variables, and that every value knows its place, so that a refusal says
which line or which variable to mend; all that is wrong is told at once. What can be set is
config.py's, how a refusal reads config_words.py's.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from engine.config import SECRETS, Settings, SettingsError
from engine.config_file import entries
from engine.config_words import ill_value, misplaced

SHORT_NAMES = {
    "PORT": ("server", "port"),
    "REDIS_URL": ("store", "url"),
    "JWKS_URL": ("tokens", "jwks_url"),
}
PREFIX = "EARSHOT__"  # EARSHOT__SECTION__KEY

_SECTIONS: dict[str, Any] = {
    field.name: field.type
    for field in msgspec.structs.fields(Settings)
    if field.name not in SECRETS
}
SETTINGS: dict[str, dict[str, Any]] = {
    name: {field.name: field.type for field in msgspec.structs.fields(section)}
    for name, section in _SECTIONS.items()
}  # section -> setting -> its type


class _Given(NamedTuple):
    """Not yet looked at. `as_text`: from the environment, where numbers and flags are text."""

    section: str
    key: str | None
    value: object
    place: str
    as_text: bool


def load(
    path: Path | None, environment: Mapping[str, str], *, only: Container[str] | None = None
) -> Settings:
    """Raises SettingsError. A path that does not exist is an error; None means defaults.
    `only` names the sections that are needed: the others keep their defaults, and nobody is
    held up by a mistake in them."""
    troubles: dict[str, None] = {}  # in order, each once
    values: dict[str, dict[str, Any]] = {}
    for given in (*_of_file(path), *_of_environment(environment)):
        if only is not None and given.section not in only:
            continue
        try:
            key, value = _read(given)
        except _Ill as ill:
            troubles[f"{given.place}: {ill}"] = None
        else:
            values.setdefault(given.section, {})[key] = value
    if troubles:
        raise SettingsError("\n".join(troubles))
    whole: dict[str, Any] = {name: environment.get(name.upper(), "") for name in SECRETS}
    for name, found in values.items():
        whole[name] = _SECTIONS[name](**found)
    return Settings(**whole)


class _Ill(Exception):
    pass


def _read(given: _Given) -> tuple[str, Any]:
    """The setting's name in its section, and its value. Raises _Ill."""
    section, key = given.section, given.key
    if key is None or key not in SETTINGS.get(section, {}):
        raise _Ill(misplaced(SETTINGS, section, key, as_text=given.as_text))
    shape = SETTINGS[section][key]
    try:
        value = msgspec.convert(given.value, shape, strict=not given.as_text)
    except msgspec.ValidationError:
        value = math.nan
    if isinstance(value, float) and not math.isfinite(value):
        raise _Ill(ill_value(section, key, shape, given.value, as_text=given.as_text))
    return key, value


def _of_file(path: Path | None) -> Iterator[_Given]:
    for section, key, value, line, section_line in entries(path) if path is not None else ():
        place = f"{path}, line {line if section in SETTINGS else section_line}"
        yield _Given(section, key, value, place, as_text=False)


def _of_environment(environment: Mapping[str, str]) -> Iterator[_Given]:
    for name, text in environment.items():
        if name.startswith(PREFIX):
            section, _, key = name.removeprefix(PREFIX).lower().partition("__")
            yield _Given(section, key or None, _value(text), name, as_text=True)
    for name, (section, key) in SHORT_NAMES.items():
        if environment.get(name):
            yield _Given(section, key, environment[name], name, as_text=True)


def _value(text: str) -> object:
    """Lists and mappings are given as JSON; everything else as its text."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text

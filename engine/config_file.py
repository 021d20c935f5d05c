"""config.yaml as a list of settings, each with its line.

Owns YAML: what is no YAML, no mapping of sections, or said twice is refused with file and line.
Which settings there are and what they take is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from engine.config import SettingsError


class Entry(NamedTuple):
    """One setting; lines count from 1. `key` is None where a section holds something else than
    settings, which is then `value`. A section without anything is left out: all its lines may
    be comments."""

    section: str
    key: str | None
    value: object
    line: int
    section_line: int


def entries(path: Path) -> list[Entry]:
    """In the file's order. Raises SettingsError."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is None:
            return []
        if not isinstance(root, yaml.MappingNode):
            raise SettingsError(f"{path} must hold sections, e.g. `server:`")
        found = list(_settings(loader, root))
    except OSError as problem:
        raise SettingsError(f"{path} cannot be read: {problem.strerror}") from None
    except (yaml.YAMLError, ValueError) as problem:
        raise SettingsError(_no_yaml(path, problem)) from None
    _refuse_twice(path, found)
    return found


def _settings(loader: yaml.SafeLoader, root: yaml.MappingNode) -> Iterator[Entry]:
    for section, held, line in _pairs(loader, root):
        if isinstance(held, yaml.MappingNode):
            for key, value, at in _pairs(loader, held):
                yield Entry(section, key, loader.construct_object(value, deep=True), at, line)
        else:
            value = loader.construct_object(held, deep=True)
            if value is not None:
                yield Entry(section, None, value, line, line)


def _pairs(
    loader: yaml.SafeLoader, mapping: yaml.MappingNode
) -> Iterator[tuple[str, yaml.Node, int]]:
    loader.flatten_mapping(mapping)  # `<<: *shared`
    for name, value in mapping.value:
        yield str(loader.construct_object(name, deep=True)), value, name.start_mark.line + 1


def _refuse_twice(path: Path, found: list[Entry]) -> None:
    lines: dict[tuple[str, str | None], int] = {}
    for entry in found:
        first = lines.setdefault((entry.section, entry.key), entry.line)
        if first != entry.line:
            raise SettingsError(
                f"{path}, line {entry.line}: `{entry.section}.{entry.key}` stands in line"
                f" {first} already"
            )


def _no_yaml(path: Path, problem: Any) -> str:
    """With the line where YAML's own reader tells it."""
    mark = getattr(problem, "problem_mark", None)
    place = f"{path}, line {mark.line + 1}" if mark else str(path)
    reason = getattr(problem, "problem", None) or str(problem)
    return f"{place}: not YAML: {' '.join(reason.split())}"

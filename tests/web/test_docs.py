"""What the documents name is there: files, links, commands, targets of make, settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from engine.config import SECRETS
from engine.config_sources import PREFIX, SETTINGS, SHORT_NAMES
from web.cli.commands import earshot

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config.yaml")),
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("web/ui/README.md", "demo/README.md", "bench/README.md")),
]
OUR_FOLDERS = "actors|bench|demo|deploy|docs|engine|tests|web"
ENDINGS = "py|ts|tsx|md|mjs|conf|service|yaml"
_PATH = re.compile(rf"(?<![\w./-])(?:{OUR_FOLDERS})/[\w./-]*\w\.(?:{ENDINGS})\b")
_LINK = re.compile(r"\]\(([^)\s]+)\)(?!`)")  # in code it is an example
_COMMAND = re.compile(r"\./earshot ([a-z][a-z-]*)")
_TARGET = re.compile(r"(?:`|^    )make ([a-z][a-z-]*)", re.MULTILINE)
_VARIABLE = re.compile(rf"\b{PREFIX}[A-Z_]+\b")
_DOTTED = re.compile(rf"`({'|'.join(SETTINGS)})\.(?!css)([a-z_]+)`")


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(params=PAGES, ids=page_id)
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def found(pattern: re.Pattern[str], page: Path) -> Iterator[str]:
    return (match[match.lastindex or 0] for match in pattern.finditer(page.read_text("utf-8")))


def test_every_file_it_names_is_there(page: Path) -> None:
    bases = (ROOT, page.parent)
    assert [p for p in found(_PATH, page) if not any((base / p).exists() for base in bases)] == []


def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in found(_LINK, page):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        there = page.parent / name if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            dead.append(link)
    assert dead == []


@cache
def anchors(page: Path) -> frozenset[str]:
    """As GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles)


def test_every_command_it_names_can_be_given(page: Path) -> None:
    assert set(found(_COMMAND, page)) <= set(earshot.commands)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(found(_TARGET, page)) <= set(targets)


def test_every_setting_it_names_can_be_set(page: Path) -> None:
    names = {f"{PREFIX}{s}__{k}".upper() for s, keys in SETTINGS.items() for k in keys}
    patterns = {f"{PREFIX}SECTION__KEY", PREFIX.rstrip("_")}
    assert set(found(_VARIABLE, page)) <= names | patterns
    dotted = re.findall(_DOTTED, page.read_text("utf-8"))
    unknown = {f"{s}.{k}" for s, k in dotted if k not in SETTINGS[s]}
    assert {name for name in unknown if name not in logged()} == set()


@cache
def logged() -> frozenset[str]:
    """`store.ready` and its like, which look like settings."""
    sources = (path for folder in ("engine", "web") for path in (ROOT / folder).glob("**/*.py"))
    pattern = re.compile(r'log\.\w+\(\s*"([a-z_.]+)')
    return frozenset(name for path in sources for name in pattern.findall(path.read_text("utf-8")))


def test_the_readme_lists_every_variable_and_its_script_can_be_read() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for name in (*SHORT_NAMES, *(secret.upper() for secret in SECRETS), f"{PREFIX}SECTION__KEY"):
        assert f"| `{name}` |" in text, name
    for script in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        ast.parse(script)

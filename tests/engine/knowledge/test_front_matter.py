"""What files say of themselves: front matter, lines behind the title, a page's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.answers import DocumentBody
from engine.knowledge import markup
from engine.knowledge.front_matter import FrontMatter, split
from engine.knowledge.readers import read_file

SITE = """---
title: "Refunds: the rules"
sidebar_position: 3
tags:
  - billing
  - money back
lang: en_GB
---

We refund **all** bills.
"""


def of_file(tmp_path: Path, text: str, name: str = "a.md") -> DocumentBody:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_file(path, "a")


def said(text: str) -> list[str]:
    return [block.text for block in markup.read(text)]


@pytest.mark.parametrize("text", [SITE, SITE.replace("\n", "\r\n")])
def test_front_matter_names_a_document_and_is_no_text(tmp_path: Path, text: str) -> None:
    found = of_file(tmp_path, text)
    assert (found.title, found.tags) == ("Refunds: the rules", ["billing", "money back"])
    assert found.language == "en-GB"
    assert said(found.text) == ["We refund all bills."]


def test_front_matter_of_a_document_that_is_put_is_not_shown() -> None:
    assert said(SITE) == ["We refund all bills."]


def test_without_a_title_the_first_heading_is_it(tmp_path: Path) -> None:
    found = of_file(tmp_path, "---\ntags: a, b\n---\n# Late fees\n\nFrom day five.\n")
    assert (found.title, found.tags) == ("Late fees", ["a", "b"])


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nText behind a rule.\n\n---\n\nMore.",
        "--- no rule\n---\nText",
        "---\n- a\n- b\n---\nText",
        "---\nbroken: [\n---\nText",
        '---\ntitle: "\\UFFFFFFFF"\n---\nText',
        "---\nnever: ends\nText",
        f"---\n{'[' * 9_000}\n---\nText",
    ],
)
def test_what_is_no_mapping_between_two_rules_is_text(text: str) -> None:
    assert split(text) == (FrontMatter(), text)


def test_of_fields_in_another_form_nothing_is_taken() -> None:
    told, rest = split("---\ntitle: [a]\ntags: {a: 1}\nlanguage: [de]\n---\nText")
    assert (told, rest) == (FrontMatter(), "Text")


def test_a_field_that_is_left_open_says_nothing() -> None:
    told, rest = split("---\ntitle: ~\ntags:\nlang: null\n---\nText")
    assert (told, rest) == (FrontMatter(), "Text")


@pytest.mark.parametrize(
    "field",
    [
        "when: 2026-13-45",
        "draft: !!bool maybe",
        "n: !!int ''",
        "at: !!timestamp soon",
        "p: !!x/y z",
    ],
)
def test_what_other_fields_hold_is_not_looked_at(field: str) -> None:
    told, rest = split(f"---\n{field}\ntitle: 2026\nlang: no\n---\nText")
    assert (told, rest) == (FrontMatter("2026", (), "no"), "Text")


def test_lines_that_each_take_in_the_one_before_twice_cost_no_more_than_other_lines() -> None:
    """A loader that merges holds 2 ** 200 entries here."""
    lines = [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 200)]
    text = "\n".join(["---", "a0: &a0 {x: 1}", *lines, "title: Fees", "---", "Text"])
    assert split(text) == (FrontMatter("Fees"), "Text")


@pytest.mark.parametrize(
    "text", ["# Fees\nlanguage: de\ntags: a, b\n\nVon", "tags: a, b\nlanguage: de\n# Fees\nVon"]
)
def test_lines_beside_the_title_say_tags_and_language(tmp_path: Path, text: str) -> None:
    found = of_file(tmp_path, text)
    assert (found.title, found.tags, found.language) == ("Fees", ["a", "b"], "de")
    assert said(found.text) == ["Fees", "Von"]


def test_a_line_further_down_is_text(tmp_path: Path) -> None:
    found = of_file(tmp_path, "# Fees\n\nFrom day five.\n\ntags: none\nlanguage: German\n")
    assert (found.tags, found.language) == ([], None)


@pytest.mark.parametrize(
    ("page", "language"),
    [
        ('<!doctype html>\n<!-- x -->\n<html class="a" lang="de_AT"><p>Hallo', "de-AT"),
        ("<html lang=fr><p>Bonjour", "fr"),
        ('<html xml:lang="fr" data-lang="x"><p>Bonjour', None),
        ('<html lang=""><p>Hallo', None),
        ("<p lang=de>Hallo</p>", None),
    ],
)
def test_a_page_says_its_language(tmp_path: Path, page: str, language: str | None) -> None:
    assert of_file(tmp_path, page, "a.html").language == language

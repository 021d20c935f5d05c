"""No summary line holds a name or a number: on the demo's calls, and on corpora that are there."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from engine.assist.everyday import NUMBERS, SOMETIMES
from engine.assist.summary import summary
from engine.measure.corpus import TENANT, read_dialogues, shelf_of

DEMO = Path(__file__).parents[3] / "demo"
DATA = Path(os.environ.get("EARSHOT_DATA") or "nowhere")
FOLDERS = [DEMO, *sorted(file.parent for file in DATA.glob("*/dialogues.jsonl"))]

_FULL_NAME = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")  # alone in a line: an answer to "your name?"
_GIVEN = re.compile(r"[Mm]y (?:full )?name(?:'s| is) ([A-Za-z][a-z]+)(?: ([A-Z][a-z]+))?")


def names_in(folder: Path) -> set[str]:
    """Names of customers that can be told: named by the corpus, given alone, or after "my
    name is"."""
    found: set[str] = set()
    for line in (folder / "dialogues.jsonl").read_text().splitlines():
        dialogue = json.loads(line)
        found.update(dialogue.get("customer", "").lower().split())
        for turn in dialogue["turns"]:
            text = turn["text"].strip(" .")
            if turn["speaker"] == "customer" and folder.name == "retail-demo":
                found.update(text.lower().split() if _FULL_NAME.fullmatch(text) else ())
            for given in _GIVEN.finditer(text):
                found.update(word.lower() for word in given.groups() if word)
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_line_holds_a_name_or_a_number(folder: Path) -> None:
    rarity = shelf_of(folder, None, lambda _what, _done, _of: None).index(TENANT).rarity
    barred = names_in(folder) | (NUMBERS - SOMETIMES)
    assert folder != DEMO or "hollis" in barred

    said = 0
    for dialogue in read_dialogues(folder / "dialogues.jsonl"):
        for turn, spoken in enumerate(dialogue.turns):
            if spoken.speaker == "customer":
                line, _ = summary(dialogue.lines(turn)[-12:], "", rarity)
                said += bool(line)
                assert barred.isdisjoint(re.findall(r"[a-z']+", line.lower())), line
                assert not any(character.isdigit() for character in line), line
    assert said > 50

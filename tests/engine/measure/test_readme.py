"""The first line that the README lets a new user say brings the document that it names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from engine.assist.suggest import AssistSettings
from engine.assist.view import CallExcerpt, CallLine

ROOT = Path(__file__).parents[3]


def test_the_line_of_the_quick_start_brings_the_document_it_names(demo: Any) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [sent] = re.findall(r"""-d '(\{"segments": .*\})'""", readme)
    [title] = re.findall(r'shows the call at once, and "([^"]+)" beside it', readme)
    [line] = json.loads(sent)["segments"]

    lines = (CallLine(line["speaker"], line["text"], line["segment_id"], 2),)
    found = demo.suggester(AssistSettings()).suggest(CallExcerpt(tenant="default", lines=lines))

    assert found.documents[0].title == title

"""The report of the knowledge base, as a terminal of 80 columns has it."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from web.cli.knowledge import show_report

LONG = "Printer, doorbell, smart plug or camera will not join the Wi-Fi of the house"


def shown(width: int = 80, **parts: Any) -> list[str]:
    report: dict[str, Any] = {
        "documents": 91,
        "shown": 1234,
        "verdicts": 45,
        "best": [],
        "worst": [],
        "missing": [],
        "missing_count": 0,
        "never_shown": [],
        "never_shown_count": 0,
    }
    console = Console(width=width, highlight=False, markup=False, force_terminal=False)
    with console.capture() as said:
        show_report(report | parts, console)
    lines = said.get().splitlines()
    assert all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def test_no_number_and_no_heading_is_cut_whatever_the_title_takes() -> None:
    row = {
        "id": "wifi",
        "title": LONG,
        "helpful": 12345,
        "unhelpful": 6789,
        "shown": 1023456,
        "share": 0.71,
    }

    for width in (80, 60):
        said = shown(width, best=[row])
        assert any(line.split()[:4] == ["share", "yes", "no", "shown"] for line in said)
        assert any(line.split()[:4] == ["71%", "12345", "6789", "1,023,456"] for line in said)
        assert "".join(LONG.split()) in "".join("".join(line.split()[-9:]) for line in said)


def test_what_is_missing_says_how_many_calls_asked_and_when_last() -> None:
    missing = {
        "words": ["charge", "car", "night"],
        "questions": 3,
        "calls": 2,
        "last_at": "2026-11-28T10:00:00.000Z",
    }

    said = shown(missing=[missing], missing_count=12)

    assert any(line.split() == ["2", "3", "charge", "car", "night", "2026-11-28"] for line in said)
    assert "  … and 11 more that were asked for less often" in said


def test_an_empty_report_is_one_line() -> None:
    assert shown() == ["91 documents, shown 1,234 times, 45 verdicts."]

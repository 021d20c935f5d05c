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
        "missing_once": 0,
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
        assert any(" ".join(line.split()) == "yes no (95 % sure) shown document" for line in said)
        assert any(" ".join(line.split()).startswith("12345 6789 at least 71 % 1,023,456")
                   for line in said)  # fmt: skip
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


def test_a_share_is_said_as_the_bound_it_is() -> None:
    row = {"id": "a", "title": "A", "helpful": 1, "unhelpful": 0, "shown": 3, "share": 0.207}

    said = [" ".join(line.split()) for line in shown(best=[row], worst=[row | {"share": 0.793}])]

    assert "1 0 at least 21 % 3 A (a)" in said
    assert "1 0 at most 79 % 3 A (a)" in said


def test_what_single_calls_asked_for_is_one_line() -> None:
    row = {"words": ["car"], "questions": 2, "calls": 2, "last_at": "2026-11-28T10:00:00.000Z"}

    assert "  3 more turns in single calls found nothing." in shown(
        missing=[row], missing_count=1, missing_once=3
    )
    assert shown(missing_once=1)[-2:] == [
        "Asked for but missing: nothing in two calls.",
        "  1 turn in single calls found nothing.",
    ]


def test_an_empty_report_is_one_line() -> None:
    assert shown() == ["91 documents, shown 1,234 times, 45 verdicts."]

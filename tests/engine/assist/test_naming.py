"""How a title reads in the summary line."""

from __future__ import annotations

import pytest

from engine.assist.naming import MOST_CHARACTERS, asking, names


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Late checkout", "about late checkout"),
        (
            "Moving house: taking the contract along",
            "about moving house: taking the contract along",
        ),
        ("When a customer has died", "about when a customer has died"),
        ("What the light on the router means", "about what the light on the router means"),
        ("Sending equipment back", "about sending equipment back"),
        # Names, acronyms, and titles in which every word is large, are left as they are.
        ("Wi-Fi calling", "about Wi-Fi calling"),
        ("PAC: keep the number", "about PAC: keep the number"),
        ("Perch box: its lights", "about Perch box: its lights"),
        ("Home Phone over the router", "about Home Phone over the router"),
        ("Return Due to Size (Product Defect)", "about Return Due to Size (Product Defect)"),
        # A question, with its mark or without, with what it is about in front or without.
        ("How do I return an item?", ": how do I return an item?"),
        ("Why is my bill higher", ": why is my bill higher?"),
        ("Can I bring my dog?", ": can I bring my dog?"),
        ("I lost my card?", ": I lost my card?"),
        ("HARBOUR HOTEL: Is there free parking?", "about HARBOUR HOTEL: is there free parking?"),
        # A sentence is quoted.
        ("The printer will not join", "about “The printer will not join”"),
        ("Bars are full, no internet.", "about “Bars are full, no internet”"),
        ("Cards don't work abroad", "about “Cards don't work abroad”"),
        # Without numbers.
        ("Forms 1099-K: refunds", "about Forms refunds"),
    ],
)
def test_a_title_reads_as_what_it_is(title: str, line: str) -> None:
    text = "A moving customer may send a late form."

    expected = f"Customer asking{'' if line.startswith(':') else ' '}{line}"
    assert asking(title, text) == expected


def test_a_title_in_another_language_keeps_its_capital() -> None:
    assert (
        asking("Späte Abreise", "die späte Abreise", "de") == "Customer asking about Späte Abreise"
    )


def test_a_title_of_numbers_alone_makes_no_line() -> None:
    assert asking("2024") == ""
    assert asking("About the router") == "Customer asking about the router"
    assert not names("", "2024")


@pytest.mark.parametrize("title", ["A very long title " * 25, "This title is long " * 25])
def test_a_line_is_never_longer_than_its_bound(title: str) -> None:
    line = asking(title)

    assert len(line) <= MOST_CHARACTERS
    assert line.rstrip("”").endswith("…")
    assert line.count("“") == line.count("”")


def test_a_line_is_known_by_its_title_however_it_is_written() -> None:
    line = asking("Late checkout", "the late checkout")

    assert names(line, "Late checkout")
    assert not names(line, "Late checkouts")
    assert not names("Late checkout", "Late checkout")
